//! The command lines of the programs: one-liners, options, params, help, completions, what listens to a run.

use std::io::Read;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

const DATA: &str = "examples/data/iris/A1B_north_america.nc";

fn program(name: &str, args: &[&str]) -> Output {
    let path = match name {
        "ffrun" => env!("CARGO_BIN_EXE_ffrun"),
        "ffplan" => env!("CARGO_BIN_EXE_ffplan"),
        "ffstore" => env!("CARGO_BIN_EXE_ffstore"),
        _ => env!("CARGO_BIN_EXE_fffmt"),
    };
    let mut command = Command::new(path);
    command.env_remove("FF_MEMORY").env_remove("FF_THREADS").env_remove("FF_SCRATCH");
    command.args(args).output().expect("the program starts")
}

fn ffrun(args: &[&str]) -> (i32, String, String) {
    let output = program("ffrun", args);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr))
}

/// What is printed by a run that succeeds.
fn printed(args: &[&str]) -> String {
    let (code, out, said) = ffrun(args);
    assert_eq!(code, 0, "{args:?}\n{said}");
    out
}

fn temporary() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

fn place(folder: &tempfile::TempDir, name: &str) -> String {
    folder.path().join(name).display().to_string()
}

fn script(folder: &tempfile::TempDir, text: &str) -> String {
    let path = place(folder, "s.ff");
    std::fs::write(&path, text).expect("the folder can be written");
    path
}

#[test]
fn one_liners_print() {
    assert_eq!(printed(&["-e", "mean(air_temperature)", DATA]), "mean(air_temperature) = 286.47763\n");
    assert_eq!(printed(&["-e", "mean(data.air_temperature)", DATA, "-"]), "mean(data.air_temperature) = 286.47763\n");
    let area = "air_temperature |> mean(latitude, longitude, weights: cos(radians(latitude))) |> max(), 1 + 1";
    let out = printed(&["--threads", "1", "-e", area, DATA, "--memory", "64MiB"]);
    assert!(out.lines().count() == 2 && out.ends_with("1 + 1 = 2\n"), "{out}");
}

#[test]
fn one_liners_write_by_extension() {
    let folder = temporary();
    for name in ["o.nc", "o.nc4", "o.h5", "o.hdf5", "o.zarr", "o.npy", "o.csv", "we\"ird {1} \\n 'name'.nc"] {
        let out = place(&folder, name);
        printed(&["-e", "air_temperature[.., 3] |> mean(latitude)", DATA, &out]);
        let tree = printed(&["info", &out]);
        assert!(tree.contains("240") && (name.ends_with("npy") || tree.contains("air_temperature")), "{tree}");
        if !name.ends_with("csv") {
            let variable = if name.ends_with("npy") { "data" } else { "air_temperature" };
            let again = printed(&["-e", &format!("mean({variable}).dtype, max({variable}) > 280"), &out]);
            assert!(again.ends_with("= true\n"), "{again}");
        }
    }
    let copy = place(&folder, "copy.zarr");
    printed(&["-e", "data", DATA, &copy]);
    assert_eq!(printed(&["-e", "mean(air_temperature)", &copy]), "mean(air_temperature) = 286.47763\n");
    let two = place(&folder, "two.h5");
    printed(&["-e", "{low: min(air_temperature), high: max(air_temperature)}", DATA, &two]);
    assert!(printed(&["-e", "high - low", &two]).starts_with("high - low = "));
    let mixed = place(&folder, "mixed.h5");
    printed(&["-e", "high - low", &two, &mixed]);
    assert!(printed(&["info", &mixed]).contains("result"), "a name for what comes from two variables");
    assert!(printed(&["info", &mixed]).contains("functionfuse_script: ffrun -e 'high - low' "));
}

