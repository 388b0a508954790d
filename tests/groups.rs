//! Groups by several keys, and by keys of several dims.

use crate::programs::oracle;

#[test]
fn groups_by_any_keys_are_those_of_xarray() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    oracle("groups.py", &[env!("CARGO_BIN_EXE_ffrun"), &folder.path().display().to_string()]);
}
