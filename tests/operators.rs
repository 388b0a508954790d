//! Every operator with random arguments against NumPy, SciPy and xarray.

use crate::programs::oracle;

/// A new operator needs a row in `tests/oracle/operators`; without one this fails.
#[test]
fn every_operator_agrees_with_numpy_and_xarray() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let programs = [env!("CARGO_BIN_EXE_ffrun"), env!("CARGO_BIN_EXE_ffplan")];
    oracle("operators", &[programs[0], programs[1], &folder.path().display().to_string(), "7"]);
}