/// Each is drawn on the command line as it was typed.
#[test]
fn one_liners_show_their_mistakes() {
    let lines: &[&[&str]] = &[
        &["-e", "air_temprature |> mean(time)", DATA],
        &["-e", "wind |> mean(time)", DATA],
        &["-e", "data |> mean(tim)", DATA],
        &["-e", "air_temperature |> mean(tim)", DATA, "out.zarr"],
        &["-e", "mean(air_temperature", DATA, "out.zarr"],
        &["-e", "air_temperature +", DATA],
        &["-e", "air_temperature |>\n  meen(time)", DATA],
        &["-e", "let a = 1", DATA],
        &["-e", "min(air_temperature), max(air_temperature)", DATA, "out.csv"],
        &["-e", "air_temperature", "examples/data/iris/A1B.nc"],
        &["-e", "air_temperature\nprint 3", DATA],
        &["-e", "wind", DATA, "--error-format", "json"],
    ];
    let mut shown = String::new();
    for line in lines {
        let (code, out, said) = ffrun(line);
        let expected = if line.contains(&"examples/data/iris/A1B.nc") { 3 } else { 1 };
        assert!(code == expected && out.is_empty(), "{line:?}: {code}\n{said}");
        shown += &format!("{said}\n");
    }
    insta::assert_snapshot!(shown);
    for (line, expected) in [
        (&["-e", " ", DATA][..], "the expression of `-e` is empty"),
        (&["-e", "air_temperature", DATA, "o.xyz"], "should end in one of .zarr"),
        (&["-e", "air_temperature", DATA, "--first", "3"], "unexpected argument '--first'"),
        (&["-e", "air_temperature", DATA, "--set", "first=3"], "ff::plan::param_unknown"),
        (&["-e", "air_temperature"], "<SCRIPT>"),
        (&[DATA, "out.nc"], "is no script; `ffrun info"),
        (&["examples/mean.ff", "out.nc"], "-e <EXPR>"),
    ] {
        let (code, _, said) = ffrun(line);
        assert!(code == 2 && said.contains(expected), "{line:?}: {code}\n{said}");
    }
}

#[test]
fn one_liners_keep_what_exists() {
    let folder = temporary();
    let out = place(&folder, "o.csv");
    let args = ["-e", "air_temperature |> mean(latitude, longitude)", DATA, &out];
    std::fs::write(&out, "mine").expect("a file");
    let (code, _, said) = ffrun(&args);
    assert!(code == 1 && said.contains("ff::sink::exists") && said.contains("--overwrite"), "{said}");
    assert_eq!(std::fs::read_to_string(&out).expect("the file"), "mine");
    let plan = printed(&[&args[..], &["--overwrite", "--dry-run"]].concat());
    assert!(plan.starts_with("plan: ") && plan.ends_with(&format!("would replace {out}\n")), "{plan}");
    assert_eq!(std::fs::read_to_string(&out).expect("the file"), "mine");
    printed(&[&args[..], &["--overwrite"]].concat());
    assert!(std::fs::read_to_string(&out).expect("the file").starts_with("time,air_temperature\n"));
}

const WITH_PARAMS: &str = "## What it is for.

