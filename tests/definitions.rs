//! Reducers and stencils that scripts define, compared with NumPy.

use crate::programs::oracle;

#[test]
fn definitions_agree_with_numpy() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    oracle("definitions.py", &[env!("CARGO_BIN_EXE_ffrun"), &folder.path().display().to_string()]);
}
