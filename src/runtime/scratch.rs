//! Scratch files: one large file an array, raw values in pieces, read and written in place.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use super::serializers::StorageError;
use crate::array::{Block, ChunkGrid, DType, Region};

static COUNT: AtomicU64 = AtomicU64::new(0);

/// An array in a file without a name: it goes with the process, however that ends.
#[derive(Debug)]
pub struct Scratch {
    file: File,
    place: String,
    dtype: DType,
    shape: Vec<u64>,
    pieces: ChunkGrid,
}

impl Scratch {
    /// An array of `shape` in `folder`, laid out in pieces of shape `piece`.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn create(folder: &Path, dtype: DType, shape: &[u64], piece: &[u64]) -> Result<Self, StorageError> {
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = folder.join(format!(".ff-scratch-{}-{number}", std::process::id()));
        let open = || {
            let file = File::options().read(true).write(true).create_new(true).open(&path)?;
            std::fs::remove_file(&path)?;
            Ok::<File, std::io::Error>(file)
        };
        let place = folder.display().to_string();
        let file = open().map_err(|e| failed("make a file in", &place, &e))?;
        Ok(Scratch { file, place, dtype, shape: shape.to_vec(), pieces: ChunkGrid::regular(piece) })
    }

    /// Stores the values of a region. Regions written at once must not overlap.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(&self, region: &Region, block: &Block) -> Result<(), StorageError> {
        for piece in self.pieces.covering(region).indices() {
            let part = region.intersect(&self.pieces.region(&piece, &self.shape));
            let bytes = block.slice(&part.relative_to(region)).to_bytes().unwrap_or_default();
            let mut at = 0;
            self.runs(&piece, &part, |offset, len| {
                let result = self.file.write_all_at(&bytes[at..at + len], offset);
                at += len;
                result.map_err(|e| failed("write to a file in", &self.place, &e))
            })?;
        }
        Ok(())
    }

    /// The values of a region, which was written before.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn read(&self, region: &Region) -> Result<Block, StorageError> {
        let mut whole = None;
        for piece in self.pieces.covering(region).indices() {
            let part = region.intersect(&self.pieces.region(&piece, &self.shape));
            let block = Block::written(self.dtype, &part.shape, |bytes| {
                let mut at = 0;
                self.runs(&piece, &part, |offset, len| {
                    let result = self.file.read_exact_at(&mut bytes[at..at + len], offset);
                    at += len;
                    result.map_err(|e| failed("read a file in", &self.place, &e))
                })
            })?;
            if part == *region {
                return Ok(block);
            }
            let target = whole.get_or_insert_with(|| Block::unset(self.dtype, &region.shape));
            target.assign(&part.relative_to(region).start, &block);
        }
        Ok(whole.unwrap_or_else(|| Block::zeros(self.dtype, &region.shape)))
    }

    /// Calls `visit` with offset and length of each contiguous run of bytes of `part`, which lies in
    /// `piece`, in C order.
    fn runs(
        &self,
        piece: &[u64],
        part: &Region,
        mut visit: impl FnMut(u64, usize) -> Result<(), StorageError>,
    ) -> Result<(), StorageError> {
        let item = self.dtype.size() as u64;
        let size = self.pieces.chunk_shape();
        let counts = self.pieces.counts(&self.shape);
        let number = piece.iter().zip(&counts).fold(0, |n, (i, count)| n * count + i);
        let base = number * size.iter().product::<u64>();
        let origin = self.pieces.region(piece, &self.shape);
        let local = part.relative_to(&origin);
        let rank = size.len();
        let mut split = rank;
        while split > 0 && (split == rank || local.shape[split] == size[split]) {
            split -= 1;
        }
        let stride = |axis: usize| size[axis + 1..].iter().product::<u64>();
        let len = local.shape[split.min(rank)..].iter().product::<u64>();
        let outer = Region { start: local.start[..split].to_vec(), shape: local.shape[..split].to_vec() };
        for index in outer.indices() {
            let above: u64 = index.iter().enumerate().map(|(axis, i)| i * stride(axis)).sum();
            let within: u64 = (split..rank).map(|axis| local.start[axis] * stride(axis)).sum();
            visit((base + above + within) * item, (len * item) as usize)?;
        }
        Ok(())
    }
}

fn failed(doing: &str, place: &str, error: &std::io::Error) -> StorageError {
    StorageError::new("ff::write::scratch", format!("cannot {doing} `{place}`: {error}"))
        .with_help("name a folder with room by --scratch DIR or `plan { scratch: \"DIR\" }`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_come_back_whatever_the_pieces() {
        let shape = [5u64, 7, 6];
        let whole = Region::whole(&shape);
        let values: Vec<i32> = (0..210).collect();
        let block = Block::from_vec(&shape, values).unwrap();
        for piece in [[5, 7, 6], [2, 3, 4], [1, 7, 6], [5, 1, 2], [2, 7, 6]] {
            let scratch = Scratch::create(&std::env::temp_dir(), DType::I32, &shape, &piece).unwrap();
            for start in 0..5 {
                let row = Region { start: vec![start, 0, 0], shape: vec![1, 7, 6] };
                scratch.write(&row, &block.slice(&row)).unwrap();
            }
            assert_eq!(scratch.read(&whole).unwrap(), block, "{piece:?}");
            let part = Region { start: vec![1, 2, 3], shape: vec![3, 4, 2] };
            assert_eq!(scratch.read(&part).unwrap(), block.slice(&part), "{piece:?}");
        }
        let scalar = Scratch::create(&std::env::temp_dir(), DType::F64, &[], &[]).unwrap();
        scratch_scalar(&scalar);
    }

    fn scratch_scalar(scratch: &Scratch) {
        let value = Block::from_vec(&[], vec![2.5f64]).unwrap();
        scratch.write(&Region::default(), &value).unwrap();
        assert_eq!(scratch.read(&Region::default()).unwrap(), value);
    }
}