param count: int = 3   ## How many
## What it is called,
## in one word.
param name: str
param memory: size = 1GiB
param since: [date] = [\"1990-01-01\"]
print count, name
";

#[test]
fn params_are_options_of_their_script() {
    let folder = temporary();
    let script = script(&folder, WITH_PARAMS);
    let help = printed(&[&script, "-h"]).replace(&script, "s.ff");
    let (params, options) = help.split_once("\nOptions:\n").expect("options after params");
    insta::assert_snapshot!(params);
    for expected in ["--overwrite", "--trace", "`--set memory=VALUE` sets the param `memory`"] {
        assert!(options.contains(expected), "{options}");
    }
    assert!(help.contains("--resume") && !help.contains("--completions"), "{help}");
    for args in
        [&["--name", "a", "--count", "-5"][..], &["--name=a", "--count=-5"], &["--set", "name=a", "--count", "-5"]]
    {
        assert_eq!(printed(&[&[script.as_str()], args].concat()), "count = -5\nname = \"a\"\n");
        assert_eq!(printed(&[args, &[script.as_str()]].concat()), "count = -5\nname = \"a\"\n");
    }
    for (args, expected) in [
        (&[][..], "ff::plan::param_missing"),
        (&["--name", "a", "--count", "few"], "ff::plan::param"),
        (&["--nmae", "a"], "a similar argument exists: '--name'"),
        (&["--m", "4"], "the params of the script are '--count', '--name'"),
        (&["--name", "a", "--overwrit"], "a similar argument exists: '--overwrite'"),
        (&["--name", "a", "--set", "nam=b"], "did you mean `--name`?"),
        (&["--name", "a", "--set", "name=b"], "given twice"),
        (&["--name", "a", "--name", "b"], "cannot be used multiple times"),
        (&["--name", "a", "--set", "count"], "is not NAME=V"),
        (&["--name"], "a value is required"),
        (&["--name", "a", "--dry-run", "--trace", "t.json"], "cannot be used with"),
    ] {
        let (code, out, said) = ffrun(&[&[script.as_str()], args].concat());
        assert!(code == 2 && out.is_empty() && said.contains(expected), "{args:?}: {code}\n{said}");
    }
    let (code, _, said) = ffrun(&["--verbose", &script]);
    assert!(code == 2 && said.contains("'--verbose'"), "{said}");
    std::fs::write(&script, "param a: int = (\nprint a\n").expect("the script");
    let (code, _, said) = ffrun(&[&script, "--a", "3"]);
    assert!(code == 1 && said.contains("ff::parse::unclosed_bracket"), "what is wrong with the script first: {said}");
}

/// A plan only looks, so what is there already is worth a warning; a run is refused.
#[test]
fn plans_of_what_exists_are_shown() {
    let folder = temporary();
    let out = place(&folder, "o.csv");
    std::fs::write(&out, "mine").expect("a file");
    let script = script(&folder, &format!("sink {{a: arange(0, 3, 1, dim: t)}} to csv(\"{out}\")\n"));
    let output = program("ffplan", &[&script]);
    let (plan, said) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && plan.contains("o.csv") && said.contains("ff::sink::exists"), "{plan}{said}");
    let (code, _, said) = ffrun(&[&script]);
    assert!(code == 1 && said.contains("ff::sink::exists"), "{said}");
    assert_eq!(std::fs::read_to_string(&out).expect("the file"), "mine");
}

/// Of a list of arrays each element is printed.
#[test]
fn lists_of_arrays_are_printed() {
    let folder = temporary();
    let script = script(&folder, "let x = arange(0, 4, 1, dim: t)\nprint [mean(x[t: ..<n]) for n in [2, 4]], [x, 1]\n");
    let label = "[mean(x[t: ..<n]) for n in [2, 4]]";
    let expected = format!("{label}[0] = 0.5\n{label}[1] = 1.5\n[x, 1][0]: i64[t=4]\n[0 1 2 3]\n[x, 1][1] = 1\n");
    assert_eq!(printed(&[&script]), expected);
}

/// A script is read once, so it may come through a pipe.
#[test]
fn a_script_may_be_a_pipe() {
    for name in [env!("CARGO_BIN_EXE_ffrun"), env!("CARGO_BIN_EXE_ffplan")] {
        let line = format!("{name} <(echo 'param n: int'; echo 'print n + 1') --n 2");
        let output = Command::new("bash").args(["-c", &line]).output().expect("bash starts");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success() && said.contains("n + 1"), "{said}");
    }
}

