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
