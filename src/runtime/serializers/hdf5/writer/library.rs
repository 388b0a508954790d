//! What is asked of libhdf5, behind types that close what they open.
//!
//! Every call is made under the library's one lock. Loading of plugins is switched off before the first.

use std::ffi::CString;
use std::fs::File;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Once;

use hdf5::sync::sync;
use hdf5_sys::h5::herr_t;
use hdf5_sys::h5d::{H5Dclose, H5Dcreate2, H5Dget_space, H5Dget_type, H5Dwrite, H5Dwrite_chunk};
use hdf5_sys::h5f::{
    H5F_ACC_TRUNC, H5F_LIBVER_LATEST, H5F_libver_t, H5F_scope_t, H5Fclose, H5Fcreate, H5Fflush, H5Fget_filesize,
};
use hdf5_sys::h5g::{H5Gclose, H5Gcreate2};
use hdf5_sys::h5i::hid_t;
use hdf5_sys::h5l::H5Lexists;
use hdf5_sys::h5p::*;
use hdf5_sys::h5pl::H5PLset_loading_state;
use hdf5_sys::h5r::{H5R_type_t, H5Rcreate};
use hdf5_sys::h5s::{
    H5S_UNLIMITED, H5S_class_t, H5S_seloper_t, H5Sclose, H5Screate, H5Screate_simple, H5Sselect_hyperslab,
};
use hdf5_sys::h5t::{H5T_cset_t, H5Tclose};

use super::super::filters::Filter;
use crate::array::Scalar;

/// A handle of the library, closed when dropped.
#[derive(Debug)]
pub(super) struct Id {
    raw: hid_t,
    close: unsafe extern "C" fn(hid_t) -> herr_t,
}

impl Id {
    /// Takes over a handle; a negative one is the error that the library tells of.
    pub(super) fn new(raw: hid_t, close: unsafe extern "C" fn(hid_t) -> herr_t) -> Result<Id, String> {
        if raw < 0 { Err(reason()) } else { Ok(Id { raw, close }) }
    }

    /// The handle, for a call.
    pub(super) fn raw(&self) -> hid_t {
        self.raw
    }

    /// Closes the handle and tells whether that went well, which matters for what is written then.
    fn close(self) -> Result<(), String> {
        let this = std::mem::ManuallyDrop::new(self);
        // SAFETY: the handle is valid, and is not closed again as it is never dropped.
        status(sync(|| unsafe { (this.close)(this.raw) }))
    }
}

impl Drop for Id {
    fn drop(&mut self) {
        // SAFETY: the handle is valid until here.
        sync(|| unsafe { (self.close)(self.raw) });
    }
}

/// An error where the library returns a negative number.
pub(super) fn status(code: herr_t) -> Result<(), String> {
    if code < 0 { Err(reason()) } else { Ok(()) }
}

/// What stands before the system's number in a message.
const ERRNO: &str = "errno = ";

/// The innermost of the library's messages, or that which holds what the system said.
fn reason() -> String {
    let stack = hdf5::Error::query().ok().and_then(|error| error.stack());
    let frames: Vec<String> =
        stack.iter().flat_map(|stack| stack.iter()).map(|frame| frame.desc().to_owned()).collect();
    let told = frames.iter().rfind(|text| text.contains(ERRNO)).or(frames.last());
    told.cloned().unwrap_or_else(|| "libhdf5 failed without a reason".into())
}

/// The system's error in a message of the library, which else tells of its own memory too:
/// `file write failed: time = …, errno = 28, error message = '…', buf = 0x…`.
pub(super) fn system_error(reason: &str) -> Option<std::io::Error> {
    let (_, rest) = reason.rsplit_once(ERRNO)?;
    let digits = rest.split(|c: char| !c.is_ascii_digit()).next()?;
    digits.parse().ok().filter(|number| *number != 0).map(std::io::Error::from_raw_os_error)
}

/// A name for the library.
pub(super) fn c_string(text: &str) -> Result<CString, String> {
    CString::new(text).map_err(|_| format!("the name {text:?} holds a NUL"))
}

/// Attributes and links remember the order in which they were made.
const TRACKED: std::os::raw::c_uint = H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED;

/// Around the former end of a file, where a chunk is looked for that was stored last: what the library keeps together of small
/// pieces is no larger.
const AROUND: u64 = 8 << 10;

