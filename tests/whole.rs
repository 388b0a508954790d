//! Quantiles and orders out of core: how they are planned, and that no budget and no thread changes a byte.

use std::path::Path;

use functionfuse::planner::explain::{self, View, text};
use functionfuse::{Options, check, plan};

use crate::programs::{ffrun, succeed, write};
use crate::world::World;

/// The plan of a script over the array `x` of a gigabyte, and why it is so.
fn planned(script: &str, memory: u64) -> String {
    let script = format!("source g = open(\"grid.zarr\")\nlet x = g.x\n{script}\n");
    let options = Options { memory: Some(memory << 20), threads: Some(2), ..Options::default() };
    let checked = check("s.ff", &script, &options, &World).unwrap_or_else(|e| panic!("{e:?}"));
    let planned = plan(checked, &options).unwrap_or_else(|e| panic!("{e:?}"));
    let notes = explain::notes(&planned.notes);
    format!("{script}\n{}\n{notes}", text::render(&[View::Plan(planned.plan)]))
}

#[test]
fn chunks_that_are_short_along_an_axis_go_through_scratch() {
    let map = "let q90 = quantile(x, 0.9, time)\nsink q90 to zarr(\"q90.zarr\")";
    insta::assert_snapshot!("through_scratch", planned(map, 512));
    insta::assert_snapshot!("kept_decoded", planned(map, 4096));
    let spectrum = "let f = rfft(x, time)\nsink f to zarr(\"f.zarr\")";
    insta::assert_snapshot!("transform_through_scratch", planned(spectrum, 512));
}

#[test]
fn orders_are_computed_as_they_are_written() {
    let chunks = "{ chunks: {time: 2557, lat: 8, lon: 384} }";
    let sorted = format!("let s = sort(abs(x), time) * 2\nsink s to zarr(\"s.zarr\") {chunks}");
    insta::assert_snapshot!("in_line", planned(&sorted, 512));
    let rows = "let s = sort(x, lon)\nsink s to zarr(\"s.zarr\") { chunks: {time: 24, lat: 256, lon: 384} }";
    insta::assert_snapshot!("rows", planned(rows, 512));
    let short = "let s = topk(x, 5, time)\nlet m = mean(s)\nprint m\nprint median(x[time: 0..<48] - s[time: 0])";
    insta::assert_snapshot!("finished_first", planned(short, 512));
}

/// Makes an array with holes, in chunks that are short along `t`.
fn make(folder: &Path) -> String {
    let place = folder.join("a.zarr").display().to_string();
    let axes =
        "(arange(0, 96, 1, dim: t) * 7919 + arange(0, 300, 1, dim: y) * 31 + arange(0, 200, 1, dim: x) * 17) % 1009";
    let script = format!(
        "let i = {axes}\nlet v = ((i as f32) / 8) where i % 13 != 4\nsink v to zarr(\"{place}\") {{ chunks: {{t: 4, y: 300, x: 200}} }}"
    );
    succeed(&[&write(folder, "make.ff", &script)]);
    place
}

#[test]
fn budgets_and_threads_change_no_byte() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let source = make(folder.path());
    let values = [
        "quantile(v, 0.9, t)",
        "quantile(v * 2, [0.1, 0.5], t, y)",
        "median(v + mean(v, t), x)",
        "sort(v, t)[t: 0..<50]",
        "argsort(v - 1, y)",
        "topk(v, 3, t) + 1",
        "v - median(v, t)",
        "sort(v, t) - sort(v, x, descending: true)",
        "mean(argtopk(v, 2, t), t)",
        "quantile(sort(v, x), 0.5, y, method: nearest)",
    ];
    for (number, value) in values.into_iter().enumerate() {
        let mut outputs = Vec::new();
        for (memory, threads) in [("6MiB", "1"), ("6MiB", "2"), ("16MiB", "2"), ("1GiB", "1"), ("1GiB", "2")] {
            let out = folder.path().join(format!("{number}-{memory}-{threads}.npy")).display().to_string();
            let script =
                format!("source a = open(\"{source}\")\nlet v = a.v\nlet r = {value}\nsink r to npy(\"{out}\")");
            succeed(&[&write(folder.path(), "s.ff", &script), "--memory", memory, "--threads", threads]);
            outputs.push((memory, threads, std::fs::read(out).expect("the output")));
        }
        for (memory, threads, bytes) in &outputs {
            assert!(*bytes == outputs[0].2, "{value} with {memory} and {threads} threads");
        }
    }
}

#[test]
fn an_axis_that_does_not_fit_is_refused() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let source = make(folder.path());
    let script = format!("source a = open(\"{source}\")\nprint median(a.v)");
    let script = write(folder.path(), "s.ff", &script);
    let output = ffrun(&[&script, "--memory", "8MiB"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        output.status.code() == Some(1) && said.contains("ff::plan::memory") && said.contains("--memory"),
        "{said}"
    );
    succeed(&[&script, "--memory", "256MiB"]);
}
