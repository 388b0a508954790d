//! Raw binary arrays, in which results may be kept: a folder with a file of bytes for each array, and `raw.json`, which says
//! what they are.
//!
//! The bytes are the elements in C order, in the order of bytes of the machine that wrote them, nothing before and nothing
//! after: `numpy.fromfile("clim.raw/clim.bin", "f4").reshape(73, 144)`.
//!
//! This is also the example of a serializer: a [`Format`] in one file, its row in [`KEPT`](super::kept::KEPT) and one in
//! [`SERIALIZERS`](super::kept::SERIALIZERS).
//!
//! Deliberately absent: chunks, codecs, text.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::zarr::attributes;
use super::{
    ArrayReader, ArraySpec, ArrayWriter, Container, Create, Format, StorageError, TargetOptions, TargetWriter, failure,
};
use crate::array::{Block, ChunkGrid, DType, Region};
use crate::planner::catalog::{CatalogError, Stored, StoredArray, StoredGroup};
use crate::runtime::storage::Place;

/// The row of raw arrays in [`KEPT`](super::kept::KEPT).
pub const FORMAT: Format = Format {
    name: "raw",
    summary: "raw binary arrays, for results",
    extensions: &["raw"],
    sniff: |place| place.join(INDEX).is_object(),
    replaces: |_| false,
    open: Some(open),
    check: Some(check),
    create: Some(Create::File(create)),
    amend: None,
};

/// The file that says what the others are.
const INDEX: &str = "raw.json";

/// The order of bytes of this machine.
const ORDER: &str = if cfg!(target_endian = "big") { "big" } else { "little" };

fn check(specs: &[ArraySpec], _: &TargetOptions) -> Result<(), CatalogError> {
    let text = specs.iter().find(|spec| spec.dtype == DType::Str && !spec.is_coordinate);
    text.map_or(Ok(()), |spec| {
        let message = format!("raw arrays hold numbers, and `{}` holds text", spec.path);
        Err(CatalogError::new("ff::sink::dtype", message).with_help("keep it as `json` or `zarr`"))
    })
}

/// The file of an array: its path with dots for slashes.
fn file_of(path: &str) -> String {
    format!("{}.bin", path.trim_matches('/').replace('/', "."))
}

/// Begins a folder; labels that are text are left out.
fn create(path: &Path, specs: &[ArraySpec], options: &TargetOptions) -> Result<Arc<dyn TargetWriter>, StorageError> {
    check(specs, options).map_err(|e| StorageError { code: e.code, message: e.message, help: e.help })?;
    std::fs::create_dir(path).map_err(|e| failure::refused(path, &e))?;
    let array = |spec: &ArraySpec| {
        let at = path.join(file_of(&spec.path));
        let bytes = Region::whole(&spec.shape).count() * spec.dtype.size() as u64;
        let made = || {
            let file = File::create(&at)?;
            file.set_len(bytes)?;
            Ok(file)
        };
        let file = match spec.dtype {
            DType::Str => None,
            _ => Some(made().map_err(|e| failure::refused(&at, &e))?),
        };
        Ok(Arc::new(RawWriter { spec: spec.clone(), path: at, file }))
    };
    let arrays = specs.iter().map(array).collect::<Result<_, StorageError>>()?;
    Ok(Arc::new(RawTarget { path: path.to_owned(), arrays, options: options.clone() }))
}

struct RawTarget {
    path: PathBuf,
    arrays: Vec<Arc<RawWriter>>,
    options: TargetOptions,
}

struct RawWriter {
    spec: ArraySpec,
    path: PathBuf,
    file: Option<File>,
}

impl TargetWriter for RawTarget {
    fn array(&self, path: &str) -> Arc<dyn ArrayWriter> {
        let array = self.arrays.iter().find(|array| array.spec.path == path);
        array.unwrap_or_else(|| panic!("`{path}` is not among the arrays")).clone()
    }