/// Bytes by which a chunk is recognised.
const HEAD: usize = 64;

/// A file being made.
#[derive(Debug)]
pub(super) struct NewFile {
    /// The same, as the system sees it.
    bytes: File,
    /// For making links.
    links: Id,
    /// For making groups.
    groups: Id,
    file: Id,
}

/// How a dataset is to be stored.
pub(super) struct Creation<'a> {
    /// Elements of a chunk; none for one piece.
    pub(super) chunk: Option<&'a [u64]>,
    /// What is done to chunks.
    pub(super) filters: &'a [Filter],
    /// The bytes of the fill value, where it is not zero.
    pub(super) fill: Option<&'a [u8]>,
    /// Which axes may grow; all have an entry, or none has where none may.
    pub(super) unlimited: &'a [bool],
}

/// How values reach a dataset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layout {
    /// In one piece.
    Contiguous,
    /// As filtered chunks.
    Chunked,
    /// As texts of any length.
    Texts,
}

fn start() {
    static START: Once = Once::new();
    // SAFETY: the library takes a bit mask here, whatever the binding says; none set means no plugins.
    START.call_once(|| {
        let _ = sync(|| unsafe { H5PLset_loading_state(std::ptr::null_mut()) });
    });
}

fn properties(class: hid_t, set: impl Fn(hid_t) -> [herr_t; 3]) -> Result<Id, String> {
    // SAFETY: the class is one of the library's own; `set` is given a list of that class.
    let list = Id::new(sync(|| unsafe { H5Pcreate(class) }), H5Pclose)?;
    sync(|| set(list.raw).into_iter().try_for_each(status)).map(|()| list)
}

impl NewFile {
    /// Makes a file, in place of what may lie there.
    pub(super) fn create(path: &Path) -> Result<NewFile, String> {
        start();
        let name = CString::new(path.as_os_str().as_bytes()).map_err(|_| "its name holds a NUL".to_owned())?;
        // SAFETY: each call is given a property list of the class it is for.
        let (access, creation, groups, links) = unsafe {
            let oldest = H5F_libver_t::H5F_LIBVER_V18;
            let access = properties(*H5P_CLS_FILE_ACCESS, |list| {
                [H5Pset_libver_bounds(list, oldest, H5F_LIBVER_LATEST), H5Pset_file_locking(list, 0, 1), 0]
            })?;
            let ordered = |list| {
                [
                    H5Pset_link_creation_order(list, TRACKED),
                    H5Pset_attr_creation_order(list, TRACKED),
                    H5Pset_obj_track_times(list, 0),
                ]
            };
            let creation = properties(*H5P_CLS_FILE_CREATE, ordered)?;
            let groups = properties(*H5P_CLS_GROUP_CREATE, ordered)?;
            let utf8 = H5T_cset_t::H5T_CSET_UTF8;
            let links = properties(*H5P_CLS_LINK_CREATE, |list| [H5Pset_char_encoding(list, utf8), 0, 0])?;
            (access, creation, groups, links)
        };
        // SAFETY: the name is a C string, the lists are of the classes asked for.
        let raw = sync(|| unsafe { H5Fcreate(name.as_ptr(), H5F_ACC_TRUNC, creation.raw, access.raw) });
        let file = Id::new(raw, H5Fclose)?;
        let bytes = File::open(path).map_err(|error| format!("{ERRNO}{}", error.raw_os_error().unwrap_or(0)))?;
        Ok(NewFile { bytes, links, groups, file })
    }

    /// The bytes of the file, with what is not written yet.
    pub(super) fn size(&self) -> Result<u64, String> {
        let mut size = 0;
        // SAFETY: the file is open, and the call writes one number.
        status(sync(|| unsafe { H5Fget_filesize(self.file.raw, &raw mut size) }))?;
        Ok(size)
    }

