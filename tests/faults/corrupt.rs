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
