//! The metadata of a file as plain data, read once when it is opened.
//!
//! A walk from the root reads every object header into [`Raw`] entries; then names are given to axes, which needs all
//! *dimension scales* (datasets that label an axis of others), and the attributes that only store such things are left
//! out. Chunk indices are not read here but by the reader of a dataset when it first needs one.
//!
//! An object that cannot be read does not hide the others: it is listed with the reason, an error only when it is used.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::attributes::understood;
use super::dimensions::Scales;
use super::element::Element;
use super::filters::Pipeline;
use super::format::attribute::{RawAttribute, attributes};
use super::format::datatype::FileType;
use super::format::header::{Header, kind};
use super::format::heap::GlobalHeaps;
use super::format::links::{Target, links};
use super::format::messages::{Dataspace, Layout, fill_value, old_fill_value, pipeline};
use super::format::superblock::HdfFile;
use super::format::{FormatError, Result};
use crate::array::{Attributes, Scalar};
use crate::planner::catalog::{Stored, StoredArray, StoredGroup};

/// Groups within groups; more is nonsense.
const DEEPEST: usize = 256;
/// Paths of one file. Links may multiply them without bound, as several can lead to one group.
const MOST_PATHS: usize = 1 << 20;
/// Paths of one file to what other paths lead to as well.
const MOST_AGAIN: usize = 1 << 16;

/// All that is needed to read the values of a dataset.
#[derive(Debug, Clone)]
pub struct Dataset {
    /// Elements per axis.
    pub shape: Vec<u64>,
    /// Elements each axis may grow to.
    pub limits: Vec<Option<u64>>,
    /// What the elements are.
    pub element: Element,
    /// Where they are.
    pub layout: Layout,
    /// What is done to chunks.
    pub pipeline: Pipeline,
    /// What elements are that were never written.
    pub fill: Scalar,
}

/// The tree of a file, and how to read its datasets by path.
#[derive(Debug)]
pub struct Metadata {
    /// The tree.
    pub stored: Arc<Stored>,
    /// The datasets, by path without the first slash.
    pub datasets: BTreeMap<String, Arc<Dataset>>,
}

/// One object behind a link.
#[derive(Debug)]
pub(super) enum Raw {
    /// A group, to which several links may lead.
    Group(Arc<RawGroup>),
    /// A dataset, with its place in the file, which references hold.
    Dataset(u64, Arc<RawDataset>),
    /// A link to another path.
    Soft(String),
    /// What cannot be read, and why.
    Unsupported(String),
}

/// A group and what is in it, in file order.
#[derive(Debug, Default)]
pub(super) struct RawGroup {
    pub(super) attributes: Vec<RawAttribute>,
    pub(super) entries: Vec<(String, Raw)>,
}

/// A dataset, or why its values cannot be read.
#[derive(Debug)]
pub(super) struct RawDataset {
    pub(super) rank: usize,
    pub(super) attributes: Vec<RawAttribute>,
    pub(super) dataset: std::result::Result<Arc<Dataset>, String>,
}

impl Metadata {
    /// Reads the metadata of a file.
    ///
    /// # Errors
    /// The root group cannot be read.
    pub fn read(file: &HdfFile) -> Result<Metadata> {
        let heaps = GlobalHeaps::default();
        let mut walk = Walk { file, heaps: &heaps, groups: BTreeMap::new(), datasets: BTreeMap::new() };
        let header = Header::read(file, file.root)?;
        let root = walk.group(file.root, &header, 0)?;
        let scales = Scales::of(file, &heaps, &root);
        let whole = Raw::Group(root.clone());
        let mut build = Build {
            file,
            heaps: &heaps,
            scales,
            root: &whole,
            datasets: BTreeMap::new(),
            paths: 0,
            inside: Vec::new(),
            built: BTreeSet::new(),
            again: 0,
            understood: BTreeMap::new(),
        };
        let group = build.group(&root, "");
        Ok(Metadata { stored: Arc::new(Stored::Group(group)), datasets: build.datasets })
    }
}

