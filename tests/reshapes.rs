//! Reshapes out of core.

use functionfuse::planner::explain::{self, View, text};
use functionfuse::{Options, check, plan};

use crate::programs::oracle;
use crate::world::World;

#[test]
fn reshapes_of_many_chunks_are_numpys() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    oracle("reshapes.py", &[env!("CARGO_BIN_EXE_ffrun"), &folder.path().display().to_string()]);
}

/// The plan of a value of the array `x` of a gigabyte, and why it is so.
fn planned(value: &str) -> String {
    let script = format!("source g = open(\"grid.zarr\")\nlet r = {value}\nsink r to zarr(\"r.zarr\")\n");
    let options = Options { memory: Some(512 << 20), threads: Some(2), ..Options::default() };
    let checked = check("s.ff", &script, &options, &World).unwrap_or_else(|e| panic!("{e:?}"));
    let planned = plan(checked, &options).unwrap_or_else(|e| panic!("{e:?}"));
    let notes = explain::notes(&planned.notes);
    format!("{script}\n{}\n{notes}", text::render(&[View::Plan(planned.plan)]))
}

#[test]
fn chunks_that_fit_are_reshaped_one_by_one() {
    let [inner, outer] = ["stack(g.x, cell: [lat, lon])", "stack(g.x, cell: [time, lat])"].map(planned);
    insta::assert_snapshot!(format!("{inner}\n{outer}"));
}
