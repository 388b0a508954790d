//! The table of serializers: in which formats storages keep results, and which is taken for what.
//!
//! A serializer is a [`Format`], so a result is written as any target is, and read as any source. It has to give back every
//! bit; dims, labels and attributes it may leave out, as a script that reads a result knows them. Two formats are there for
//! results only ([`FORMATS`](KEPT)): no sink writes them, but `open` reads them.
//!
//! | value | `local` | `s3`, `hdfs` |
//! |---|---|---|
//! | scalar, table | `json` | `json` |
//! | array, dataset | `hdf5` | `zarr` |

use super::{FORMATS, Format, hdf5, json, raw, zarr};
use crate::planner::persist::Serializer;
use crate::planner::persist::ValueKind::{self, Array, Dataset, Scalar, Table};

/// The formats that only results have.
pub static KEPT: &[Format] = &[json::FORMAT, raw::FORMAT];

/// What a storage's `{ array: zarr { … } }` may say of formats with codecs.
const CODECS: [&str; 2] = ["codec", "filters"];

/// All serializers. Where a script names none, the row is taken that is the default for the scheme of the storage and the
/// kind of value.
pub static SERIALIZERS: &[Serializer] = &[
    Serializer {
        format: hdf5::HDF5.name,
        kinds: &ValueKind::ALL,
        default_for: &[("local", Array), ("local", Dataset)],
        has_chunks: true,
        options: &CODECS,
    },
    Serializer {
        format: zarr::FORMAT.name,
        kinds: &ValueKind::ALL,
        default_for: &[("s3", Array), ("s3", Dataset), ("hdfs", Array), ("hdfs", Dataset)],
        has_chunks: true,
        options: &[CODECS[0], CODECS[1], "version"],
    },
    Serializer {
        format: json::FORMAT.name,
        kinds: &[Scalar, Table],
        default_for: &[
            ("local", Scalar),
            ("local", Table),
            ("s3", Scalar),
            ("s3", Table),
            ("hdfs", Scalar),
            ("hdfs", Table),
        ],
        has_chunks: false,
        options: &[],
    },
    Serializer { format: raw::FORMAT.name, kinds: &ValueKind::ALL, default_for: &[], has_chunks: false, options: &[] },
];

/// The format of a name, also of those that only results have.
pub fn format(name: &str) -> Option<&'static Format> {
    FORMATS.iter().chain(KEPT).find(|format| format.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_row_is_a_format_that_is_read_and_written() {
        for row in SERIALIZERS {
            let format = format(row.format).unwrap_or_else(|| panic!("{}", row.format));
            assert!(
                format.open.is_some() && format.create.is_some() && !format.extensions.is_empty(),
                "{}",
                row.format
            );
            assert!(row.default_for.iter().all(|(_, kind)| row.kinds.contains(kind)), "{}", row.format);
        }
    }

    #[test]
    fn each_storage_has_one_default_for_each_kind() {
        for scheme in ["local", "s3", "hdfs"] {
            for kind in ValueKind::ALL {
                let defaults = SERIALIZERS.iter().filter(|row| row.default_for.contains(&(scheme, kind)));
                assert_eq!(defaults.count(), 1, "{scheme} {kind:?}");
            }
        }
    }
}
