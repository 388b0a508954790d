//! Two runs that write the same target: one does, and the other says who.

use std::time::Duration;

use super::{Bench, CASES, ffrun, random, said, share};

#[test]
fn of_two_runs_on_a_target_one_wins_and_the_other_names_it() {
    let mut state = 7;
    let (mut named, cases) = (0, [&CASES[0], &CASES[1]]);
    for case in cases {
        let bench = Bench::new(case);
        for round in 0..share(5, 25) {
            let folder = bench.trial();
            let first = ffrun(&folder, &["s.ff", "--threads", "1"]).spawn().expect("ffrun starts");
            let apart = bench.seconds * (random(&mut state) % 1000) as f64 / 2000.0;
            std::thread::sleep(Duration::from_secs_f64(if round % 4 == 0 { 0.0 } else { apart }));
            let second = ffrun(&folder, &["s.ff", "--threads", "1"]).spawn().expect("ffrun starts");
            let pids = [first.id(), second.id()];
            let ended = [first, second].map(|child| child.wait_with_output().expect("it ends"));
            let won: Vec<usize> = (0..2).filter(|at| ended[*at].status.success()).collect();
            let [winner] = won[..] else { panic!("{}: {won:?} won", case.name) };
            let text = said(&ended[1 - winner]);
            let holder = format!("(process {} on ", pids[winner]);
            if text.contains("ff::sink::locked") {
                assert!(text.split_whitespace().collect::<Vec<_>>().join(" ").contains(&holder), "{text}");
                assert!(text.contains("`s.ff`") && ended[1 - winner].status.code() == Some(3), "{text}");
                named += 1;
            } else {
                assert!(text.contains("ff::sink::exists"), "{text}");
            }
            bench.assert_done(&folder, "by the one that won");
        }
    }
    println!("figures: {named} named the holder");
    assert!(named > 0);
}

#[test]
fn a_lock_of_a_dead_process_is_taken_over() {
    let bench = Bench::new(&CASES[0]);
    let folder = bench.trial();
    let area = folder.join(".ff-partial-o.zarr");
    let mut child = ffrun(&folder, &["s.ff", "--threads", "1"]).spawn().expect("ffrun starts");
    while !area.join(".ff-lock").exists() && child.try_wait().expect("it is asked").is_none() {
        std::thread::sleep(Duration::from_millis(1));
    }
    child.kill().expect("it can be killed");
    child.wait().expect("it ends");
    let output = ffrun(&folder, &["s.ff"]).output().expect("ffrun starts");
    if bench.found(&folder).is_empty() {
        assert!(output.status.success(), "{}", said(&output));
    }
    bench.assert_done(&folder, "after a dead one");
}
