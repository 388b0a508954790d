//! The HDF5 file format, read without libhdf5.
//!
//! libhdf5 crashes on crafted files, serialises all threads and follows paths into other files; so metadata is
//! decoded here, from checked slices of positioned reads: every length comes from the file and is compared with
//! what is there before it is used, every walk is bounded by the size of the file, and nothing outside the file is
//! ever opened. Source: *HDF5 File Format Specification Version 3.0* (The HDF Group) and, where it is silent,
//! files written by libhdf5.
//!
//! [`source`] reads bytes, [`superblock`] finds the root, [`header`] lists the *messages* of an object, and
//! [`messages`], [`datatype`], [`attribute`], [`links`] understand them. [`btree`] and [`heap`] are the structures
//! messages point to, [`chunk_index`] the ways in which chunks are found.
//!
//! Deliberately absent: writing, virtual datasets, external storage and links, filtered heaps and shared message
//! tables, all of which are errors that say so.

pub mod array_index;
pub mod attribute;
pub mod btree;
pub mod chunk_index;
pub mod datatype;
pub mod header;
pub mod heap;
pub mod links;
pub mod messages;
pub mod source;
pub mod superblock;

/// Why a file, or a part of it, cannot be understood. The file's name is added by who knows it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FormatError {
    /// The operating system failed.
    #[error("{0}")]
    Io(String),
    /// There is no HDF5 signature.
    #[error("it is not an HDF5 file")]
    NotHdf5,
    /// The file ends before the size it states.
    #[error("it is cut short: {actual} bytes of {stated}")]
    Truncated {
        /// Bytes the superblock states.
        stated: u64,
        /// Bytes there are.
        actual: u64,
    },
    /// Another program holds the lock of a writer.
    #[error("another program has it open for writing")]
    Locked,
    /// A writer has it open, or died with it open.
    #[error("it is marked as open for writing")]
    BeingWritten,
    /// Something in it cannot be.
    #[error("it is damaged: {what}: {reason}")]
    Damaged {
        /// The structure.
        what: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// A feature of the format that is not read.
    #[error("{0}")]
    Unsupported(String),
}

impl FormatError {
    /// A structure that cannot be as it is.
    pub fn damaged(what: &'static str, reason: impl Into<String>) -> Self {
        FormatError::Damaged { what, reason: reason.into() }
    }
}

/// Bytes that should be text and are not UTF-8, for people.
pub fn not_utf8(bytes: &[u8]) -> String {
    const SHOWN: usize = 40;
    let more = if bytes.len() > SHOWN { "…" } else { "" };
    format!("{}{more}", bytes[..bytes.len().min(SHOWN)].escape_ascii())
}

/// The result of understanding a part of a file.
pub type Result<T, E = FormatError> = std::result::Result<T, E>;