#[test]
fn programs_complete_themselves() {
    let folder = temporary();
    for (name, options) in [
        ("ffrun", &["--memory", "--trace", "-e"][..]),
        ("ffplan", &["--why", "--operators"]),
        ("fffmt", &["--check"]),
        ("ffstore", &["--workflow", "--dry-run", "verify"]),
    ] {
        for shell in ["bash", "zsh", "fish"] {
            let output = program(name, &["--completions", shell]);
            let text = String::from_utf8_lossy(&output.stdout).into_owned();
            let bare = |option: &&str| text.contains(option.trim_start_matches('-'));
            assert!(output.status.success() && options.iter().all(bare), "{name} {shell}\n{text}");
            if shell == "bash" {
                assert!(options.iter().all(|option| text.contains(option)), "{text}");
                let path = place(&folder, name);
                std::fs::write(&path, &text).expect("a file");
                let checked = Command::new("bash").args(["-n", &path]).output().expect("bash starts");
                assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
            }
        }
        assert_eq!(program(name, &["--completions", "abacus"]).status.code(), Some(2));
    }
}

#[test]
fn operators_have_a_page_each() {
    let output = program("ffplan", &["--operators", "mean"]);
    insta::assert_snapshot!(String::from_utf8_lossy(&output.stdout));
    let output = program("ffplan", &["--operators", "meen"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.code() == Some(2) && said.contains("did you mean `mean`?"), "{said}");
}

/// The events of a trace, after a look at what every one must have.
fn events(path: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(path).expect("the trace");
    let events: Vec<Value> = serde_json::from_str(&text).expect("an array");
    for event in &events {
        let number = |key: &str| event[key].as_f64().unwrap_or(-1.0) >= 0.0;
        assert!(event["ph"] == "X" && ["ts", "dur", "pid", "tid"].into_iter().all(number), "{event}");
        assert!(event["name"].is_string() && event["cat"].is_string() && event["args"].is_object(), "{event}");
    }
    events
}

#[test]
fn a_trace_holds_every_task() {
    let folder = temporary();
    let (out, trace, report) = (place(&folder, "o.zarr"), place(&folder, "t.json"), place(&folder, "r.json"));
    let text = format!(
        "let x = arange(0, 4000000, 1, dim: t) as f64 |> rechunk(t: 100000)\nlet y = sin(x)\n\
         sink {{y: y}} to zarr(\"{out}\") {{ chunks: {{t: 100000}} }}\nprint mean(y)"
    );
    printed(&[&script(&folder, &text), "--threads", "2", "--trace", &trace, "--report", &report]);
    let events = events(&trace);
    let report: Value = serde_json::from_slice(&std::fs::read(report).expect("the report")).expect("JSON");
    let tasks: u64 =
        report["stages"].as_array().expect("stages").iter().map(|s| s["tasks"].as_u64().unwrap_or(0)).sum();
    let of = |category: &str| events.iter().filter(|e| e["cat"] == category).collect::<Vec<_>>();
    assert!(tasks >= 2 && of("task").len() as u64 == tasks, "{tasks} tasks, {} in the trace", of("task").len());
    assert_eq!(of("compute").len() as u64, tasks);
    assert_eq!(of("stage").len(), report["stages"].as_array().expect("stages").len());
    let written: u64 = of("task").iter().map(|e| e["args"]["written_bytes"].as_u64().expect("bytes")).sum();
    assert!(written > 0 && !of("write").is_empty() && of("run").len() == 2, "plan and publication");
    for inner in of("write").iter().chain(&of("compute")) {
        let inside = |outer: &&&Value| {
            let end = |e: &Value| e["ts"].as_f64().unwrap_or(0.0) + e["dur"].as_f64().unwrap_or(0.0);
            outer["tid"] == inner["tid"]
                && outer["args"]["task"] == inner["args"]["task"]
                && outer["ts"].as_f64() <= inner["ts"].as_f64()
                && end(outer) >= end(inner)
        };
        assert!(of("task").iter().any(|outer| inside(&outer)), "{inner} is inside its task");
    }
}

#[test]
fn a_trace_of_a_failed_run_is_whole() {
    let folder = temporary();
    let trace = place(&folder, "t.json");
    let text = format!("source a = open(\"{DATA}\")\nassert mean(a.air_temperature) < 0");
    let (code, _, said) = ffrun(&[&script(&folder, &text), "--trace", &trace]);
    assert!(code == 4 && said.contains("ff::assert::failed"), "{said}");
    assert!(events(&trace).iter().any(|e| e["cat"] == "read"));
    let (code, _, said) = ffrun(&["-e", "mean(air_temperature)", DATA, "--trace", &place(&folder, "no/t.json")]);
    assert!(code == 3 && said.contains("the trace cannot be written"), "{said}");
    let (code, out, said) = ffrun(&["-e", "mean(air_temperature)", DATA, "--report", &place(&folder, "no/r.json")]);
    assert!(code == 3 && out.starts_with("mean(") && said.contains("the run is done, but"), "{said}");
}

#[test]
fn logs_and_progress_are_told() {
    let line = ["-e", "mean(air_temperature)", DATA];
    let said = |extra: &[&str]| {
        let (code, _, said) = ffrun(&[&line[..], extra].concat());
        assert_eq!(code, 0, "{said}");
        said
    };
    assert_eq!(said(&[]), "");
    assert_eq!(said(&["--progress", "none"]), "");
    let info = said(&["--log", "info"]);
    assert!(info.contains("info  stage 0 begins") && !info.contains("debug"), "{info}");
    let debug = said(&["--log", "debug"]);
    assert!(debug.contains(&format!("debug stage 0 task 0 read {DATA}/air_temperature")), "{debug}");
    assert!(said(&["--progress", "plain"]).starts_with("done: 1 tasks, 1.66 MiB read"));
    let json = said(&["--progress", "json"]);
    let events: Vec<Value> = json.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect();
    assert_eq!(events.iter().map(|e| e["event"].as_str()).collect::<Vec<_>>(), [Some("planned"), Some("finished")]);
    let (code, _, said) = ffrun(&[&line[..], &["--log", "loud"]].concat());
    assert!(code == 2 && said.contains("possible values: info, debug"), "{said}");
}

/// A reader that has seen enough is no error.
#[test]
fn output_may_be_left_unread() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_ffrun"))
        .args(["-e", "[air_temperature for k in 0..<400]", DATA])
        .stdout(Stdio::piped())
        .spawn()
        .expect("ffrun starts");
    drop(child.stdout.take());
    assert_eq!(child.wait().expect("ffrun ends").code(), Some(0));
}