    fn finish(&self) -> Result<(), StorageError> {
        let mut arrays = Map::new();
        for spec in self.arrays.iter().filter(|array| array.file.is_some()).map(|array| &array.spec) {
            let dims: Vec<&str> = spec.dims.iter().map(|dim| dim.as_str()).collect();
            let attrs = attributes::to_json(&spec.attrs, 2, Some(spec.dtype));
            let entry = json!({ "dtype": spec.dtype.name(), "shape": spec.shape, "dims": dims, "attrs": attrs });
            arrays.insert(spec.path.clone(), entry);
        }
        let attrs = attributes::to_json(&self.options.attrs, 2, None);
        let index = json!({ "byte_order": ORDER, "attrs": attrs, "arrays": arrays });
        let at = self.path.join(INDEX);
        std::fs::write(&at, format!("{index:#}\n")).map_err(|e| failure::refused(&at, &e))
    }
}

/// The runs of neighbouring elements in which a region lies in an array of `shape`: the length, and where each begins.
fn runs<'r>(shape: &'r [u64], region: &'r Region) -> (u64, impl Iterator<Item = u64> + 'r) {
    let mut inner = shape.len();
    let mut run = 1;
    while inner > 0 && (inner == shape.len() || region.shape[inner] == shape[inner]) {
        inner -= 1;
        run *= region.shape[inner];
    }
    let outer = Region { start: vec![0; inner], shape: region.shape[..inner].to_vec() };
    let first = move |outer: Vec<u64>| {
        (0..shape.len()).fold(0, |at, axis| at * shape[axis] + region.start[axis] + outer.get(axis).unwrap_or(&0))
    };
    let starts: Vec<u64> = if region.is_empty() { Vec::new() } else { outer.indices().map(first).collect() };
    (run, starts.into_iter())
}

impl ArrayWriter for RawWriter {
    fn object_shape(&self) -> &[u64] {
        &self.spec.chunks
    }

    fn write(&self, index: &[u64], block: &Block) -> Result<u64, StorageError> {
        let Some(file) = &self.file else { return Ok(0) };
        let region = ChunkGrid::regular(&self.spec.chunks).region(index, &self.spec.shape);
        let bytes = block.to_bytes().filter(|_| block.dtype() == self.spec.dtype && block.shape() == region.shape);
        let bytes =
            bytes.ok_or_else(|| failure::other(&self.path, &format!("a block that does not fit at {index:?}")))?;
        let (run, starts) = runs(&self.spec.shape, &region);
        let size = self.spec.dtype.size() as u64;
        for (piece, at) in bytes.chunks(((run * size) as usize).max(1)).zip(starts) {
            file.write_all_at(piece, at * size).map_err(|e| failure::refused(&self.path, &e))?;
        }
        Ok(bytes.len() as u64)
    }

    fn scratch_bytes(&self) -> u64 {
        self.spec.chunks.iter().fold(self.spec.dtype.size() as u64, |n, c| n.saturating_mul(*c))
    }
}

struct RawFolder {
    path: PathBuf,
    stored: Arc<Stored>,
}

fn open(place: &Place) -> Result<Arc<dyn Container>, CatalogError> {
    let failed =
        |reason: String| CatalogError::new("ff::source::metadata", format!("`{place}` cannot be read: {reason}"));
    let path = place.path().ok_or_else(|| failed("raw arrays are read on this machine only".to_owned()))?;
    let text = std::fs::read(path.join(INDEX)).map_err(|e| failed(e.to_string()))?;
    let index: Value = serde_json::from_slice(&text).map_err(|e| failed(e.to_string()))?;
    if index["byte_order"] != ORDER {
        return Err(failed(format!("its order of bytes is {}, and that of this machine {ORDER}", index["byte_order"])));
    }
    let attrs = index["attrs"].as_object().map(|attrs| attributes::from_json(attrs, None)).unwrap_or_default();
    let mut root = StoredGroup { path: "/".into(), attrs: Arc::new(attrs), ..StoredGroup::default() };
    for (name, array) in index["arrays"].as_object().into_iter().flatten() {
        let stored = described(name, array).ok_or_else(|| failed(format!("`{name}` is damaged")))?;
        let bytes = stored.shape.iter().try_fold(stored.dtype.size() as u64, |n, size| n.checked_mul(*size));
        let there = path.join(file_of(name)).metadata().map_err(|e| failed(format!("`{}`: {e}", file_of(name))))?.len();
        if bytes != Some(there) {
            return Err(failed(format!("`{}` has {there} bytes, and its shape is {:?}", file_of(name), stored.shape)));
        }
        insert(&mut root, name.trim_matches('/'), stored);
    }
    Ok(Arc::new(RawFolder { path: path.to_owned(), stored: Arc::new(Stored::Group(root)) }))
}

