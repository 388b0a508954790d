//! Processes that are killed with -9: what they leave is whole, and going on from it gives every byte of an undisturbed run.

use std::path::Path;
use std::time::{Duration, Instant};

use functionfuse::runtime::journal::Found;

use super::{Bench, CASES, ffrun, is_there, random, said, share};

/// Threads and budgets change no byte, so a run may go on with others.
const ARGS: [&[&str]; 4] =
    [&["--threads", "1"], &["--threads", "2"], &["--memory", "64MiB"], &["--threads", "1", "--memory", "1GiB"]];

#[test]
fn killed_at_any_moment_a_run_goes_on_to_the_same_bytes() {
    let mut state = 1;
    let (mut killed, mut went_on) = (0, 0);
    for case in CASES {
        let bench = Bench::new(case);
        for round in 0..share(3, 500 / CASES.len() as u64 + 1) {
            let folder = bench.trial();
            // Of three, one is killed while it goes on, and one of those again.
            let kills = [1, 2, 1, 1, 3, 1][(round % 6) as usize];
            for number in 0..kills {
                let begun = Instant::now();
                let given =
                    [&["s.ff", "--resume"][..number.min(1) + 1], ARGS[random(&mut state) as usize % 4]].concat();
                let mut child = ffrun(&folder, &given).spawn().expect("ffrun starts");
                let after = bench.seconds * (random(&mut state) % 1000) as f64 / 1000.0;
                std::thread::sleep(Duration::from_secs_f64(after).saturating_sub(begun.elapsed()));
                child.kill().expect("it can be killed");
                let output = child.wait_with_output().expect("it ends");
                killed += u64::from(!output.status.success());
                assert!(bench.is_whole(&folder), "{}: a part is published", case.name);
                if output.status.success() {
                    break;
                }
            }
            let is_done = bench.found(&folder) != bench.before
                && !std::fs::read_dir(&folder)
                    .expect("the folder")
                    .flatten()
                    .any(|e| e.file_name().to_string_lossy().starts_with(".ff"));
            if is_done {
                bench.assert_done(&folder, "it was done before");
                continue;
            }
            went_on += 1;
            bench.resume(&folder, ARGS[random(&mut state) as usize % 4], &format!("round {round}"));
        }
    }
    println!("figures: {killed} kills, {went_on} runs that went on");
    assert!(killed > 0 && went_on > 0);
}

/// What a thread is about to do when it is killed.
const CALLS: &str = "write,pwrite64,openat,mkdir,rename,renameat2,unlink,unlinkat,rmdir,link,linkat,ftruncate,fsync,fdatasync,syncfs,close,flock";

#[test]
fn killed_at_any_system_call_a_run_goes_on_to_the_same_bytes() {
    if !is_there("strace") {
        return;
    }
    for (number, case) in CASES.iter().enumerate() {
        let bench = Bench::new(case);
        let durable = if number % 2 == 0 { &["--durable"][..] } else { &[] };
        let args = [&["--threads", "1"], durable].concat();
        let steps = super::system::steps(&bench, CALLS, &args);
        assert!(steps.len() > 40, "{}: {}", case.name, steps.len());
        let every = (steps.len() / share(4, 1 << 20) as usize).max(1);
        for (call, when) in steps.iter().skip(number % every).step_by(every) {
            let folder = bench.trial();
            let inject = format!("inject={call}:signal=KILL:when={when}");
            let output = super::system::strace(&folder, &["-e", &format!("trace={call}"), "-e", &inject], &args);
            assert!(!output.status.success(), "{}: {inject} kills", case.name);
            assert!(bench.is_whole(&folder), "{}: a part is published: {inject}", case.name);
            bench.resume(&folder, &args, &inject);
        }
        println!("figures: {}: {} of {} system calls", case.name, steps.len().div_ceil(every), steps.len());
    }
}

/// What a run says of what is left, and what it does not go on from.
#[test]
fn what_a_run_leaves_is_told_and_only_the_same_goes_on() {
    let bench = Bench::new(&CASES[0]);
    let folder = bench.trial();
    let run = |args: &[&str]| {
        let output = ffrun(&folder, &[&["s.ff"], args].concat()).output().expect("ffrun starts");
        (output.status.code(), said(&output).split_whitespace().collect::<Vec<_>>().join(" "))
    };
    let area = folder.join(".ff-partial-o.zarr");
    let mut child = ffrun(&folder, &["s.ff", "--threads", "1"]).spawn().expect("ffrun starts");
    // A folder where an object is to be written, as soon as some others are stored: it stands for any failure.
    let in_the_way = area.join("o.zarr/x/c/30");
    while !area.join("o.zarr/x/c/7").exists() {
        assert!(child.try_wait().expect("it is asked").is_none(), "it was too quick");
        std::thread::sleep(Duration::from_millis(1));
    }
    std::fs::create_dir_all(&in_the_way).expect("a folder");
    let output = child.wait_with_output().expect("it ends");
    let text = said(&output).split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(output.status.code(), Some(3), "{text}");
    let command = "objects of `o.zarr` are kept; this goes on from there: ffrun s.ff --threads 1 --resume";
    for part in ["ff::write::failed", "cannot write `o.zarr`: Is a directory", command] {
        assert!(text.contains(part), "{part} is missing: {text}");
    }
    assert!(bench.is_whole(&folder));
    std::fs::remove_dir(&in_the_way).expect("removed");
    let script = std::fs::read_to_string(folder.join("s.ff")).expect("the script");
    let with_param = script.replace("x - mean(x)", "x - a * mean(x)");
    for (changed, reason) in [
        (script.replace("x - mean(x)", "x + mean(x)"), "the script has changed"),
        (script.replace("zstd(1)", "zstd(2)"), "the options of the sink have changed"),
        (format!("param a: float = 1\n{with_param}"), "its params were none, and are `a=1"),
    ] {
        std::fs::write(folder.join("s.ff"), changed).expect("a script");
        let (code, said) = run(&["--resume"]);
        assert!(code == Some(2) && said.contains("ff::run::resume") && said.contains(reason), "{code:?} {said}");
    }
    std::fs::write(folder.join("s.ff"), &script).expect("a script");
    let (code, said) = run(&["--resume", "--threads", "2", "--progress", "json"]);
    assert!(code == Some(0) && said.contains("going on with `o.zarr`: "), "{said}");
    assert!(said.contains(" of 40 objects are there"), "{said}");
    bench.assert_done(&folder, "gone on");
    let (code, said) = run(&["--resume"]);
    assert!(code == Some(3) && said.contains("ff::sink::exists"), "{said}");
}

