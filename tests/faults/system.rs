//! System calls that fail, one at a time and for good: each ends in the right result or one clear error, with nothing published and
//! nothing lost.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use super::{Bench, CASES, ffrun, is_there, said, share};

/// Runs the script of a trial under strace, with these of its options; a line of progress that cannot be written is no fault of a target.
pub fn strace(folder: &Path, options: &[&str], args: &[&str]) -> Output {
    let mut command = Command::new("strace");
    command
        .args(["-f", "-qq", "-o", "/dev/null"])
        .args(options)
        .arg(env!("CARGO_BIN_EXE_ffrun"))
        .args(["s.ff", "--progress", "none"])
        .args(args);
    command.current_dir(folder).stdout(Stdio::piped()).stderr(Stdio::piped()).output().expect("strace starts")
}

/// The calls of an undisturbed run that have to do with what it writes: each by name and which of that name it is.
pub fn steps(bench: &Bench, calls: &str, args: &[&str]) -> Vec<(String, u64)> {
    let folder = bench.trial();
    let log = folder.join("log");
    let output = Command::new("strace")
        .args(["-f", "-qq", "-y", "-e", "signal=none", "-o"])
        .arg(&log)
        .args(["-e", &format!("trace={calls}")])
        .arg(env!("CARGO_BIN_EXE_ffrun"))
        .args(["s.ff", "--progress", "none"])
        .args(args)
        .current_dir(&folder)
        .output();
    assert!(output.expect("strace starts").status.success());
    let text = std::fs::read_to_string(&log).expect("the log");
    let (mut counts, mut steps) = (std::collections::BTreeMap::<(String, String), u64>::new(), Vec::new());
    for line in text.lines() {
        let Some((thread, rest)) = line.split_once(' ') else { continue };
        let Some((call, arguments)) = rest.trim_start().split_once('(') else { continue };
        let count = counts.entry((thread.to_owned(), call.to_owned())).or_default();
        *count += 1;
        if arguments.contains(".ff-partial-") {
            steps.push((call.to_owned(), *count));
        }
    }
    steps
}

const ERRORS: &[(&str, &str)] = &[
    ("write", "ENOSPC"),
    ("write", "EIO"),
    ("pwrite64", "ENOSPC"),
    ("pwrite64", "EIO"),
    ("openat", "EACCES"),
    ("openat", "EMFILE"),
    ("openat", "EROFS"),
    ("mkdir", "ENOSPC"),
    ("mkdir", "EACCES"),
    ("renameat2", "EIO"),
    ("renameat2", "EACCES"),
    ("renameat2", "EINVAL"),
    ("ftruncate", "EIO"),
    ("syncfs", "EIO"),
    ("fdatasync", "EIO"),
    ("fsync", "EIO"),
    ("flock", "ENOLCK"),
    ("link", "EPERM"),
    ("linkat", "EPERM"),
];

/// A run that met a fault: done, or one clear error and everything as before; then it goes on to the same bytes.
fn judge(bench: &Bench, folder: &Path, output: &Output, what: &str) {
    let text = said(output);
    let name = bench.case.name;
    assert!(bench.is_whole(folder), "{name}, {what}: a part is published\n{text}");
    assert!(!text.contains("panicked"), "{name}, {what}: {text}");
    match output.status.code() {
        // What cannot be removed any more may stay beside the target.
        Some(0) => assert!(bench.is_done(folder), "{name}, {what}: {text}"),
        Some(3) => {
            let codes = text.matches("ff::write::").count() + text.matches("ff::sink::").count();
            assert_eq!(codes, 1, "{name}, {what}: one clear error\n{text}");
            bench.resume(folder, &["--threads", "1"], what);
        }
        code => panic!("{name}, {what}: {code:?}\n{text}"),
    }
}

#[test]
fn whatever_call_fails_the_result_is_right_or_the_error_clear() {
    if !is_there("strace") {
        return;
    }
    let (mut points, mut kinds) = (0, std::collections::BTreeSet::new());
    for (number, case) in CASES.iter().enumerate() {
        let bench = Bench::new(case);
        let args = if number % 2 == 0 { &["--threads", "1", "--durable"][..] } else { &["--threads", "1"] };
        for (kind, (call, error)) in ERRORS.iter().enumerate() {
            if share(0, 1) == 0 && (kind + number) % 6 != 0 {
                continue;
            }
            let steps = steps(&bench, call, args);
            let every = (steps.len() / share(1, 12) as usize).max(1);
            for (call, when) in steps.iter().skip((kind + 1) * 7 % every).step_by(every) {
                // Where no write succeeds any more, nothing can be said either: that is the full disk's test.
                let for_good: &[&str] = if call == "write" { &[""] } else { &["", "+"] };
                for ever in for_good {
                    let folder = bench.trial();
                    let inject = format!("inject={call}:error={error}:when={when}{ever}");
                    let output = strace(&folder, &["-e", &format!("trace={call}"), "-e", &inject], args);
                    judge(&bench, &folder, &output, &inject);
                    points += 1;
                    kinds.insert((call.clone(), *error));
                }
            }
        }
    }
    println!("figures: {points} faults of {} kinds", kinds.len());
    assert!(kinds.len() > 8);
}