    /// Where the bytes of the chunk lie that was stored last, when the file ended at `end`: there, as a rule. The library has no quick
    /// way to ask. What is found is the first place of the same beginning; whoever reads it has to look at the rest.
    pub(super) fn find(&self, chunk: &[u8], end: u64) -> Option<u64> {
        let head = &chunk[..chunk.len().min(HEAD)];
        let mut there = [0; HEAD];
        let there = &mut there[..head.len()];
        if head.is_empty() || self.bytes.read_exact_at(there, end).is_ok() && there == head {
            return (!head.is_empty()).then_some(end);
        }
        let first = end.saturating_sub(AROUND);
        let mut window = vec![0; 2 * AROUND as usize];
        let len = self.bytes.read_at(&mut window, first).ok()?;
        window[..len].windows(head.len()).position(|bytes| bytes == head).map(|at| first + at as u64)
    }

    /// The root group, for attributes.
    pub(super) fn root(&self) -> hid_t {
        self.file.raw
    }

    /// Makes the groups above `path` that are not there.
    fn groups_above(&self, path: &str) -> Result<(), String> {
        let mut at = String::new();
        let (parents, _) = path.trim_matches('/').rsplit_once('/').unwrap_or(("", ""));
        for part in parents.split('/').filter(|part| !part.is_empty()) {
            at = format!("{at}/{part}");
            let name = c_string(&at)?;
            // SAFETY: the file is open, the name a C string, the lists of the classes asked for.
            let (links, groups, file) = (self.links.raw, self.groups.raw, self.file.raw);
            if sync(|| unsafe { H5Lexists(file, name.as_ptr(), H5P_DEFAULT) }) <= 0 {
                Id::new(sync(|| unsafe { H5Gcreate2(file, name.as_ptr(), links, groups, H5P_DEFAULT) }), H5Gclose)?;
            }
        }
        Ok(())
    }

    /// Makes a dataset at `path`, with the groups above it.
    pub(super) fn dataset(
        &self,
        path: &str,
        element: Id,
        shape: &[u64],
        creation: &Creation,
    ) -> Result<Dataset, String> {
        self.groups_above(path)?;
        let space = growing_space(shape, creation.unlimited)?;
        // SAFETY: the list is of the class of each call.
        let list = unsafe {
            properties(*H5P_CLS_DATASET_CREATE, |list| {
                [H5Pset_attr_creation_order(list, TRACKED), H5Pset_obj_track_times(list, 0), 0]
            })?
        };
        // SAFETY: the slices are valid for the lengths given; the fill value has the bytes of `element`.
        sync(|| unsafe {
            if let Some(chunk) = creation.chunk {
                status(H5Pset_chunk(list.raw, chunk.len() as i32, chunk.as_ptr()))?;
            }
            for filter in creation.filters {
                status(match filter {
                    Filter::Shuffle(_) => H5Pset_shuffle(list.raw),
                    Filter::Deflate(level) => H5Pset_deflate(list.raw, u32::from(*level)),
                    Filter::Fletcher32 => H5Pset_fletcher32(list.raw),
                    other => return Err(format!("the filter {} is not written", other.name())),
                })?;
            }
            if let Some(fill) = creation.fill {
                status(H5Pset_fill_value(list.raw, element.raw, fill.as_ptr().cast()))?;
            }
            Ok(())
        })?;
        let name = c_string(path)?;
        let (file, links) = (self.file.raw, self.links.raw);
        // SAFETY: all handles are open and of the kinds asked for.
        let raw =
            sync(|| unsafe { H5Dcreate2(file, name.as_ptr(), element.raw, space.raw, links, list.raw, H5P_DEFAULT) });
        Ok(Dataset { id: Id::new(raw, H5Dclose)? })
    }

    /// A reference to the object at `path`, as attributes of dimension scales hold it.
    pub(super) fn reference(&self, path: &str) -> Result<u64, String> {
        let name = c_string(path)?;
        let mut reference = 0u64;
        let target = (&raw mut reference).cast();
        // SAFETY: an object reference takes the eight bytes of `reference`.
        status(sync(|| unsafe { H5Rcreate(target, self.file.raw, name.as_ptr(), H5R_type_t::H5R_OBJECT1, -1) }))?;
        Ok(reference)
    }

    /// Writes all that is not yet in the file, and closes it.
    pub(super) fn close(self) -> Result<(), String> {
        let NewFile { links, groups, file, bytes: _ } = self;
        drop((links, groups));
        // SAFETY: the file is open.
        status(sync(|| unsafe { H5Fflush(file.raw, H5F_scope_t::H5F_SCOPE_GLOBAL) }))?;
        file.close()
    }
}