/// Puts an array where its path says.
fn insert(group: &mut StoredGroup, path: &str, array: StoredArray) {
    let Some((outer, rest)) = path.split_once('/') else { return group.arrays.push((path.to_owned(), array)) };
    let index = group.groups.iter().position(|(known, _)| known == outer).unwrap_or_else(|| {
        let path = format!("{}/{outer}", group.path.trim_end_matches('/'));
        group.groups.push((outer.to_owned(), StoredGroup { path, ..StoredGroup::default() }));
        group.groups.len() - 1
    });
    insert(&mut group.groups[index].1, rest, array);
}

fn described(path: &str, array: &Value) -> Option<StoredArray> {
    let dtype = DType::parse(array["dtype"].as_str()?).filter(|dtype| *dtype != DType::Str)?;
    let shape: Vec<u64> = array["shape"].as_array()?.iter().map(Value::as_u64).collect::<Option<_>>()?;
    let name = |dim: &Value| dim.as_str().map(|name| Some(name.into()));
    let dims: Vec<_> = array["dims"].as_array()?.iter().map(name).collect::<Option<_>>()?;
    let attrs = Arc::new(attributes::from_json(array["attrs"].as_object()?, Some(dtype)));
    let (path, codec, chunks, inner_chunks) = (path.to_owned(), "none".to_owned(), None, None);
    (dims.len() == shape.len()).then_some(StoredArray {
        path,
        dtype,
        shape,
        dims,
        chunks,
        inner_chunks,
        codec,
        stored_bytes: None,
        attrs,
    })
}

impl Container for RawFolder {
    fn stored(&self) -> &Arc<Stored> {
        &self.stored
    }

    fn reader(&self, path: &str) -> Result<Arc<dyn ArrayReader>, CatalogError> {
        let Some(array) = self.stored.array(path) else {
            let message = format!("`{}` has no array `{path}`", self.path.display());
            return Err(CatalogError::new("ff::source::no_array", message));
        };
        let at = self.path.join(file_of(path));
        let file = File::open(&at).map_err(|e| crate::runtime::place::unreadable(&Place::local(&at), &e.into()))?;
        Ok(Arc::new(RawReader { file, path: at, dtype: array.dtype, shape: array.shape.clone() }))
    }
}

struct RawReader {
    file: File,
    path: PathBuf,
    dtype: DType,
    shape: Vec<u64>,
}

impl ArrayReader for RawReader {
    fn chunk_shape(&self) -> Option<&[u64]> {
        None
    }

    fn read_chunk(&self, _: &[u64]) -> Result<Block, StorageError> {
        Err(StorageError::new("ff::read::no_chunk", format!("`{}` has no chunks", self.path.display())))
    }

    fn read_region(&self, region: &Region) -> Result<Block, StorageError> {
        let size = self.dtype.size() as u64;
        let (run, starts) = runs(&self.shape, region);
        let read = |bytes: &mut [u8]| {
            let mut pieces = bytes.chunks_mut(((run * size) as usize).max(1)).zip(starts);
            pieces.try_for_each(|(piece, at)| self.file.read_exact_at(piece, at * size))
        };
        Block::written(self.dtype, &region.shape, read).map_err(|error: std::io::Error| {
            StorageError::new("ff::read::failed", format!("cannot read `{}`: {error}", self.path.display()))
        })
    }

