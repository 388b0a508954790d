//! The names of axes: HDF5's dimension scales, as netCDF-4 uses them.
//!
//! A *scale* is a dataset with the attribute `CLASS` of `DIMENSION_SCALE`; it names the axes of those datasets whose
//! `DIMENSION_LIST` refers to it, and its own. A scale whose `NAME` says so is a netCDF dimension without a variable:
//! it names axes but holds no values. A scale of several axes (a coordinate variable of texts, say) lists the numbers
//! of its dimensions in `_Netcdf4Coordinates`. Where there are no scales, `DIMENSION_LABELS` names axes.

use std::collections::BTreeMap;

use super::attributes::{integers, text};
use super::element::Element;
use super::format::attribute::Content;
use super::format::datatype::Class;
use super::format::heap::GlobalHeaps;
use super::format::superblock::HdfFile;
use super::metadata::{Raw, RawDataset, RawGroup};
use crate::array::{DimName, Scalar};

/// How the `NAME` of a dimension without a variable begins.
const NAMELESS: &str = "This is a netCDF dimension but not a netCDF variable";

#[derive(Debug)]
struct Scale {
    name: DimName,
    /// A dimension without a variable.
    nameless: bool,
}

/// The dimension scales of a file, by their address.
#[derive(Debug, Default)]
pub(super) struct Scales {
    by_address: BTreeMap<u64, Scale>,
    by_number: BTreeMap<i64, DimName>,
}

impl Scales {
    /// Finds the scales of a file.
    pub(super) fn of(file: &HdfFile, heaps: &GlobalHeaps, root: &RawGroup) -> Scales {
        let mut scales = Scales::default();
        scales.collect(file, heaps, root);
        scales
    }

    fn collect(&mut self, file: &HdfFile, heaps: &GlobalHeaps, group: &RawGroup) {
        for (name, entry) in &group.entries {
            match entry {
                Raw::Group(below) => self.collect(file, heaps, below),
                Raw::Dataset(address, raw) => {
                    let attribute = |name: &str| text(file, heaps, &raw.attributes, name);
                    if attribute("CLASS").is_none_or(|class| class != "DIMENSION_SCALE") {
                        continue;
                    }
                    let nameless = attribute("NAME").is_some_and(|name| name.starts_with(NAMELESS));
                    let name = DimName::new(name.strip_prefix("_nc4_non_coord_").unwrap_or(name));
                    for number in integers(file, heaps, &raw.attributes, "_Netcdf4Dimid") {
                        self.by_number.entry(number).or_insert_with(|| name.clone());
                    }
                    self.by_address.entry(*address).or_insert(Scale { name, nameless });
                }
                Raw::Soft(_) | Raw::Unsupported(_) => {}
            }
        }
    }

    /// Whether the dataset at `address` is only a dimension.
    pub(super) fn is_nameless(&self, address: u64) -> bool {
        self.by_address.get(&address).is_some_and(|scale| scale.nameless)
    }

    /// The names of the axes of a dataset; a name is given once only, as axes of an array differ.
    pub(super) fn names(
        &self,
        file: &HdfFile,
        heaps: &GlobalHeaps,
        address: u64,
        raw: &RawDataset,
    ) -> Vec<Option<DimName>> {
        let mut names = vec![None; raw.rank];
        let attribute = |name: &str| {
            let found = raw.attributes.iter().find(|attribute| attribute.name == name)?;
            found.content.as_ref().ok()
        };
        if let Some(list) = attribute("DIMENSION_LIST") {
            self.listed(file, heaps, list, &mut names);
        } else if let Some(scale) = self.by_address.get(&address) {
            let numbers = integers(file, heaps, &raw.attributes, "_Netcdf4Coordinates");
            for (name, number) in names.iter_mut().zip(numbers) {
                *name = self.by_number.get(&number).cloned();
            }
            if let Some(first @ None) = names.first_mut() {
                *first = Some(scale.name.clone());
            }
        } else if let Some(labels) = attribute("DIMENSION_LABELS") {
            labelled(file, heaps, labels, &mut names);
        }
        for axis in 1..names.len() {
            if names[..axis].contains(&names[axis]) {
                names[axis] = None;
            }
        }
        names
    }

    /// Names from lists of references, one an axis; the first scale of an axis names it.
    fn listed(&self, file: &HdfFile, heaps: &GlobalHeaps, list: &Content, names: &mut [Option<DimName>]) {
        let width = file.sizes.offset;
        let Class::Vlen(base) = &list.file_type.class else { return };
        if base.class != Class::ObjectReference {
            return;
        }
        for (name, references) in names.iter_mut().zip(list.data.chunks_exact(list.file_type.size)) {
            let Ok(references) = heaps.resolve(file, references, base.size) else { continue };
            let first = references.get(..width).and_then(|bytes| file.cursor(bytes, "a reference").uint(width).ok());
            *name = first.and_then(|address| self.by_address.get(&address)).map(|scale| scale.name.clone());
        }
    }
}

fn labelled(file: &HdfFile, heaps: &GlobalHeaps, labels: &Content, names: &mut [Option<DimName>]) {
    let Ok(element) = Element::of(&labels.file_type) else { return };
    let shape = labels.shape.clone().unwrap_or_default();
    let Ok(block) = element.block(file, heaps, &shape, labels.data.clone()) else { return };
    for (name, label) in names.iter_mut().zip(block.scalars()) {
        if let Scalar::Str(label) = label
            && !label.is_empty()
        {
            *name = Some(DimName::new(&label));
        }
    }
}