/// A run for which `fiu-run` lets calls of the C library fail at random.
#[test]
fn faults_at_random_are_survived_or_told() {
    if !is_there("fiu-run") {
        return;
    }
    let mut failed = 0;
    let faults =
        [("posix/io/rw/write", 28), ("posix/io/rw/pwrite", 5), ("posix/io/dir/rename", 5), ("posix/io/oc/open", 13)];
    for case in CASES {
        let bench = Bench::new(case);
        for round in 0..share(2, 20) {
            let (name, number) = faults[round as usize % faults.len()];
            let folder = bench.trial();
            let fault = format!("enable_random name={name},probability=0.02,failinfo={number}");
            let output = Command::new("fiu-run")
                .args(["-x", "-c", &fault, env!("CARGO_BIN_EXE_ffrun"), "s.ff"])
                .current_dir(&folder)
                .output()
                .expect("fiu-run starts");
            assert!(bench.is_whole(&folder), "{}: {}", case.name, said(&output));
            assert!(!said(&output).contains("panicked at src"), "{}: {}", case.name, said(&output));
            if !output.status.success() {
                failed += 1;
                bench.resume(&folder, &[], &fault);
            }
        }
    }
    println!("figures: {failed} runs failed and went on");
}

/// A file system that is full after 300 KB.
#[test]
fn on_a_full_disk_nothing_is_lost() {
    let mut full = 0;
    for case in CASES {
        let bench = Bench::new(case);
        let folder = bench.trial();
        let script = "mkdir disk && mount -t tmpfs -o size=300k tmpfs disk && cp -a s.ff disk/ && { cp -a o.* disk/ 2>/dev/null; true; } || exit 99
            cd disk && \"$0\" s.ff --threads 1; code=$?
            mount -o remount,size=64m . && \"$0\" s.ff --resume >again 2>&1; echo $code $?
            cd .. && cp -a disk done && umount disk";
        let args = ["--mount", "sh", "-c", script, env!("CARGO_BIN_EXE_ffrun")];
        let output = Command::new("unshare").args(args).current_dir(&folder).output();
        let Ok(output) = output.map_err(|error| eprintln!("figures: SKIPPED: unshare: {error}")) else { return };
        if output.status.code() == Some(99) || said(&output).contains("Operation not permitted") {
            eprintln!("figures: SKIPPED: no disk can be mounted here");
            return;
        }
        let codes = String::from_utf8_lossy(&output.stdout).lines().last().unwrap_or_default().to_owned();
        let text = said(&output);
        let again = std::fs::read_to_string(folder.join("done/again")).unwrap_or_default();
        if !codes.starts_with("0 ") {
            full += 1;
            assert_eq!(codes, "3 0", "{}: {text}{again}", case.name);
            assert!(text.contains("No space left on device") && text.contains("free some space"), "{text}");
        }
        bench.assert_done(&folder.join("done"), "after a full disk");
    }
    println!("figures: {full} disks were full");
    assert!(full > 2);
}

#[test]
fn limits_of_a_process_are_told() {
    let bench = Bench::new(&CASES[0]);
    let mut told = 0;
    for (limit, number) in [("n", "12"), ("n", "9"), ("n", "6"), ("f", "2"), ("v", "300000"), ("v", "150000")] {
        let folder = bench.trial();
        let run = format!("trap '' XFSZ; ulimit -{limit} {number}; exec \"$0\" s.ff --threads 2");
        let output = Command::new("sh").args(["-c", &run, env!("CARGO_BIN_EXE_ffrun")]).current_dir(&folder).output();
        let output = output.expect("a shell");
        let text = said(&output);
        assert!(bench.is_whole(&folder) && !text.contains("panicked"), "ulimit -{limit} {number}: {text}");
        match output.status.code() {
            Some(0) => bench.assert_done(&folder, "with a limit"),
            // The loader of programs has no code of its own for what it cannot do.
            Some(127) if text.contains("shared libraries") || text.contains("shared object") => {}
            code => {
                assert!(code == Some(3) && !text.is_empty(), "ulimit -{limit} {number}: {:?} {text}", output.status);
                bench.resume(&folder, &[], "without the limit");
                told += 1;
            }
        }
    }
    println!("figures: {told} limits were met and told");
    assert!(told > 0);
}

#[test]
fn a_folder_that_is_read_only_is_told() {
    let bench = Bench::new(&CASES[0]);
    let folder = bench.trial();
    let script = "mount --bind . . && mount -o remount,ro,bind . || exit 99; cd . && cd \"$PWD\" && \"$0\" s.ff";
    let args = ["--mount", "sh", "-c", script, env!("CARGO_BIN_EXE_ffrun")];
    let Ok(output) = Command::new("unshare").args(args).current_dir(&folder).output() else { return };
    let text = said(&output);
    if output.status.code() == Some(99) || text.contains("Operation not permitted") {
        eprintln!("figures: SKIPPED: nothing can be mounted here");
        return;
    }
    assert!(output.status.code() == Some(3) && text.contains("ff::write::target"), "{text}");
    assert!(text.contains("mounted to be read only") && bench.is_whole(&folder), "{text}");
    let output = ffrun(&folder, &["s.ff"]).output().expect("ffrun starts");
    assert!(output.status.success());
    bench.assert_done(&folder, "where it may be written");
}