struct Walk<'a> {
    file: &'a HdfFile,
    heaps: &'a GlobalHeaps,
    /// The groups already read; none while what is in them is being read.
    groups: BTreeMap<u64, Option<Arc<RawGroup>>>,
    /// Datasets already read, as several links may lead to one.
    datasets: BTreeMap<u64, Arc<RawDataset>>,
}

impl Walk<'_> {
    fn group(&mut self, address: u64, header: &Header, depth: usize) -> Result<Arc<RawGroup>> {
        if depth > DEEPEST {
            return Err(FormatError::Unsupported(format!("more than {DEEPEST} groups within each other")));
        }
        self.groups.insert(address, None);
        let mut group = RawGroup { attributes: attributes(self.file, header)?, entries: Vec::new() };
        for link in links(self.file, header)? {
            let entry = match link.target {
                _ if link.name.is_empty() || link.name.contains('/') => {
                    Raw::Unsupported("a name that no path can lead to".into())
                }
                Target::Hard(target) => {
                    self.object(target, depth).unwrap_or_else(|error| Raw::Unsupported(error.to_string()))
                }
                Target::Soft(path) => Raw::Soft(path),
                Target::External(file, path) => Raw::Unsupported(format!(
                    "a link to `{path}` in the file `{file}`; links to other files are not followed"
                )),
                Target::Misnamed => Raw::Unsupported("a name that is not UTF-8".into()),
                Target::UserDefined(number) => {
                    Raw::Unsupported(format!("a link of a kind ({number}) that is not known"))
                }
            };
            group.entries.push((link.name, entry));
        }
        let group = Arc::new(group);
        self.groups.insert(address, Some(group.clone()));
        Ok(group)
    }

    fn object(&mut self, address: u64, depth: usize) -> Result<Raw> {
        match self.groups.get(&address) {
            Some(Some(known)) => return Ok(Raw::Group(known.clone())),
            Some(None) => return Ok(Raw::Unsupported("a group that it is in itself".into())),
            None => {}
        }
        if let Some(known) = self.datasets.get(&address) {
            return Ok(Raw::Dataset(address, known.clone()));
        }
        let header = Header::read(self.file, address)?;
        if header.find(kind::LAYOUT).is_some() {
            let dataset = Arc::new(self.dataset(&header)?);
            self.datasets.insert(address, dataset.clone());
            return Ok(Raw::Dataset(address, dataset));
        }
        if header.find(kind::LINK_INFO).or(header.find(kind::SYMBOL_TABLE)).is_some() {
            return Ok(Raw::Group(self.group(address, &header, depth + 1)?));
        }
        Ok(Raw::Unsupported("a named datatype".into()))
    }

    fn dataset(&self, header: &Header) -> Result<RawDataset> {
        let message = |kind: u16, what: &'static str| {
            header.find(kind).ok_or_else(|| FormatError::damaged("a dataset", format!("it has no {what}")))
        };
        let space = Dataspace::parse(&mut self.file.cursor(message(kind::DATASPACE, "shape")?, "a dataspace"))?;
        let rank = space.shape.as_ref().map_or(0, Vec::len);
        let attributes = attributes(self.file, header)?;
        let dataset = self.readable(header, space).map(Arc::new);
        Ok(RawDataset { rank, attributes, dataset })
    }

    /// What is needed to read the values, or why they cannot be read.
    fn readable(&self, header: &Header, space: Dataspace) -> std::result::Result<Dataset, String> {
        let text = |error: FormatError| error.to_string();
        let shape = space.shape.ok_or("a dataset without any values (a null dataspace)")?;
        if header.find(kind::EXTERNAL_FILES).is_some() {
            return Err("its values are in other files, which are not opened".into());
        }
        let body = header.find(kind::DATATYPE).ok_or("a dataset without a type")?;
        let element = Element::of(&FileType::parse(&mut self.file.cursor(body, "a datatype")).map_err(text)?)?;
        let body = header.find(kind::LAYOUT).unwrap_or_default();
        let layout = Layout::parse(&mut self.file.cursor(body, "a data layout")).map_err(text)?;
        match &layout {
            Layout::Virtual => return Err("a virtual dataset, whose values are in others".into()),
            Layout::Chunked { chunk, .. } => {
                let bytes = chunk.iter().try_fold(element.size as u64, |bytes, &n| bytes.checked_mul(n));
                if chunk.len() != shape.len() || bytes.is_none_or(|bytes| bytes > i64::MAX as u64) {
                    return Err("its chunks do not fit its shape".into());
                }
            }
            Layout::Compact(_) | Layout::Contiguous(_) => {}
        }
        let pipeline = match header.find(kind::PIPELINE) {
            Some(body) => {
                let messages = pipeline(&mut self.file.cursor(body, "a filter pipeline")).map_err(text)?;
                Pipeline::parse(&messages).map_err(|error| error.to_string())?
            }
            None => Pipeline::default(),
        };
        let fill = self.fill(header, &element).map_err(text)?;
        Ok(Dataset { shape, limits: space.limits, element, layout, pipeline, fill })
    }

    fn fill(&self, header: &Header, element: &Element) -> Result<Scalar> {
        let what = "a fill value";
        let bytes = match (header.find(kind::FILL), header.find(kind::OLD_FILL)) {
            (Some(body), _) => fill_value(&mut self.file.cursor(body, what))?,
            (None, Some(body)) => old_fill_value(&mut self.file.cursor(body, what))?,
            (None, None) => Vec::new(),
        };
        if bytes.len() != element.size {
            return Ok(Scalar::zero(element.dtype));
        }
        Ok(element.block(self.file, self.heaps, &[], bytes)?.get(&[]))
    }
}

