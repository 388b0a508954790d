//! Dimension scales of files that are written: which there must be, and how arrays refer to them.
//!
//! As netCDF has it, a dimension belongs to a group and is seen in the groups below. A one-dimensional array named as
//! its dim is the scale of that dim; a dim without one gets a dataset that is only a dimension. An array that has the
//! name of a dim and is no scale is stored under another name, which readers of netCDF take back.

use hdf5::sync::sync;
use hdf5_sys::h5a::{H5Aclose, H5Acreate2, H5Awrite};
use hdf5_sys::h5i::hid_t;
use hdf5_sys::h5p::H5P_DEFAULT;
use hdf5_sys::h5t::{
    H5T_IEEE_F32BE, H5T_NATIVE_INT, H5T_NATIVE_UINT, H5T_STD_REF_OBJ, H5Tclose, H5Tcopy, H5Tvlen_create, hvl_t,
};

use super::library::{Creation, Dataset, Id, NewFile, c_string, simple_space, status};
use super::types::{ascii, compound};
use crate::planner::catalog::CatalogError;
use crate::planner::target::ArraySpec;

/// Most elements of a chunk of a dimension that may grow, which holds no values.
const GROWING_CHUNK: u64 = 1 << 20;

/// A dimension.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Scale {
    /// The group it belongs to, empty for the root.
    pub(super) group: String,
    /// Its name.
    pub(super) name: String,
    /// Its length.
    pub(super) size: u64,
    /// The array that is its scale, by number; none for a dimension without a variable.
    pub(super) array: Option<usize>,
    /// The array before which it is made.
    before: String,
}

impl Scale {
    fn path(&self) -> String {
        format!("{}/{}", self.group, self.name)
    }
}

/// How one array is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct StoredArray {
    /// Where.
    pub(super) path: String,
    /// The dimension of each axis, by number.
    pub(super) dims: Vec<usize>,
}

/// The dimensions of a file, and its arrays in the order of the specs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Scales {
    pub(super) scales: Vec<Scale>,
    pub(super) arrays: Vec<StoredArray>,
}

fn split(path: &str) -> (String, &str) {
    let (group, name) = path.trim_matches('/').rsplit_once('/').unwrap_or(("", path.trim_matches('/')));
    (if group.is_empty() { String::new() } else { format!("/{group}") }, name)
}

fn is_scale(spec: &ArraySpec) -> bool {
    spec.dims.len() == 1 && spec.dims[0].as_str() == split(&spec.path).1
}

impl Scales {
    /// Settles the dimensions of these arrays.
    ///
    /// # Errors
    /// Two arrays of one group give one dim different sizes, or a dim has the name of a group.
    pub(super) fn plan(specs: &[ArraySpec]) -> Result<Scales, CatalogError> {
        let mut scales: Vec<Scale> = Vec::new();
        for (number, spec) in specs.iter().enumerate().filter(|(_, spec)| is_scale(spec)) {
            let (group, name) = split(&spec.path);
            let name = name.to_owned();
            scales.push(Scale { group, name, size: spec.shape[0], array: Some(number), before: spec.path.clone() });
        }
        let mut by_depth: Vec<usize> = (0..specs.len()).collect();
        by_depth.sort_by_key(|&number| split(&specs[number].path).0.matches('/').count());
        let mut dims_of = vec![Vec::new(); specs.len()];
        for number in by_depth {
            let spec = &specs[number];
            let group = split(&spec.path).0;
            for (dim, &size) in spec.dims.iter().zip(&spec.shape) {
                dims_of[number].push(find_or_add(&mut scales, spec, &group, (dim.as_str(), size))?);
            }
        }
        for scale in &scales {
            let path = format!("{}/", scale.path());
            if let Some(spec) = specs.iter().find(|spec| format!("/{}", spec.path.trim_matches('/')).starts_with(&path))
            {
                let message = format!("the dim `{}` has the name of the group of `{}`", scale.name, spec.path);
                return Err(CatalogError::new("ff::sink::name", message));
            }
        }
        let taken = |group: &str, name: &str| scales.iter().any(|s| s.group == group && s.name == name);
        let stored = |(spec, dims): (&ArraySpec, _)| {
            let (group, name) = split(&spec.path);
            let prefix = if !is_scale(spec) && taken(&group, name) { "_nc4_non_coord_" } else { "" };
            StoredArray { path: format!("{group}/{prefix}{name}"), dims }
        };
        let arrays = specs.iter().zip(dims_of).map(stored).collect();
        Ok(Scales { scales, arrays })
    }

    /// The dimensions without a variable that are made before the array at `path`.
    pub(super) fn made_before(&self, path: &str) -> Vec<usize> {
        let wanted = |scale: &Scale| scale.array.is_none() && scale.before == path;
        (0..self.scales.len()).filter(|&number| wanted(&self.scales[number])).collect()
    }
}

/// The dimension of that name and size that `group` sees; a new one in it where the nearest of that name has another
/// size. The groups above `group` have been settled before.
fn find_or_add(
    scales: &mut Vec<Scale>,
    spec: &ArraySpec,
    group: &str,
    (name, size): (&str, u64),
) -> Result<usize, CatalogError> {
    let mut above = std::iter::successors(Some(group), |at| at.rsplit_once('/').map(|(above, _)| above));
    let nearest = above.find_map(|at| scales.iter().position(|scale| scale.group == at && scale.name == name));
    match nearest {
        Some(number) if scales[number].size == size => return Ok(number),
        Some(number) if scales[number].group == group => {
            let other = scales[number].size;
            let message =
                format!("`{}` has the dim `{name}` of {size} elements, another array one of {other}", spec.path);
            return Err(CatalogError::new("ff::sink::dims", message)
                .with_help("rename one of them, or write them to different groups"));
        }
        _ => {}
    }
    scales.push(Scale { group: group.into(), name: name.into(), size, array: None, before: spec.path.clone() });
    Ok(scales.len() - 1)
}

