//! Reducers and stencils that scripts define, compared with NumPy; what they take is predicted.

use functionfuse::{Options, check, plan};

use crate::programs::oracle;
use crate::world::World;

#[test]
fn definitions_agree_with_numpy() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    oracle("definitions.py", &[env!("CARGO_BIN_EXE_ffrun"), &folder.path().display().to_string()]);
}

/// The bytes that a task of the first stage is predicted to take.
fn task_bytes(script: &str) -> u64 {
    let options = Options { memory: Some(1 << 30), threads: Some(2), ..Options::default() };
    let checked = check("s.ff", script, &options, &World).unwrap_or_else(|e| panic!("{e:?}"));
    plan(checked, &options).unwrap_or_else(|e| panic!("{e:?}")).plan.stages[0].cost.task
}

/// What a task of a reducer computes in is counted, besides what a reduction of the library takes.
#[test]
fn the_room_of_reducers_is_predicted() {
    let source = "source era = open(\"air.nc\")\n";
    let own = "reducer total(x) { init: {s: 0.0, n: 0}, step: {s: state.s + x * x, n: state.n + 1}, \
               merge: {s: a.s + b.s, n: a.n + b.n}, finish: state.s / state.n }\n";
    let [library, ours] =
        ["mean", "total"].map(|name| task_bytes(&format!("{source}{own}print {name}(era.air, time)")));
    assert!(ours > library + (64 << 10), "{ours} against {library}");
    let windows = |name: &str| task_bytes(&format!("{source}{own}print era.air |> coarsen(time: 4) |> {name}()"));
    assert!(windows("total") > windows("mean") + (64 << 10), "{} against {}", windows("total"), windows("mean"));
}

/// Numbers that are computed where they are needed take room as those that are read.
#[test]
fn the_room_of_ranges_is_predicted() {
    let script = "print arange(0, 4000000, 1, dim: t) |> reshape({a: 2000, b: 2000}) |> sum(a)";
    // A task takes 8 MiB of the range to make as much of the matrix.
    assert!(task_bytes(script) > 15 << 20, "{} bytes", task_bytes(script));
}
