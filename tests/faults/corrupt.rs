//! Damaged chunks: each is an error that names the array, the chunk and the file, never a wrong number; and what a run has
//! written stays, so that it goes on once the chunk is whole again.

use std::process::Command;

use super::{ffrun, said};

#[test]
fn damaged_chunks_are_named() {
    let Some(python) = std::env::var_os("FF_PYTHON") else {
        eprintln!("SKIPPED: FF_PYTHON is not set, so nothing was damaged");
        return;
    };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/oracle/corrupt.py");
    let made = Command::new(python).arg(script).arg(folder.path()).output().expect("Python starts");
    assert!(made.status.success(), "{}", said(&made));
    let listed = String::from_utf8_lossy(&made.stdout).into_owned();
    let mut kinds = 0;
    for line in listed.lines() {
        let [path, kind, chunk, key] = line.split('\t').collect::<Vec<_>>()[..] else { panic!("{line}") };
        let output = ffrun(folder.path(), &["-e", "sum(x)", path]).output().expect("ffrun starts");
        let (text, printed) = (said(&output), String::from_utf8_lossy(&output.stdout).into_owned());
        assert_eq!(output.status.code(), Some(3), "{kind}: {printed}{text}");
        let text: String = text.chars().filter(|c| !c.is_whitespace() && !"│×╭╰".contains(*c)).collect();
        let chunk: String = chunk.chars().filter(|c| *c != ' ').collect();
        for part in ["ff::read::", "/x", &format!("chunk{chunk}"), key] {
            assert!(text.contains(part), "{kind}: `{part}` is missing: {text}");
        }
        assert!(printed.is_empty(), "{kind}: {printed}");
        kinds += 1;
    }
    println!("figures: {kinds} kinds, each named");
    assert!(kinds >= 20, "{kinds}");
}

/// A source of more chunks than a fingerprint looks at: what an interrupted run has computed of them is not mixed with what is computed
/// of others.
#[test]
fn a_run_does_not_go_on_where_a_late_chunk_has_changed() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let run = |args: &[&str]| {
        let output = ffrun(folder.path(), args).output().expect("ffrun starts");
        let text = said(&output).split_whitespace().collect::<Vec<_>>().join(" ");
        (output.status.code(), text)
    };
    let make = "sink {x: arange(0, 4800000, 1, dim: t) + 0} to zarr(\"i.zarr\") { chunks: {t: 4000}, codec: none }\n";
    std::fs::write(folder.path().join("make.ff"), make).expect("a script");
    assert_eq!(run(&["make.ff"]).0, Some(0));
    let script = "source i = zarr(\"i.zarr\")\nsink {x: i.x * 2} to zarr(\"o.zarr\") { chunks: {t: 100000} }\n";
    std::fs::write(folder.path().join("s.ff"), script).expect("a script");
    let late = folder.path().join("i.zarr/x/c/999");
    let good = std::fs::read(&late).expect("the chunk");
    std::fs::write(&late, &good[..3]).expect("damaged");
    let (code, text) = run(&["s.ff", "--threads", "1"]);
    assert!(code == Some(3) && text.contains("objects of `o.zarr` are kept"), "{text}");
    let (code, text) = run(&["s.ff", "--threads", "1", "--resume"]);
    assert!(code == Some(3) && text.contains("going on with `o.zarr`"), "{text}");
    // In place: no folder shows it.
    std::fs::write(&late, &good).expect("mended");
    let (code, text) = run(&["s.ff", "--resume"]);
    assert!(
        code == Some(2) && text.contains("ff::run::resume") && text.contains("i.zarr/x` have changed since"),
        "{text}"
    );
    assert_eq!(run(&["s.ff"]).0, Some(0));
}

/// What is written without a word on codecs shows each flipped bit, and is what other readers read.
#[test]
fn chunks_are_written_with_checksums() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let script = "sink {x: sin(arange(0, 600, 1, dim: t) as f64)} to zarr(\"o.zarr\") { chunks: {t: 200} }\n\
                  sink {x: arange(0, 600, 1, dim: t)} to zarr(\"p.zarr\") { chunks: {t: 100}, shards: {t: 300} }\n";
    std::fs::write(folder.path().join("s.ff"), script).expect("a script");
    let output = ffrun(folder.path(), &["s.ff"]).output().expect("ffrun starts");
    assert!(output.status.success(), "{}", said(&output));
    if let Some(python) = std::env::var_os("FF_PYTHON") {
        let read = "import sys, numpy as np, zarr\nx = zarr.open('o.zarr')['x'][:]\np = zarr.open('p.zarr')['x'][:]\n\
                    assert np.allclose(x, np.sin(np.arange(600.)), rtol=1e-15) and (p == np.arange(600)).all()";
        let output =
            Command::new(python).args(["-c", read]).current_dir(folder.path()).output().expect("Python starts");
        assert!(output.status.success(), "{}", said(&output));
    }
    let chunk = folder.path().join("o.zarr/x/c/1");
    let good = std::fs::read(&chunk).expect("a chunk");
    for bit in (0..good.len() * 8).step_by(good.len() * 8 / 12) {
        let mut bad = good.clone();
        bad[bit / 8] ^= 1 << (bit % 8);
        std::fs::write(&chunk, &bad).expect("damaged");
        let output = ffrun(folder.path(), &["-e", "sum(x)", "o.zarr"]).output().expect("ffrun starts");
        let text: String = said(&output).chars().filter(|c| !c.is_whitespace() && !"│×╭╰".contains(*c)).collect();
        assert_eq!(output.status.code(), Some(3), "bit {bit}: {text}");
        assert!(
            text.contains("ff::read::decode") && text.contains("chunk[1]") && text.contains("/x"),
            "bit {bit}: {text}"
        );
    }
}