    fn scratch_bytes(&self) -> u64 {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::array::Attributes;
    use crate::runtime::serializers::testing::{python, read_path};

    fn spec(path: &str, block: &Block, chunks: &[u64]) -> ArraySpec {
        let dims = (0..block.shape().len()).map(|axis| ["t", "y", "x"][axis].into()).collect();
        let (path, shape, chunks, attrs) = (path.to_owned(), block.shape(), chunks.to_vec(), Attributes::new());
        let (shards, codecs, fill, is_coordinate, dtype) = (None, None, None, false, block.dtype());
        ArraySpec { path, dtype, dims, shape, chunks, shards, codecs, fill, attrs, is_coordinate }
    }

    fn counted(shape: &[u64]) -> Block {
        let count = Region::whole(shape).count();
        Block::from_vec(shape, (0..count).map(|i| i as f32 / 3.0).collect::<Vec<f32>>()).unwrap()
    }

    fn written(path: &Path, arrays: &[(ArraySpec, Block)]) {
        let specs: Vec<ArraySpec> = arrays.iter().map(|(spec, _)| spec.clone()).collect();
        let target = create(path, &specs, &TargetOptions::default()).unwrap();
        for (spec, block) in arrays {
            let grid = ChunkGrid::regular(&spec.chunks);
            for index in Region::whole(&grid.counts(&spec.shape)).indices() {
                target.array(&spec.path).write(&index, &block.slice(&grid.region(&index, &spec.shape))).unwrap();
            }
        }
        target.finish().unwrap();
    }

    #[test]
    fn any_chunks_give_the_bytes_that_numpy_reads() {
        let folder = tempfile::tempdir().unwrap();
        let block = counted(&[4, 5, 6]);
        for (number, chunks) in [[4, 5, 6], [3, 2, 6], [2, 5, 6], [1, 1, 1], [4, 5, 4]].iter().enumerate() {
            let path = folder.path().join(format!("{number}.raw"));
            written(&path, &[(spec("/g/x", &block, chunks), block.clone())]);
            assert_eq!(std::fs::read(path.join("g.x.bin")).unwrap(), block.to_bytes().unwrap(), "{chunks:?}");
            assert_eq!(read_path(&*open(&Place::local(&path)).unwrap(), "/g/x"), block);
        }
        let script = "import numpy\nx = numpy.fromfile('0.raw/g.x.bin', '<f4').reshape(4, 5, 6)\nprint(x[3, 4, 5] == numpy.float32(119 / 3))";
        if let Some(printed) = python(folder.path(), script) {
            assert_eq!(printed.trim(), "True");
        }
    }

    #[test]
    fn regions_and_corners_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let (x, none, one) = (counted(&[4, 5, 6]), counted(&[3, 0]), Block::from_vec(&[], vec![true]).unwrap());
        let arrays = [(spec("/x", &x, &[4, 5, 6]), x.clone()), (spec("/none", &none, &[1, 1]), none.clone())];
        let path = folder.path().join("a.raw");
        written(&path, &[arrays[0].clone(), arrays[1].clone(), (spec("/one", &one, &[]), one.clone())]);
        let container = open(&Place::local(&path)).unwrap();
        assert_eq!(read_path(&*container, "/none"), none);
        assert_eq!(read_path(&*container, "/one"), one);
        let reader = container.reader("/x").unwrap();
        for (start, shape) in
            [([1, 2, 3], [2, 3, 2]), ([0, 1, 0], [4, 2, 6]), ([3, 0, 0], [1, 5, 6]), ([2, 2, 2], [1, 0, 4])]
        {
            let region = Region { start: start.to_vec(), shape: shape.to_vec() };
            assert_eq!(reader.read_region(&region).unwrap(), x.slice(&region), "{region:?}");
        }
    }

    #[test]
    fn what_is_damaged_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let x = counted(&[4, 5]);
        let path = folder.path().join("a.raw");
        written(&path, &[(spec("/x", &x, &[4, 5]), x)]);
        let index = std::fs::read_to_string(path.join(INDEX)).unwrap();
        let other = if ORDER == "little" { "big" } else { "little" };
        for damaged in [index.replace("f32", "f33"), index.replace('4', "5"), index.replace(ORDER, other), "{".into()] {
            std::fs::write(path.join(INDEX), damaged).unwrap();
            assert!(open(&Place::local(&path)).is_err());
        }
        std::fs::write(path.join(INDEX), index).unwrap();
        std::fs::write(path.join("x.bin"), "short").unwrap();
        assert!(open(&Place::local(&path)).is_err());
        let text = Block::from_list(vec!["a".into()] as Vec<Arc<str>>);
        assert!(check(&[spec("/t", &text, &[1])], &TargetOptions::default()).is_err());
    }
}
