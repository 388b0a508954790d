//! Chunks that are missing because their store goes away are no fill.

use std::path::Path;

use super::{codec, spec, write};
use crate::array::{DType, Scalar};
use crate::runtime::serializers::zarr::open;
use crate::runtime::serializers::{ArraySpec, TargetOptions};
use crate::runtime::storage::{Place, Storages};

/// Copies what lies below a folder to a place.
fn copy(folder: &Path, to: &Place) {
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let below = to.join(&entry.file_name().to_string_lossy());
        match entry.path().is_dir() {
            true => copy(&entry.path(), &below),
            false => below.write(&std::fs::read(entry.path()).unwrap()).unwrap(),
        }
    }
}

fn remove(place: &Place) {
    place.storage.remove(&place.key).unwrap();
}

#[test]
fn a_store_that_goes_while_it_is_read_is_no_fill() {
    let directory = tempfile::tempdir().unwrap();
    let array = ArraySpec {
        codecs: Some(vec![codec("none")]),
        fill: Some(Scalar::Int(-1)),
        ..spec("/a", DType::I32, &["y"], &[9], &[4])
    };
    for (version, root, own, chunk) in [(3, "zarr.json", "a/zarr.json", "a/c/1"), (2, ".zmetadata", "a/.zarray", "a/1")]
    {
        let made = directory.path().join(format!("v{version}.zarr"));
        write(
            &made,
            std::slice::from_ref(&array),
            &TargetOptions { version: Some(version), ..TargetOptions::default() },
        );
        let remote = Storages::default().place(&format!("memory://absence/v{version}.zarr")).unwrap();
        for place in [Place::local(&directory.path().join(format!("copy{version}.zarr"))), remote] {
            let begun = || {
                copy(&made, &place);
                open(&place).unwrap().reader("/a").unwrap()
            };
            let shown = format!("{place}, version {version}");
            let reader = begun();
            remove(&place.join(chunk));
            let fill = vec![Scalar::Int(-1); 4];
            assert_eq!(reader.read_chunk(&[1]).unwrap().scalars(), fill, "{shown}");
            assert_eq!(reader.read_chunk(&[1]).unwrap().scalars(), fill, "{shown}");
            reader.confirm().unwrap();
            // What was missing was missing of an array that is gone by the end.
            remove(&place.join(own));
            let error = reader.confirm().unwrap_err();
            assert!(error.message.contains("the array is no longer there"), "{shown}: {error}");

            let reader = begun();
            for key in [own, root, chunk] {
                remove(&place.join(key));
            }
            let error = reader.read_chunk(&[1]).unwrap_err();
            assert!(error.message.contains("chunk [1] of the array `/a`"), "{shown}: {error}");
            assert!(error.message.contains("the array is no longer there"), "{shown}: {error}");
            assert_eq!(reader.read_chunk(&[2]).unwrap().shape(), [1], "{shown}: what is there is read");

            let reader = begun();
            let text = String::from_utf8(place.join(root).read(1 << 20).unwrap().unwrap()).unwrap();
            place.join(root).write(text.replace("int32", "int64").replace("<i4", "<i8").as_bytes()).unwrap();
            remove(&place.join(chunk));
            let error = reader.read_chunk(&[1]).unwrap_err();
            assert!(error.message.contains("has become another"), "{shown}: {error}");

            let reader = begun();
            reader.read_chunk(&[1]).unwrap();
            remove(&place.join(own));
            reader.confirm().unwrap_or_else(|e| panic!("{shown}: nothing was missing: {e}"));
        }
    }
}