/// Planning looks at metadata only, so an array of 10⁸ chunks is planned in little memory.
#[test]
fn a_hundred_million_chunks_are_planned_in_little_memory() {
    let folder = temporary();
    let store = place(&folder, "large.zarr");
    std::fs::create_dir(&store).expect("a folder");
    let metadata = serde_json::json!({
        "zarr_format": 3, "node_type": "array", "shape": [100_000_000, 1000], "data_type": "float32",
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [1, 1000]}},
        "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
        "fill_value": "NaN", "codecs": [{"name": "bytes", "configuration": {"endian": "little"}}],
        "attributes": {}, "dimension_names": ["time", "cell"],
    });
    std::fs::write(Path::new(&store).join("zarr.json"), metadata.to_string()).expect("the metadata");
    let out = place(&folder, "out.zarr");
    let standardize = format!(
        "source x = zarr(\"{store}\")\nlet z = (x - mean(x, time)) / std(x, time)\n\
         sink {{z: z}} to zarr(\"{out}\") {{ chunks: {{time: 1}} }}\nprint mean(x)"
    );
    let script = script(&folder, &standardize);
    let (plan, peak) = planned(&[&script, "--memory", "1GiB", "--threads", "2"]);
    // Tasks take chunks together, as many as make 8 MiB: 2097 of 4000 bytes.
    let tasks = 100_000_000_u64.div_ceil(2097);
    assert!(plan.starts_with(&format!("plan: 2 stages, {} tasks; reads 744 GiB", 2 * tasks)), "{plan}");
    assert_eq!(
        plan.matches(&format!(" {tasks} tasks of time=2097, cell=1000 over time=100000000")).count(),
        2,
        "{plan}"
    );
    assert!(peak < 100 << 20, "{} MiB to plan it", peak >> 20);
}

