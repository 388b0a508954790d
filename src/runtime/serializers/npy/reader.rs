//! Regions of a `.npy` file.

use std::sync::Arc;

use serde_json::Value;
use zarrs::array::ArrayBytes;

use super::header::{self, Header};
use crate::array::{Attributes, Block, DType, Region};
use crate::planner::catalog::{CatalogError, Stored, StoredArray};
use crate::runtime::serializers::zarr::element::{Element, Form};
use crate::runtime::serializers::{ArrayReader, Container, StorageError};
use crate::runtime::storage::{Failure, Object, Place};

/// Up to so many bytes are read at once to get at pieces that lie among them.
const HULL_BYTES: u64 = 1 << 20;

/// A file opened for reading.
pub struct NpyFile {
    stored: Arc<Stored>,
    reader: Arc<NpyReader>,
}

struct NpyReader {
    file: Arc<dyn Object>,
    name: String,
    header: Header,
    element: Element,
    data: u64,
}

impl NpyFile {
    /// Opens the file at `path` and reads its header.
    ///
    /// # Errors
    /// It cannot be read, is damaged, shorter than its header says, or of a dtype that is not supported.
    pub fn open(place: &Place) -> Result<Self, CatalogError> {
        let reader = NpyReader::open(place).map_err(|reason| {
            CatalogError::new("ff::source::metadata", format!("`{place}` cannot be read: {reason}"))
        })?;
        let stored = StoredArray {
            path: "/".to_owned(),
            dtype: reader.element.dtype,
            shape: reader.header.shape.clone(),
            dims: vec![None; reader.header.shape.len()],
            chunks: None,
            inner_chunks: None,
            codec: "none".to_owned(),
            stored_bytes: Some(reader.header.shape.iter().product::<u64>() * reader.element.stored_size() as u64),
            attrs: Arc::new(Attributes::new()),
        };
        Ok(NpyFile { stored: Arc::new(Stored::Array(stored)), reader: Arc::new(reader) })
    }
}

impl Container for NpyFile {
    fn stored(&self) -> &Arc<Stored> {
        &self.stored
    }

    fn reader(&self, path: &str) -> Result<Arc<dyn ArrayReader>, CatalogError> {
        if !path.trim_matches('/').is_empty() {
            let message = format!("`{}` is a single array and has none named `{path}`", self.reader.name);
            return Err(CatalogError::new("ff::source::no_array", message));
        }
        Ok(self.reader.clone())
    }
}

impl NpyReader {
    fn open(place: &Place) -> Result<Self, String> {
        let file = place.open().map_err(|e| e.to_string())?.ok_or("it is not there")?;
        let length = file.size();
        let read = |offset: u64, size: usize| {
            let mut bytes = vec![0; size];
            if offset + size as u64 > length {
                return Err("it is truncated".to_owned());
            }
            file.read_into(offset, &mut bytes).map_err(|e| e.to_string())?;
            Ok::<_, String>(bytes)
        };
        let (offset, size) = header::extent(&read(0, 12)?)?;
        let text = String::from_utf8(read(offset as u64, size)?).map_err(|_| "its header is not text".to_owned())?;
        let header = header::parse(&text)?;
        let element = Element::from_v2(&Value::String(header.descr.clone()))?;
        if element.form == Form::Text {
            return Err("pickled objects are not supported".to_owned());
        }
        let data = (offset + size) as u64;
        let bytes = header.shape.iter().try_fold(element.stored_size() as u64, |n, s| n.checked_mul(*s));
        if bytes.and_then(|n| n.checked_add(data)).is_none_or(|end| end > length) {
            return Err(format!("it has {length} bytes, too few for its shape {:?}", header.shape));
        }
        Ok(NpyReader { file, name: place.to_string(), header, element, data })
    }

    /// The bytes of a region of an array of `shape` in C order.
    fn bytes(&self, shape: &[u64], region: &Region) -> Result<Vec<u8>, Failure> {
        let size = self.element.stored_size() as u64;
        let mut strides = vec![size; shape.len()];
        for axis in (1..shape.len()).rev() {
            strides[axis - 1] = strides[axis] * shape[axis];
        }
        let mut bytes = Vec::with_capacity((region.count() * size) as usize);
        if region.is_empty() {
            return Ok(bytes);
        }
        // Axes from `inner` on lie in one run; those from `hull` on in one read.
        let mut inner = shape.len();
        let mut run = size;
        while inner > 0 && (inner == shape.len() || region.shape[inner] == shape[inner]) {
            inner -= 1;
            run *= region.shape[inner];
        }
        let span = |from: usize| (from..shape.len()).map(|a| (region.shape[a] - 1) * strides[a]).sum::<u64>() + size;
        let hull = (0..inner).find(|&axis| span(axis) <= HULL_BYTES).unwrap_or(inner);
        let offset = |from: usize, to: usize, index: &[u64]| {
            (from..to).zip(index).map(|(axis, i)| i * strides[axis]).sum::<u64>()
        };
        let start = self.data + (0..shape.len()).map(|a| region.start[a] * strides[a]).sum::<u64>();
        let mut piece = vec![0; if hull < inner { span(hull) } else { run } as usize];
        for outer in Region::whole(&region.shape[..hull]).indices() {
            self.file.read_into(start + offset(0, hull, &outer), &mut piece)?;
            for middle in Region::whole(&region.shape[hull..inner]).indices() {
                let at = offset(hull, inner, &middle) as usize;
                bytes.extend_from_slice(&piece[at..at + run as usize]);
            }
        }
        Ok(bytes)
    }

    fn block(&self, mut bytes: Vec<u8>, shape: &[u64]) -> Result<Block, String> {
        let numbers = matches!(self.element.form, Form::Plain | Form::Time(_));
        if self.header.descr.starts_with('>') && numbers {
            let is_complex = matches!(self.element.dtype, DType::C64 | DType::C128);
            let width = self.element.stored_size() / if is_complex { 2 } else { 1 };
            bytes.chunks_exact_mut(width).for_each(<[u8]>::reverse);
        }
        self.element.block(ArrayBytes::new_flen(bytes), shape)
    }
}

impl ArrayReader for NpyReader {
    fn chunk_shape(&self) -> Option<&[u64]> {
        None
    }

    fn read_chunk(&self, _index: &[u64]) -> Result<Block, StorageError> {
        Err(StorageError::new("ff::read::no_chunk", format!("`{}` has no chunks", self.name)))
    }

    fn read_region(&self, region: &Region) -> Result<Block, StorageError> {
        let failed = |reason: String| {
            let message = format!("cannot read {region} of `{}`: {reason}", self.name);
            StorageError::new("ff::read::failed", message)
        };
        let shape = &self.header.shape;
        if region.rank() != shape.len() || !Region::whole(shape).contains(region) {
            return Err(failed(format!("the array has the shape {shape:?}")));
        }
        if !self.header.fortran_order {
            let bytes = self.bytes(shape, region).map_err(|e| failed(e.to_string()))?;
            return self.block(bytes, &region.shape).map_err(failed);
        }
        let reversed = |values: &[u64]| values.iter().rev().copied().collect::<Vec<u64>>();
        let turned = Region { start: reversed(&region.start), shape: reversed(&region.shape) };
        let bytes = self.bytes(&reversed(shape), &turned).map_err(|e| failed(e.to_string()))?;
        let axes: Vec<usize> = (0..shape.len()).rev().collect();
        Ok(self.block(bytes, &turned.shape).map_err(failed)?.permute(&axes))
    }

    fn scratch_bytes(&self) -> u64 {
        HULL_BYTES
    }
}