struct Build<'a> {
    file: &'a HdfFile,
    heaps: &'a GlobalHeaps,
    scales: Scales,
    root: &'a Raw,
    datasets: BTreeMap<String, Arc<Dataset>>,
    /// Paths so far.
    paths: usize,
    /// The groups around what is built, by which links that lead in circles are known.
    inside: Vec<*const RawGroup>,
    /// The groups that were built, to which further links may lead.
    built: BTreeSet<*const RawGroup>,
    /// What was built again because of such links.
    again: usize,
    /// The attributes of objects so far.
    understood: BTreeMap<*const RawAttribute, Arc<Attributes>>,
}

impl Build<'_> {
    fn group(&mut self, raw: &RawGroup, path: &str) -> StoredGroup {
        let full = if path.is_empty() { "/".into() } else { format!("/{path}") };
        let attrs = self.attributes(&raw.attributes);
        let mut group = StoredGroup { path: full, attrs, ..StoredGroup::default() };
        self.inside.push(raw);
        for (name, entry) in &raw.entries {
            let name = name.strip_prefix("_nc4_non_coord_").unwrap_or(name);
            let below = if path.is_empty() { name.to_owned() } else { format!("{path}/{name}") };
            self.paths += 1;
            if self.paths > MOST_PATHS {
                group.unsupported.push((name.to_owned(), format!("more than {MOST_PATHS} paths in one file")));
                break;
            }
            let entry = match entry {
                Raw::Soft(target) => resolve(self.root, path, target),
                other => Ok(other),
            };
            match entry {
                Ok(Raw::Group(raw)) => match self.enter(raw) {
                    Ok(()) => {
                        let child = self.group(raw, &below);
                        group.groups.push((name.to_owned(), child));
                    }
                    Err(reason) => group.unsupported.push((name.to_owned(), reason)),
                },
                Ok(Raw::Dataset(address, raw)) if !self.scales.is_nameless(*address) => {
                    match self.array(*address, raw, &below) {
                        Ok(array) => group.arrays.push((name.to_owned(), array)),
                        Err(reason) => group.unsupported.push((name.to_owned(), reason)),
                    }
                }
                Ok(Raw::Dataset(..)) => {}
                Ok(Raw::Soft(target)) => {
                    group.unsupported.push((name.to_owned(), format!("a link to `{target}`, which leads nowhere")));
                }
                Ok(Raw::Unsupported(reason)) => group.unsupported.push((name.to_owned(), reason.clone())),
                Err(reason) => group.unsupported.push((name.to_owned(), reason)),
            }
        }
        self.inside.pop();
        group
    }

    /// The attributes of an object, the same for every path to it.
    fn attributes(&mut self, raw: &[RawAttribute]) -> Arc<Attributes> {
        let (file, heaps) = (self.file, self.heaps);
        if raw.is_empty() {
            return Arc::default();
        }
        self.understood.entry(raw.as_ptr()).or_insert_with(|| Arc::new(understood(file, heaps, raw))).clone()
    }

    /// Whether a group may be built here: not in itself, not too deep, and not ever again through further links.
    fn enter(&mut self, raw: &Arc<RawGroup>) -> std::result::Result<(), String> {
        let group = Arc::as_ptr(raw);
        if self.inside.contains(&group) {
            return Err("a group that it is in itself".into());
        }
        if self.inside.len() > DEEPEST {
            return Err(format!("more than {DEEPEST} groups within each other"));
        }
        if !self.built.insert(group) {
            self.again += 1 + raw.entries.len();
            if self.again > MOST_AGAIN {
                return Err(format!("more than {MOST_AGAIN} paths to objects that others lead to"));
            }
        }
        Ok(())
    }

    fn array(&mut self, address: u64, raw: &RawDataset, path: &str) -> std::result::Result<StoredArray, String> {
        let dataset = raw.dataset.as_ref().map_err(Clone::clone)?.clone();
        let (chunks, stored_bytes) = match &dataset.layout {
            Layout::Chunked { chunk, .. } => (Some(chunk.clone()), None),
            Layout::Compact(bytes) => (None, Some(bytes.len() as u64)),
            Layout::Contiguous(None) | Layout::Virtual => (None, Some(0)),
            Layout::Contiguous(Some(_)) => {
                let count = dataset.shape.iter().fold(1u64, |count, &n| count.saturating_mul(n));
                (None, Some(count.saturating_mul(dataset.element.size as u64)))
            }
        };
        let array = StoredArray {
            path: format!("/{path}"),
            dtype: dataset.element.dtype,
            shape: dataset.shape.clone(),
            dims: self.scales.names(self.file, self.heaps, address, raw),
            chunks,
            inner_chunks: None,
            codec: dataset.pipeline.to_string(),
            stored_bytes,
            attrs: self.attributes(&raw.attributes),
        };
        self.datasets.insert(path.to_owned(), dataset);
        Ok(array)
    }
}

