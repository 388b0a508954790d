//! Levels, each made of the one before (a pyramid): one pass over the source, and the values of each level made alone.

use std::path::Path;

use functionfuse::planner::explain::{self, View, text};
use functionfuse::{Options, check, plan};

use crate::programs::{succeed, write};
use crate::world::World;

#[test]
fn a_pyramid_reads_its_source_once() {
    let script = r#"source g = open("grid.zarr")
fn halved(x) = x |> coarsen(lat: 2, lon: 2) |> mean()
let l1 = halved(g.x)
let l2 = halved(l1)
let l3 = halved(l2)
sink l1 to zarr("l1.zarr") { chunks: {time: 24, lat: 128, lon: 192} }
sink l2 to zarr("l2.zarr") { chunks: {time: 96, lat: 64, lon: 96} }
sink l3 to zarr("l3.zarr") { chunks: {time: 2557, lat: 32, lon: 48} }
"#;
    let options = Options { memory: Some(448 << 20), threads: Some(2), ..Options::default() };
    let checked = check("s.ff", script, &options, &World).unwrap_or_else(|e| panic!("{e:?}"));
    let planned = plan(checked, &options).unwrap_or_else(|e| panic!("{e:?}"));
    let notes = explain::notes(&planned.notes);
    insta::assert_snapshot!("pyramid", format!("{script}\n{}\n{notes}", text::render(&[View::Plan(planned.plan)])));
}

/// The bytes of `levels` levels of a pyramid over an array of odd sizes, by name.
fn pyramid(folder: &Path, (first, levels): (usize, usize), options: &[&str]) -> Vec<Vec<u8>> {
    let halved = |n: usize| format!("(x{} |> coarsen(y: 2, x: 2, boundary: trim) |> mean())", n - 1);
    let defined: String = (1..=levels).map(|n| format!("let x{n} = {}\n", halved(n))).collect();
    let place = |n: usize| folder.join(format!("l{n}.npy")).display().to_string();
    let sinks: String = (first..=levels).map(|n| format!("sink x{n} to npy(\"{}\")\n", place(n))).collect();
    let source = folder.join("a.zarr").display().to_string();
    let script = format!("source a = open(\"{source}\")\nlet x0 = a.v\n{defined}{sinks}");
    let script = write(folder, "s.ff", &script);
    succeed(&[&[script.as_str(), "--overwrite"][..], options].concat());
    (first..=levels).map(|n| std::fs::read(place(n)).expect("a level")).collect()
}

#[test]
fn levels_are_what_they_are_alone() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = folder.path();
    let place = folder.join("a.zarr").display().to_string();
    let script = format!(
        "let i = arange(0, 1501, 1, dim: y) * 7919 + arange(0, 1003, 1, dim: x) * 31
let v = ((i % 1009) as f32) where i % 13 != 4
sink v to zarr(\"{place}\") {{ chunks: {{y: 100, x: 120}} }}"
    );
    succeed(&[&write(folder, "make.ff", &script)]);
    let alone: Vec<Vec<u8>> = (1..=5).flat_map(|n| pyramid(folder, (n, n), &["--memory", "1GiB"])).collect();
    for (memory, threads) in [("8MiB", "1"), ("8MiB", "2"), ("24MiB", "2"), ("1GiB", "2")] {
        let together = pyramid(folder, (1, 5), &["--memory", memory, "--threads", threads]);
        for (n, (together, alone)) in together.iter().zip(&alone).enumerate() {
            assert!(together == alone, "level {} with {memory} and {threads} threads", n + 1);
        }
    }
}

/// Makes an array with holes of 60 x 100 x 601 doubles, in chunks that are short along `t`.
fn make(folder: &Path) -> String {
    let place = folder.join("b.zarr").display().to_string();
    let script = format!(
        "let i = arange(0, 60, 1, dim: t) * 7919 + arange(0, 100, 1, dim: y) * 31 + arange(0, 601, 1, dim: x) * 17
let v = ((i % 100003) as f64 / 7) where i % 13 != 4
sink v to zarr(\"{place}\") {{ chunks: {{t: 2, y: 100, x: 601}} }}"
    );
    succeed(&[&write(folder, "make.ff", &script)]);
    place
}

/// The bytes of what a script writes to `NAME.npy`, by the names.
fn written(folder: &Path, (script, names): (&str, &[&str]), options: &[&str]) -> Vec<Vec<u8>> {
    let place = |name: &str| folder.join(format!("{name}.npy")).display().to_string();
    let sinks: String = names.iter().map(|name| format!("sink {name} to npy(\"{}\")\n", place(name))).collect();
    let source = folder.join("b.zarr").display().to_string();
    let script =
        write(folder, "s.ff", &format!("source stored = open(\"{source}\")\nlet v = stored.v\n{script}\n{sinks}"));
    succeed(&[&[script.as_str(), "--overwrite"][..], options].concat());
    names.iter().map(|name| std::fs::read(place(name)).expect("an output")).collect()
}

/// Reductions that share a stage are cut into rows, strips and tiles together: no budget may show in their sums.
#[test]
fn reductions_side_by_side_do_not_depend_on_the_budget() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = folder.path();
    make(folder);
    let script = "let a = std(v, t)\nlet b = mean(v, x)\nlet c = var(v, y)\nlet d = argmax(v * 2, t)";
    let names = ["a", "b", "c", "d"];
    let expected = written(folder, (script, &names), &["--memory", "1GiB", "--threads", "1"]);
    for (memory, threads) in [("6MiB", "2"), ("12MiB", "1"), ("24MiB", "2"), ("1GiB", "2")] {
        let found = written(folder, (script, &names), &["--memory", memory, "--threads", threads]);
        for ((found, expected), name) in found.iter().zip(&expected).zip(names) {
            assert!(found == expected, "{name} with {memory} and {threads} threads");
        }
    }
}

/// Values that are finished beside finer ones: scans among them, and windows longer than a task of the finer value.
#[test]
fn coarser_values_are_what_they_are_alone() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = folder.path();
    make(folder);
    let scripts = [
        "let fine = v * 2\nlet c = (v |> coarsen(y: 4, x: 4, boundary: trim) |> mean()) |> cumsum(t)
let d = c |> coarsen(y: 2, x: 2, boundary: trim) |> mean()",
        "let fine = v * 2\nlet c = v |> coarsen(t: 20) |> mean()\nlet d = c |> coarsen(t: 3) |> max()",
        "let fine = v * 2\nlet c = v[t: 0..<6]\nlet d = c |> coarsen(t: 2) |> mean()",
    ];
    for script in scripts {
        let names = ["fine", "c", "d"];
        let alone: Vec<_> = names.iter().flat_map(|name| written(folder, (script, &[name]), &[])).collect();
        for (memory, threads) in [("24MiB", "2"), ("1GiB", "1"), ("1GiB", "2")] {
            let together = written(folder, (script, &names), &["--memory", memory, "--threads", threads]);
            for ((together, alone), name) in together.iter().zip(&alone).zip(names) {
                assert!(together == alone, "{name} of {script} with {memory} and {threads} threads");
            }
        }
    }
}
