//! Random numbers as scripts draw them: their distributions, and that only seed and position count.

use std::path::Path;

use crate::programs::{oracle, succeed, write};

/// A script that writes one value, run with these options; the bytes of what it wrote.
fn run(folder: &Path, value: &str, sink: &str, options: &[&str]) -> Vec<u8> {
    let out = folder.join("out.npy").display().to_string();
    let script = format!("let r = {value}\nsink r{sink} to npy(\"{out}\")");
    let script = write(folder, "s.ff", &script);
    succeed(&[&[script.as_str(), "--overwrite"], options].concat());
    std::fs::read(out).expect("the output")
}

const SHAPE: &str = "{t: 301, y: 97, x: 53}";

#[test]
fn chunks_threads_budgets_and_instructions_change_no_number() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for call in [
        "random.uniform(SHAPE, seed: 3)",
        "random.normal(SHAPE, 2, 0.5, dtype: f32)",
        "random.integers(SHAPE, -5, 100, dtype: i16)",
        "random.integers(SHAPE, 1 << 40)",
        "random.exponential(SHAPE)",
        "random.poisson(SHAPE, 40)",
        "random.binomial(SHAPE, 60, 0.6)",
        "random.normal(SHAPE) - random.normal(SHAPE, seed: 1)[t: 0]",
    ] {
        let call = call.replace("SHAPE", SHAPE);
        let first = run(folder.path(), &call, "", &[]);
        for (sink, options) in [
            ("", ["--threads", "1", "--memory", "24MiB"]),
            ("", ["--threads", "2", "--memory", "40MiB"]),
            ("", ["--threads", "2", "--simd", "baseline"]),
            (" |> rechunk(t: 7, y: 10)", ["--threads", "2", "--memory", "1GiB"]),
        ] {
            assert!(run(folder.path(), &call, sink, &options) == first, "{call}{sink} {options:?}");
        }
        let part = run(folder.path(), &format!("({call})[t: 3..<300, y: (0..<97) step 5, x: -1]"), "", &[]);
        let whole = write(folder.path(), "whole.npy", "");
        std::fs::write(&whole, &first).expect("the folder can be written");
        let again = format!("source a = npy(\"{whole}\") {{dims: [t, y, x]}}\nlet w = a");
        let script = format!("{again}\nsink w[t: 3..<300, y: (0..<97) step 5, x: -1] to npy(\"{whole}.part\")");
        succeed(&[&write(folder.path(), "part.ff", &script), "--overwrite"]);
        assert!(std::fs::read(format!("{whole}.part")).expect("the output") == part, "a part of {call}");
    }
}

#[test]
fn distributions_are_scipys() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    oracle("draws.py", &[env!("CARGO_BIN_EXE_ffrun"), &folder.path().display().to_string()]);
}