/// What a soft link leads to: a dataset or a group, through any number of further links.
fn resolve<'a>(root: &'a Raw, from: &str, target: &str) -> std::result::Result<&'a Raw, String> {
    let mut parts: Vec<String> = if target.starts_with('/') { Vec::new() } else { split(from) };
    parts.extend(split(target));
    for _ in 0..32 {
        let mut at = root;
        let mut next = None;
        for (depth, part) in parts.iter().enumerate() {
            let found = match at {
                Raw::Group(group) => group.entries.iter().find(|(name, _)| name == part),
                _ => None,
            };
            match found {
                Some((_, Raw::Soft(target))) => {
                    let mut path = if target.starts_with('/') { Vec::new() } else { parts[..depth].to_vec() };
                    path.extend(split(target));
                    path.extend_from_slice(&parts[depth + 1..]);
                    next = Some(path);
                    break;
                }
                Some((_, Raw::Unsupported(reason))) => {
                    return Err(format!("a link to `{target}`, where `{part}` cannot be read: {reason}"));
                }
                Some((_, found)) => at = found,
                None => return Err(format!("a link to `{target}`, which leads nowhere")),
            }
        }
        match next {
            Some(path) => parts = path,
            None => return Ok(at),
        }
    }
    Err(format!("a link to `{target}`, which leads in circles"))
}

fn split(path: &str) -> Vec<String> {
    path.split('/').filter(|part| !part.is_empty() && *part != ".").map(str::to_owned).collect()
}
