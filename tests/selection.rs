//! Selections of elements that lie far apart: what is read of them, and that no budget and no thread changes a byte.

use functionfuse::planner::explain::{self, View, text};
use functionfuse::{Options, check, plan};

use crate::programs::{oracle, succeed, write};
use crate::world::World;

/// The plan of a script over the array `x` of a gigabyte, and why it is so.
fn planned(script: &str) -> String {
    let script = format!("source g = open(\"grid.zarr\")\nlet x = g.x\n{script}\n");
    let options = Options { memory: Some(1 << 30), threads: Some(2), ..Options::default() };
    let checked = check("s.ff", &script, &options, &World).unwrap_or_else(|e| panic!("{e:?}"));
    let planned = plan(checked, &options).unwrap_or_else(|e| panic!("{e:?}"));
    format!("{script}\n{}\n{}", text::render(&[View::Plan(planned.plan)]), explain::notes(&planned.notes))
}

#[test]
fn only_chunks_are_read_that_hold_what_is_selected() {
    let rows = "let p = x[time: [2000, 3, 2, 900, 2001]]\nsink p to zarr(\"p.zarr\")";
    insta::assert_snapshot!("rows", planned(rows));
    let points = "let a = rename(arange(0, 256, 100), dim_0: point)\nlet p = exp(x) |> isel(lat: a, lon: a + 1)\nsink p to zarr(\"p.zarr\")";
    insta::assert_snapshot!("points", planned(points));
}

#[test]
fn budgets_and_threads_change_no_byte() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let place = folder.path().join("a.zarr").display().to_string();
    let axes = "arange(0, 40, 1, dim: t) * 7919 + arange(0, 300, 1, dim: y) * 31 + arange(0, 200, 1, dim: x) * 17";
    let make = format!(
        "let v = ((({axes}) % 1009) as f32) / 8\nsink v to zarr(\"{place}\") {{ chunks: {{t: 10, y: 60, x: 50}} }}"
    );
    succeed(&[&write(folder.path(), "make.ff", &make)]);
    let points = "let a = rename((arange(0, 700) * 7919) % 300, dim_0: p)\nlet b = rename((arange(0, 700) * 31) % 200, dim_0: p)";
    let values = [
        "v[y: a, x: b]",
        "v[t: 3, y: a, x: b]",
        "exp(v - mean(v, t)) |> isel(y: a, x: b)",
        "v[y: a, x: b] |> mean(p)",
        "v[t: [39, 0, 12, 0], x: b]",
        "v[t: a[p: 0..<50] % 40, y: a[p: 0..<50]]",
        "median(v[y: a, x: b], t)",
        "cumsum(v, t) |> isel(y: a, x: b)",
        "extract(v, v > 100, size: 500)",
        "compress(v, mean(v, t, y) > 62.9, x, size: 30, fill: -1.0)",
        "flatnonzero(v > 120, size: 1000)",
        "argwhere(v[t: 3] > 120, size: 700)",
        "histogram2d(v, v[t: 0], bins: [20, 7])",
        "quantile(v, [0.1, 0.5, 0.999], method: approx)",
        "skew(v, t)",
        "diagonal(v, rows: y, columns: x)",
        "pad(v, t: [3, 2], mode: linear_ramp)",
    ];
    for (number, value) in values.into_iter().enumerate() {
        let mut outputs = Vec::new();
        for (memory, threads) in [("16MiB", "1"), ("16MiB", "2"), ("1GiB", "2")] {
            let out = folder.path().join(format!("{number}-{memory}-{threads}.npy")).display().to_string();
            let script = format!(
                "source s = open(\"{place}\")\nlet v = s.v\n{points}\nlet r = {value}\nsink r to npy(\"{out}\")"
            );
            succeed(&[&write(folder.path(), "s.ff", &script), "--memory", memory, "--threads", threads]);
            outputs.push((memory, threads, std::fs::read(&out).expect("the output")));
        }
        for (memory, threads, bytes) in &outputs {
            assert!(*bytes == outputs[0].2, "{value} with {memory} and {threads} threads");
        }
    }
    oracle("selection.py", &[&place, &folder.path().display().to_string()]);
}
