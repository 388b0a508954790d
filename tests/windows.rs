//! Windows of all kinds, and quantiles with weights, of arrays of many chunks.

use crate::programs::oracle;

#[test]
fn windows_and_weighted_quantiles_are_those_of_xarray_in_any_chunks() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    oracle("windows.py", &[env!("CARGO_BIN_EXE_ffrun"), &folder.path().display().to_string()]);
}
