//! Writing a `.npy` file, blocks to their places.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::header::Header;
use crate::array::{Block, DType, Region};
use crate::planner::catalog::CatalogError;
use crate::planner::target::{ArraySpec, TargetOptions};
use crate::runtime::serializers::zarr::element::v2_name;
use crate::runtime::serializers::{ArrayWriter, StorageError, TargetWriter, failure};

/// Checks what a sink asks for.
///
/// # Errors
/// There is more than one variable, it holds text or times, or options of other formats are set.
pub fn check(specs: &[ArraySpec], options: &TargetOptions) -> Result<(), CatalogError> {
    variable(specs, options).map(|_| ())
}

fn variable<'a>(specs: &'a [ArraySpec], options: &TargetOptions) -> Result<&'a ArraySpec, CatalogError> {
    let mut variables = specs.iter().filter(|spec| !spec.is_coordinate);
    let (Some(spec), None) = (variables.next(), variables.next()) else {
        let message = "a .npy file holds one array, and this sink writes several";
        return Err(
            CatalogError::new("ff::sink::format", message).with_help("write each to its own file, or use `zarr`")
        );
    };
    if matches!(spec.dtype, DType::Str | DType::DateTime(_) | DType::Duration) {
        let message = format!("npy stores numbers, and `{}` holds {}", spec.path, spec.dtype);
        return Err(CatalogError::new("ff::sink::dtype", message));
    }
    let codecs = spec.codecs.as_deref().unwrap_or_default();
    let unknown = [
        (options.version.is_some(), "version"),
        (!options.unlimited.is_empty(), "unlimited"),
        (spec.shards.is_some(), "shards"),
        (codecs.iter().any(|c| c.name != "none"), "codec"),
    ];
    match unknown.iter().find(|(is_set, _)| *is_set) {
        Some((_, option)) => Err(CatalogError::new("ff::sink::option", format!("npy has no option `{option}`"))),
        None => Ok(spec),
    }
}

/// Begins a file at `path`.
///
/// # Errors
/// The specs do not pass [`check`], or the file cannot be made.
pub fn create(
    path: &Path,
    specs: &[ArraySpec],
    options: &TargetOptions,
) -> Result<Arc<dyn TargetWriter>, StorageError> {
    let spec = variable(specs, options).map_err(|e| StorageError { code: e.code, message: e.message, help: e.help })?;
    let descr = v2_name(spec.dtype).expect("numbers have names in NumPy");
    let header = Header { descr, fortran_order: false, shape: spec.shape.clone() };
    let header = header.encode().map_err(|reason| failure::other(path, &reason))?;
    let bytes = spec.shape.iter().product::<u64>() * spec.dtype.size() as u64;
    let file = File::create(path).and_then(|file| {
        file.write_all_at(&header, 0)?;
        file.set_len(header.len() as u64 + bytes)?;
        Ok(file)
    });
    let file = file.map_err(|e| failure::refused(path, &e))?;
    let array = Arc::new(NpyWriter { file, path: path.to_owned(), spec: spec.clone(), data: header.len() as u64 });
    let left_out = specs.iter().filter(|s| s.is_coordinate);
    let left_out = left_out.map(|s| (s.path.clone(), Arc::new(LeftOut { shape: s.chunks.clone() }))).collect();
    Ok(Arc::new(NpyTarget { array, left_out }))
}

struct NpyTarget {
    array: Arc<NpyWriter>,
    left_out: Vec<(String, Arc<LeftOut>)>,
}

impl TargetWriter for NpyTarget {
    fn array(&self, path: &str) -> Arc<dyn ArrayWriter> {
        match self.left_out.iter().find(|(name, _)| name == path) {
            Some((_, coordinate)) => coordinate.clone(),
            None => self.array.clone(),
        }
    }

    fn finish(&self) -> Result<(), StorageError> {
        Ok(())
    }
}

/// A coordinate, for which the format has no place.
struct LeftOut {
    shape: Vec<u64>,
}

impl ArrayWriter for LeftOut {
    fn object_shape(&self) -> &[u64] {
        &self.shape
    }

    fn write(&self, _index: &[u64], _block: &Block) -> Result<u64, StorageError> {
        Ok(0)
    }

    fn scratch_bytes(&self) -> u64 {
        0
    }
}

struct NpyWriter {
    file: File,
    path: PathBuf,
    spec: ArraySpec,
    data: u64,
}

impl ArrayWriter for NpyWriter {
    fn object_shape(&self) -> &[u64] {
        &self.spec.chunks
    }

    fn write(&self, index: &[u64], block: &Block) -> Result<u64, StorageError> {
        let shape = &self.spec.shape;
        let start: Vec<u64> = index.iter().zip(&self.spec.chunks).map(|(i, n)| i.saturating_mul(*n)).collect();
        let region = Region { start, shape: block.shape() };
        let fits = region.rank() == shape.len()
            && (0..shape.len()).all(|a| region.start[a].saturating_add(region.shape[a]) <= shape[a]);
        let bytes = block.to_bytes().filter(|_| fits && block.dtype() == self.spec.dtype);
        let bytes =
            bytes.ok_or_else(|| failure::other(&self.path, &format!("a block that does not fit at {index:?}")))?;
        if bytes.is_empty() {
            return Ok(0);
        }
        let size = self.spec.dtype.size() as u64;
        let mut inner = shape.len();
        let mut run = size;
        while inner > 0 && (inner == shape.len() || region.shape[inner] == shape[inner]) {
            inner -= 1;
            run *= region.shape[inner];
        }
        for (piece, outer) in bytes.chunks(run as usize).zip(Region::whole(&region.shape[..inner]).indices()) {
            let mut at = 0;
            for (axis, n) in shape.iter().enumerate() {
                at = at * n + region.start[axis] + outer.get(axis).copied().unwrap_or(0);
            }
            self.file.write_all_at(piece, self.data + at * size).map_err(|e| failure::refused(&self.path, &e))?;
        }
        Ok(bytes.len() as u64)
    }

    fn scratch_bytes(&self) -> u64 {
        self.spec.chunks.iter().fold(self.spec.dtype.size() as u64, |n, c| n.saturating_mul(*c))
    }
}