/// Makes the dataset of a dimension without a variable.
pub(super) fn make_dimension(file: &NewFile, scale: &Scale, grows: bool) -> Result<Dataset, String> {
    // SAFETY: the type is one of the library's own.
    let element = Id::new(sync(|| unsafe { H5Tcopy(*H5T_IEEE_F32BE) }), H5Tclose)?;
    let chunk = [scale.size.clamp(1, GROWING_CHUNK)];
    let creation = Creation { chunk: grows.then_some(&chunk), filters: &[], fill: None, unlimited: &[grows] };
    file.dataset(&scale.path(), element, &[scale.size], &creation)
}

/// Writes an attribute of `element`s from memory.
///
/// # Safety
/// `bytes` holds as many elements of the type as `shape` says.
pub(super) unsafe fn write_attribute(
    object: hid_t,
    name: &str,
    element: &Id,
    shape: Option<&[u64]>,
    bytes: *const u8,
) -> Result<(), String> {
    let space = match shape {
        Some(shape) => simple_space(shape)?,
        None => super::library::null_space()?,
    };
    let name = c_string(name)?;
    // SAFETY: the handles are open; the caller vouches for the bytes.
    sync(|| unsafe {
        let raw = H5Acreate2(object, name.as_ptr(), element.raw(), space.raw(), H5P_DEFAULT, H5P_DEFAULT);
        let attribute = Id::new(raw, H5Aclose)?;
        match shape {
            Some(shape) if !shape.contains(&0) => status(H5Awrite(attribute.raw(), element.raw(), bytes.cast())),
            _ => Ok(()),
        }
    })
}

fn write_ascii(object: hid_t, name: &str, text: &str) -> Result<(), String> {
    let bytes = [text.as_bytes(), &[0]].concat();
    // SAFETY: the type is a text of the length of `bytes`.
    unsafe { write_attribute(object, name, &ascii(bytes.len())?, Some(&[]), bytes.as_ptr()) }
}

/// One entry of a scale's list of the axes it labels, as HDF5 stores it.
#[repr(C)]
struct Labelled {
    dataset: u64,
    axis: u32,
    padding: u32,
}

/// Marks the scales and ties arrays to them. `made` holds the dimensions without a variable.
pub(super) fn attach(
    file: &NewFile,
    plan: &Scales,
    made: &[(usize, Dataset)],
    datasets: &[Dataset],
) -> Result<(), String> {
    let references = plan.scales.iter().map(|scale| file.reference(&scale.path())).collect::<Result<Vec<u64>, _>>()?;
    let mut labels: Vec<Vec<Labelled>> = plan.scales.iter().map(|_| Vec::new()).collect();
    for (number, array) in plan.arrays.iter().enumerate() {
        if array.dims.is_empty() || plan.scales.iter().any(|scale| scale.array == Some(number)) {
            continue;
        }
        let dataset = file.reference(&array.path)?;
        for (axis, &dim) in array.dims.iter().enumerate() {
            labels[dim].push(Labelled { dataset, axis: axis as u32, padding: 0 });
        }
        write_dimension_list(&datasets[number], &array.dims, &references)?;
    }
    let labelled = labelled_type()?;
    // SAFETY: the type is one of the library's own.
    let integer = Id::new(sync(|| unsafe { H5Tcopy(*H5T_NATIVE_INT) }), H5Tclose)?;
    for (number, scale) in plan.scales.iter().enumerate() {
        let dataset = match scale.array {
            Some(array) => Some(&datasets[array]),
            None => made.iter().find(|(made, _)| *made == number).map(|(_, dataset)| dataset),
        };
        let object = dataset.ok_or_else(|| format!("the dim {} was not made", scale.name))?.raw();
        let nameless = format!("This is a netCDF dimension but not a netCDF variable.{:10}", scale.size);
        write_ascii(object, "CLASS", "DIMENSION_SCALE")?;
        write_ascii(object, "NAME", if scale.array.is_some() { &scale.name } else { &nameless })?;
        let id = i32::try_from(number).map_err(|_| "too many dims".to_owned())?;
        // SAFETY: one integer; then as many entries of the compound as the list has.
        unsafe {
            write_attribute(object, "_Netcdf4Dimid", &integer, Some(&[]), (&raw const id).cast())?;
            if !labels[number].is_empty() {
                let shape = [labels[number].len() as u64];
                write_attribute(object, "REFERENCE_LIST", &labelled, Some(&shape), labels[number].as_ptr().cast())?;
            }
        }
    }
    Ok(())
}

fn labelled_type() -> Result<Id, String> {
    let members =
        [(c"dataset", 0, *H5T_STD_REF_OBJ), (c"dimension", std::mem::offset_of!(Labelled, axis), *H5T_NATIVE_UINT)];
    compound(size_of::<Labelled>(), &members)
}

fn write_dimension_list(dataset: &Dataset, dims: &[usize], references: &[u64]) -> Result<(), String> {
    // SAFETY: the base is one of the library's own types.
    let element = Id::new(sync(|| unsafe { H5Tvlen_create(*H5T_STD_REF_OBJ) }), H5Tclose)?;
    let lists: Vec<hvl_t> =
        dims.iter().map(|&dim| hvl_t { len: 1, p: (&raw const references[dim]).cast_mut().cast() }).collect();
    // SAFETY: as many lists as the shape says, each of one reference that outlives the call; the library only reads.
    unsafe {
        write_attribute(dataset.raw(), "DIMENSION_LIST", &element, Some(&[lists.len() as u64]), lists.as_ptr().cast())
    }
}