/// Without `--resume` a run begins anew and tells what it removes; what no journal tells of is removed in silence.
#[test]
fn a_run_that_begins_anew_tells_what_it_removes() {
    let bench = Bench::new(&CASES[1]);
    for (journal, resume) in [(true, false), (false, false), (false, true)] {
        let folder = bench.trial();
        let area = folder.join(".ff-partial-o.nc");
        let mut child = ffrun(&folder, &["s.ff", "--threads", "1"]).spawn().expect("ffrun starts");
        let stored = || Found::read(&area.join(".ff-journal")).map_or(0, |found| found.stored());
        while stored() < 3 {
            assert!(child.try_wait().expect("it is asked").is_none(), "it was too quick");
            std::thread::sleep(Duration::from_millis(1));
        }
        child.kill().expect("it can be killed");
        child.wait().expect("it ends");
        if !journal {
            std::fs::write(area.join(".ff-journal"), "damaged").expect("a journal");
        }
        let args = if resume { &["s.ff", "--resume"][..] } else { &["s.ff"] };
        let output = ffrun(&folder, args).output().expect("ffrun starts");
        let text = said(&output).split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(output.status.success(), "{text}");
        assert_eq!(
            text.contains("note: `o.nc` is begun anew") && text.contains("`--resume` would have"),
            journal,
            "{text}"
        );
        bench.assert_done(&folder, "begun anew");
    }
}

/// What is published is known by what lies there, and never guessed from the other targets of the run.
#[test]
fn an_old_target_is_not_taken_for_the_new_one() {
    if !is_there("strace") {
        return;
    }
    let of = |n: u64| {
        let x = format!("let x = arange(0, 1000, 1, dim: t) + {n}\n");
        let sinks =
            "sink x to npy(\"a.npy\") { mode: overwrite }\nsink {m: mean(x)} to csv(\"b.csv\") { mode: overwrite }\n";
        format!("{x}{sinks}")
    };
    let third = "sink x * 2 to npy(\"c.npy\") { mode: overwrite }\n";
    let run = |folder: &Path, script: &str, args: &[&str]| {
        std::fs::write(folder.join("s.ff"), script).expect("a script");
        let output = ffrun(folder, &[&["s.ff"], args].concat()).output().expect("ffrun starts");
        assert!(output.status.success(), "{}", said(&output));
        let read = |name: &str| std::fs::read(folder.join(name)).expect("a target");
        ["a.npy", "b.csv", "c.npy"].map(read)
    };
    let whole = tempfile::tempdir().expect("a folder");
    let old = run(whole.path(), &format!("{}{third}", of(0)), &[]);
    let new = run(whole.path(), &format!("{}{third}", of(1)), &[]);
    let faults = [
        ("renameat2:error=EIO:when=2", [true, false]),
        ("renameat2:signal=KILL:when=2", [true, false]),
        ("rmdir:signal=KILL:when=1", [true, true]),
        ("rmdir:signal=KILL:when=2", [true, true]),
    ];
    for (fault, published) in faults {
        let folder = tempfile::tempdir().expect("a folder");
        let folder = folder.path();
        assert_eq!(run(folder, &format!("{}{third}", of(0)), &[]), old);
        std::fs::write(folder.join("s.ff"), of(1)).expect("a script");
        let call = fault.split(':').next().expect("a call");
        let options = ["-e", &format!("trace={call}"), "-e", &format!("inject={fault}")];
        let output = super::system::strace(folder, &options, &["--threads", "1"]);
        assert!(!output.status.success(), "{fault}");
        let is_new = |name: &str, number: usize| std::fs::read(folder.join(name)).expect("a target") == new[number];
        assert_eq!([is_new("a.npy", 0), is_new("b.csv", 1)], published, "{fault}");
        // The script has one target more, of which an old one lies there.
        assert!(run(folder, &format!("{}{third}", of(1)), &["--resume"]) == new, "{fault}");
        let areas = std::fs::read_dir(folder).expect("the folder").flatten();
        assert_eq!(areas.filter(|entry| entry.file_name().to_string_lossy().starts_with('.')).count(), 0, "{fault}");
    }
}