/// A dataspace of this shape.
pub(super) fn simple_space(shape: &[u64]) -> Result<Id, String> {
    // SAFETY: the shape is valid for its length; no greatest shape is given.
    let raw = sync(|| unsafe {
        if shape.is_empty() {
            H5Screate(H5S_class_t::H5S_SCALAR)
        } else {
            H5Screate_simple(shape.len() as i32, shape.as_ptr(), std::ptr::null())
        }
    });
    Id::new(raw, H5Sclose)
}

/// A dataspace of this shape of which some axes may grow.
fn growing_space(shape: &[u64], unlimited: &[bool]) -> Result<Id, String> {
    if !unlimited.contains(&true) || unlimited.len() != shape.len() {
        return simple_space(shape);
    }
    let largest: Vec<u64> =
        shape.iter().zip(unlimited).map(|(&n, &grows)| if grows { H5S_UNLIMITED } else { n }).collect();
    // SAFETY: both shapes are valid for their length.
    let raw = sync(|| unsafe { H5Screate_simple(shape.len() as i32, shape.as_ptr(), largest.as_ptr()) });
    Id::new(raw, H5Sclose)
}

/// A dataspace that holds nothing.
pub(super) fn null_space() -> Result<Id, String> {
    // SAFETY: there is nothing to get wrong.
    Id::new(sync(|| unsafe { H5Screate(H5S_class_t::H5S_NULL) }), H5Sclose)
}

/// A dataset being written.
#[derive(Debug)]
pub(super) struct Dataset {
    id: Id,
}

impl Dataset {
    /// The handle, for attributes.
    pub(super) fn raw(&self) -> hid_t {
        self.id.raw
    }

    /// Closes it.
    pub(super) fn close(self) -> Result<(), String> {
        self.id.close()
    }

    /// Stores the filtered bytes of the chunk that begins at `start`.
    pub(super) fn write_chunk(&self, start: &[u64], bytes: &[u8]) -> Result<(), String> {
        if u32::try_from(bytes.len()).is_err() {
            return Err("a chunk of more than 4 GiB".into());
        }
        // SAFETY: the dataset is open and chunked, `start` has its rank, `bytes` is valid for its length.
        status(sync(|| unsafe {
            H5Dwrite_chunk(self.id.raw, H5P_DEFAULT, 0, start.as_ptr(), bytes.len(), bytes.as_ptr().cast())
        }))
    }

    /// Stores values of the dataset's own type in a region.
    pub(super) fn write_region(&self, start: &[u64], shape: &[u64], bytes: &[u8]) -> Result<(), String> {
        if shape.contains(&0) {
            return Ok(());
        }
        // SAFETY: the dataset is open.
        let element = Id::new(sync(|| unsafe { H5Dget_type(self.id.raw) }), H5Tclose)?;
        let (memory, file) = (simple_space(shape)?, Id::new(sync(|| unsafe { H5Dget_space(self.id.raw) }), H5Sclose)?);
        // SAFETY: start and shape have the dataset's rank; `bytes` holds as many elements as `shape` has.
        sync(|| unsafe {
            if !shape.is_empty() {
                let (set, none) = (H5S_seloper_t::H5S_SELECT_SET, std::ptr::null());
                status(H5Sselect_hyperslab(file.raw, set, start.as_ptr(), none, shape.as_ptr(), none))?;
            }
            status(H5Dwrite(self.id.raw, element.raw, memory.raw, file.raw, H5P_DEFAULT, bytes.as_ptr().cast()))
        })
    }

    /// Stores texts in a region.
    pub(super) fn write_texts(&self, start: &[u64], shape: &[u64], texts: &[Scalar]) -> Result<(), String> {
        let texts: Vec<CString> = texts.iter().map(c_text).collect();
        let pointers: Vec<u8> = texts.iter().flat_map(|text| (text.as_ptr() as usize).to_ne_bytes()).collect();
        self.write_region(start, shape, &pointers)
    }
}

/// A text up to its first NUL.
pub(super) fn c_text(scalar: &Scalar) -> CString {
    let text = match scalar {
        Scalar::Str(text) => text.to_string(),
        other => other.to_string(),
    };
    CString::new(text.split('\0').next().unwrap_or_default()).unwrap_or_default()
}