/// What `ffplan` prints, and its resident size at the peak, in bytes.
#[expect(clippy::zombie_processes, reason = "`wait4` reaps it")]
fn planned(args: &[&str]) -> (String, u64) {
    let child = Command::new(env!("CARGO_BIN_EXE_ffplan")).args(args).stdout(Stdio::piped()).spawn();
    let mut child = child.expect("ffplan starts");
    let pid = child.id() as libc::pid_t;
    let mut plan = String::new();
    child.stdout.take().expect("its output").read_to_string(&mut plan).expect("text");
    let (mut status, mut usage) = (0, std::mem::MaybeUninit::<libc::rusage>::zeroed());
    // SAFETY: both pointers are to memory of the right type, which outlives the call.
    let waited = unsafe { libc::wait4(pid, &mut status, 0, usage.as_mut_ptr()) };
    assert!(waited == pid && status == 0, "{plan}");
    // SAFETY: all zeros are a valid value, which the call has replaced.
    let resident = unsafe { usage.assume_init() }.ru_maxrss as u64;
    (plan, if cfg!(target_os = "macos") { resident } else { resident * 1024 })
}

/// Pipes whose readers have left are no reason to panic, and no error.
#[test]
fn nobody_has_to_listen() {
    let folder = temporary();
    let good = script(&folder, "let x = arange(0, 9, 1, dim: t)\nprint x, sum(x)\n");
    let bad = place(&folder, "bad.ff");
    std::fs::write(&bad, "print nothing\n").expect("the folder can be written");
    let (good, bad) = (good.as_str(), bad.as_str());
    let unread = || std::io::pipe().expect("a pipe").1;
    let run = |path: &str, args: &[&str], input: Stdio| {
        let mut command = Command::new(path);
        let output = command.args(args).stdin(input).stdout(unread()).stderr(unread()).output();
        output.expect("the program starts").status.code()
    };
    let (ffrun, ffplan, fffmt) =
        (env!("CARGO_BIN_EXE_ffrun"), env!("CARGO_BIN_EXE_ffplan"), env!("CARGO_BIN_EXE_fffmt"));
    let of_script = || Stdio::from(std::fs::File::open(good).expect("it was written"));
    let trace = place(&folder, "no/trace.json");
    for (path, args, code) in [
        (ffrun, &[good][..], 0),
        (ffrun, &[good, "--progress", "json", "--log", "debug"], 0),
        (ffrun, &[good, "--progress", "plain"], 0),
        (ffrun, &[good, "--dry-run"], 0),
        (ffrun, &[good, "--trace", &trace], 3),
        (ffrun, &[good, "--nothing"], 2),
        (ffrun, &["--help"], 0),
        (ffrun, &[bad], 1),
        (ffrun, &[bad, "--error-format", "json"], 1),
        (ffrun, &["info", DATA], 0),
        (ffrun, &["info", "nowhere.nc"], 3),
        (ffplan, &[good], 0),
        (ffplan, &[good, "--format", "json"], 0),
        (ffplan, &["--operators"], 0),
        (ffplan, &["--operators", "nothing"], 2),
        (ffplan, &[bad], 1),
        (fffmt, &["-"], 0),
        (fffmt, &["--check", bad, good], 0),
        (fffmt, &["nowhere.ff"], 2),
    ] {
        assert_eq!(run(path, args, of_script()), Some(code), "{args:?}");
    }
}
