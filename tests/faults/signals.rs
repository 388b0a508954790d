//! SIGINT and SIGTERM: whatever a run is at, it is gone soon, and what it has written is there to go on from.

use std::path::Path;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use functionfuse::runtime::journal::Found;

use super::{Bench, CASES, ffrun, random, said, share};

/// A signal is heeded within two seconds, on machines that do nothing else.
const SOON: Duration = Duration::from_secs(3);

fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill").args([name, &child.id().to_string()]).status();
    assert!(sent.is_ok_and(|sent| sent.success()));
}

/// Objects that are stored in the staging areas of a folder.
fn stored(folder: &Path) -> u64 {
    let areas = std::fs::read_dir(folder).expect("the folder").flatten();
    areas.map(|area| Found::read(&area.path().join(".ff-journal")).map_or(0, |found| found.stored())).sum()
}

/// Interrupts a run after a while; its exit code, what it said, and how long it took to end.
fn interrupted(mut command: Command, after: Duration, name: &str) -> (Option<i32>, String, Duration) {
    let child = command.spawn().expect("ffrun starts");
    std::thread::sleep(after);
    interrupt(child, name)
}

/// The same, at some time after something has come true.
fn interrupted_when(mut command: Command, is_true: impl Fn() -> bool, name: &str) -> (Option<i32>, String, Duration) {
    let mut child = command.spawn().expect("ffrun starts");
    while !is_true() && child.try_wait().expect("it is asked").is_none() {
        std::thread::sleep(Duration::from_millis(10));
    }
    std::thread::sleep(Duration::from_millis(700));
    interrupt(child, name)
}

fn interrupt(child: Child, name: &str) -> (Option<i32>, String, Duration) {
    signal(&child, name);
    let begun = Instant::now();
    let output = child.wait_with_output().expect("it ends");
    (output.status.code(), said(&output), begun.elapsed())
}

#[test]
fn interrupted_at_any_moment_a_run_goes_on() {
    let mut state = 3;
    let mut kept = 0;
    for case in CASES {
        let bench = Bench::new(case);
        for round in 0..share(2, 30) {
            let folder = bench.trial();
            let name = if round % 2 == 0 { "-INT" } else { "-TERM" };
            // Not so soon that the program has not begun: until then the system's own way of ending it holds.
            let after = 0.03 + bench.seconds * (random(&mut state) % 1000) as f64 / 1000.0;
            let (code, text, took) = interrupted(ffrun(&folder, &["s.ff"]), Duration::from_secs_f64(after), name);
            assert!(took < SOON, "{}: {took:?}", case.name);
            assert!(bench.is_whole(&folder), "{}", case.name);
            match code {
                Some(0) => bench.assert_done(&folder, "before the signal"),
                Some(130) => {
                    kept += u64::from(text.contains("are kept"));
                    assert!(text.is_empty() || text.contains("ff::run::interrupted"), "{text}");
                    bench.resume(&folder, &[], "after a signal");
                }
                // It had only just begun.
                None => bench.resume(&folder, &[], "after a signal"),
                other => panic!("{}: {other:?} {text}", case.name),
            }
        }
    }
    println!("figures: {kept} left something");
}

#[test]
fn a_signal_is_heeded_whatever_a_run_is_at() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let large = "let x = arange(0, 100000000000, 1, dim: x)\n";
    let chunks = "sink {x: arange(0, 400000000, 1, dim: x) as f64} to zarr(\"in.zarr\") { chunks: {x: 1000} }\n";
    for (stage, script) in [
        ("reducing", format!("{large}print sum(x)")),
        ("writing zarr", format!("{large}sink {{x: x}} to zarr(\"o.zarr\") {{ chunks: {{x: 1000}} }}")),
        ("writing small chunks", chunks.to_owned()),
        ("writing netcdf", format!("{large}sink {{x: x}} to netcdf(\"o.nc\") {{ chunks: {{x: 1000}} }}")),
        ("a scan", format!("{large}sink {{x: cumsum(x)}} to zarr(\"o.zarr\")")),
        ("whole axes", "print median(random.normal([20000, 4000]))".to_owned()),
        (
            "products",
            "let a = random.normal({i: 6000, k: 6000})\nprint sum(matmul(a, rename(a, i: k, k: j)))".to_owned(),
        ),
    ] {
        std::fs::write(folder.path().join("s.ff"), script).expect("a script");
        for name in ["-INT", "-TERM"] {
            let writes = stage.starts_with("writing");
            let begun = || if writes { stored(folder.path()) > 0 } else { true };
            let (code, text, took) = interrupted_when(ffrun(folder.path(), &["s.ff"]), begun, name);
            assert!(code == Some(130) && text.contains("ff::run::interrupted"), "{stage}: {code:?} {text}");
            assert!(took < SOON, "{stage}: {took:?}");
            if writes {
                assert!(text.contains("are kept") && text.contains("ffrun s.ff --resume"), "{stage}: {text}");
            }
            let areas: Vec<_> = std::fs::read_dir(folder.path()).expect("the folder").flatten().collect();
            areas
                .iter()
                .filter(|area| area.path().is_dir())
                .for_each(|area| drop(std::fs::remove_dir_all(area.path())));
        }
    }
}

/// While planning nothing has begun: the program ends at once, with the same exit code.
#[test]
fn a_signal_while_planning_ends_the_program() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let pipe = folder.path().join("s.ff");
    let made = Command::new("mkfifo").arg(&pipe).status();
    assert!(made.is_ok_and(|made| made.success()));
    for name in ["-INT", "-TERM"] {
        let (code, text, took) = interrupted(ffrun(folder.path(), &["s.ff"]), Duration::from_millis(300), name);
        assert!(code == Some(130) && text.is_empty() && took < SOON, "{code:?} {took:?} {text}");
    }
}

#[test]
fn a_second_signal_leaves_at_once() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    // One task that takes long and does not look up: the first signal would have it dropped after a while.
    let script = "print sum(sort(random.normal([30000000]), dim_0))";
    std::fs::write(folder.path().join("s.ff"), script).expect("a script");
    let child = ffrun(folder.path(), &["s.ff"]).spawn().expect("ffrun starts");
    std::thread::sleep(Duration::from_millis(600));
    signal(&child, "-INT");
    std::thread::sleep(Duration::from_millis(50));
    signal(&child, "-INT");
    let begun = Instant::now();
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(130));
    assert!(begun.elapsed() < Duration::from_millis(500), "{:?}", begun.elapsed());
}
