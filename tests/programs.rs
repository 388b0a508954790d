//! The programs as users run them: real data in, files out, compared with xarray.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Runs `ffrun`.
pub fn ffrun(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ffrun")).args(args).output().expect("ffrun starts")
}

/// Runs and gives what was printed, or fails with what was said.
pub fn succeed(args: &[&str]) -> String {
    let output = ffrun(args);
    assert!(output.status.success(), "{args:?}\n{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Runs a script of `tests/oracle`, unless `FF_PYTHON` is not set; gives whether it is.
pub fn oracle(script: &str, args: &[&str]) -> bool {
    let Some(python) = std::env::var_os("FF_PYTHON") else {
        eprintln!("SKIPPED: FF_PYTHON is not set, so nothing was compared with xarray");
        return false;
    };
    let output = Command::new(python).arg(format!("tests/oracle/{script}")).args(args).output().expect("Python starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    true
}

/// Writes a file and gives its path.
pub fn write(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    std::fs::write(&path, text).expect("the folder can be written");
    path.display().to_string()
}

/// Whether two stores hold the same variables with the same values; attributes may differ.
fn assert_same_values(a: &str, b: &str) {
    let found = ffrun(&["diff", a, b]);
    let found = String::from_utf8_lossy(&found.stdout).into_owned();
    assert!(!found.contains("values differ") && !found.contains("only in"), "{found}");
}

#[test]
fn examples_agree_with_xarray() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (example, data) in [("warming", "examples/data/iris"), ("models", "examples/data/cmip6")] {
        let text = std::fs::read_to_string(format!("examples/{example}.ff")).expect("the example");
        let in_double = |text: String, name: &str| text.replace(&format!("{name})"), &format!("{name} as f64)"));
        let double = [".air_temperature", ".ta", "t.latitude"].into_iter().fold(text.clone(), in_double);
        for (dtype, text) in [("float64", &double), ("float32", &text)] {
            let out = folder.path().join(example).display().to_string();
            succeed(&[&write(folder.path(), "s.ff", text), "--out", &out, "--overwrite"]);
            oracle(&format!("{example}.py"), &[data, &out, dtype]);
        }
    }
    let series = folder.path().join("warming/series.nc");
    if let Ok(output) = Command::new("ncdump").arg("-h").arg(&series).output() {
        let header = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(header.contains("float a1b(time)") && header.contains("360_day"), "{header}");
    }
}

#[test]
fn every_example_runs() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut count = 0;
    for entry in std::fs::read_dir("examples").expect("the examples").flatten() {
        let path = entry.path();
        if path.extension().is_some_and(|e| e == "ff") {
            let out = folder.path().join(path.file_stem().expect("a name"));
            succeed(&[&path.display().to_string(), "--out", &out.display().to_string()]);
            count += 1;
        }
    }
    assert!(count >= 2);
}

#[test]
fn threads_budgets_and_instructions_change_no_byte() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let script = write(
        folder.path(),
        "s.ff",
        r#"
        param out: path
        source a = open("examples/data/iris/A1B_north_america.nc")
        let t = a.air_temperature
        let z = exp((t - mean(t, time)) / std(t, time))
        let month = t |> rolling(time: 5) |> mean()
        let slope = t |> gaussian(latitude: 1, longitude: 2, boundary: wrap) |> gradient(longitude)
        sink { z: z, slope: slope, smooth: month, total: mean(t), spread: std(t, latitude, longitude) } to zarr("{out}") { chunks: { time: 7 } }
        "#,
    );
    let run = |name: &str, extra: &[&str]| {
        let out = folder.path().join(name);
        let text = out.display().to_string();
        let mut args = vec![script.as_str(), "--out", &text];
        args.extend(extra);
        succeed(&args);
        files(&out)
    };
    let first = run("a.zarr", &["--threads", "1", "--memory", "256MiB"]);
    assert!(first.len() > 10);
    for (name, extra) in [
        ("b.zarr", ["--threads", "2", "--memory", "256MiB"]),
        ("c.zarr", ["--threads", "1", "--memory", "4GiB"]),
        ("d.zarr", ["--threads", "2", "--memory", "4GiB"]),
        ("e.zarr", ["--threads", "2", "--simd", "baseline"]),
    ] {
        let other = run(name, &extra);
        let names = |files: &[(PathBuf, Vec<u8>)]| files.iter().map(|(p, _)| p.clone()).collect::<Vec<_>>();
        assert_eq!(names(&first), names(&other));
        for ((path, a), (_, b)) in first.iter().zip(&other) {
            // The provenance names the params, and with them the target.
            let text = |bytes: &[u8], name: &str| String::from_utf8_lossy(bytes).replace(name, "out.zarr");
            assert!(a == b || text(a, "a.zarr") == text(b, name), "{name}: {}", path.display());
        }
    }
}

/// All files below a folder with their bytes, by relative path.
fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    let mut waiting = vec![folder.to_path_buf()];
    while let Some(next) = waiting.pop() {
        for entry in std::fs::read_dir(&next).expect("a folder").flatten() {
            let path = entry.path();
            if path.is_dir() {
                waiting.push(path);
            } else {
                let name = path.strip_prefix(folder).expect("below the folder").to_path_buf();
                found.push((name, std::fs::read(&path).expect("a file")));
            }
        }
    }
    found.sort();
    found
}

#[test]
fn failures_have_their_exit_codes_and_publish_nothing() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let out = folder.path().join("o.zarr").display().to_string();
    let data = r#"source a = open("examples/data/iris/A1B_north_america.nc")"#;
    let sink = format!(r#"sink {{m: mean(a.air_temperature)}} to zarr("{out}")"#);
    let code = |text: &str, extra: &[&str]| {
        let script = write(folder.path(), "s.ff", text);
        let mut args = vec![script.as_str()];
        args.extend(extra);
        let output = ffrun(&args);
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (exit, said) = code(&format!("{data}\n{sink}\nassert mean(a.air_temperature) < 0, \"too warm\""), &[]);
    assert_eq!(exit, Some(4), "{said}");
    assert!(said.contains("too warm"), "{said}");
    assert_eq!(code(&format!("{data}\nprint a.temperature"), &[]).0, Some(1));
    let (exit, said) = code(&format!("{data}\n{sink}"), &["--memory", "1KiB"]);
    assert!(exit == Some(1) && said.contains("ff::plan::memory"), "{said}");
    assert_eq!(code(data, &["--memory", "much"]).0, Some(2));
    let (exit, said) = code(data, &["--simd", "much"]);
    assert!(exit == Some(2) && said.contains("use baseline, avx2, avx512"), "{said}");
    assert!(!Path::new(&out).exists());
    let left: Vec<_> = std::fs::read_dir(folder.path()).expect("the folder").flatten().map(|e| e.file_name()).collect();
    assert_eq!(left, ["s.ff"], "staging is cleaned up");
    succeed(&[&write(folder.path(), "s.ff", &format!("{data}\n{sink}"))]);
    let (exit, said) = code(&format!("{data}\n{sink}"), &[]);
    assert!(exit == Some(1) && said.contains("--overwrite"), "{said}");
    assert_eq!(code(&format!("{data}\n{sink}"), &["--overwrite"]).0, Some(0));
}

#[test]
fn a_rechunk_beyond_the_budget_goes_through_scratch() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let place = |name: &str| folder.path().join(name).display().to_string();
    let axes = "arange(0, 40, 1, dim: t) * 7 + arange(0, 1024, 1, dim: y) * 3 + arange(0, 1024, 1, dim: x)";
    let make = format!(
        "sink {{v: ({axes}) as f32}} to zarr(\"{}\") {{ chunks: {{t: 1, y: 1024, x: 1024}} }}",
        place("a.zarr")
    );
    succeed(&[&write(folder.path(), "make.ff", &make)]);
    let turn = format!(
        "source a = open(\"{}\")\nsink {{v: a.v}} to zarr(\"{}\") {{ chunks: {{t: 40, y: 32, x: 32}} }}",
        place("a.zarr"),
        place("b.zarr")
    );
    let turn = write(folder.path(), "turn.ff", &turn);
    let plan =
        Command::new(env!("CARGO_BIN_EXE_ffplan")).args([&turn, "--memory", "64MiB"]).output().expect("ffplan starts");
    let plan = String::from_utf8_lossy(&plan.stdout).into_owned();
    assert!(plan.contains("kept in scratch") && plan.contains("reads 320 MiB"), "{plan}");
    succeed(&[&turn, "--memory", "64MiB"]);
    assert_same_values(&place("a.zarr"), &place("b.zarr"));
}

#[test]
fn a_halo_is_no_reason_for_scratch() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let place = |name: &str| folder.path().join(name).display().to_string();
    std::fs::create_dir(place("a.zarr")).expect("a folder");
    let grid = r#""chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [1024, 1024]}}"#;
    let codecs = r#""codecs": [{"name": "bytes", "configuration": {"endian": "little"}}]"#;
    let array = r#"{"zarr_format": 3, "node_type": "array", "shape": [8192, 8192], "data_type": "float64", "fill_value": 0.0,
        "chunk_key_encoding": {"name": "default"}, "dimension_names": ["y", "x"], "#;
    write(folder.path(), "a.zarr/zarr.json", &format!("{array} {grid}, {codecs}}}"));
    for boundary in ["reflect", "wrap"] {
        let (from, to) = (place("a.zarr"), place("b.zarr"));
        let smooth = format!("gaussian(a, y: 1, x: 1, boundary: {boundary})");
        let sink = format!("sink {{v: {smooth}}} to zarr(\"{to}\") {{ chunks: {{y: 1024, x: 1024}} }}");
        let script = write(folder.path(), "s.ff", &format!("source a = zarr(\"{from}\")\n{sink}"));
        let plan = |memory: &str| {
            let run = Command::new(env!("CARGO_BIN_EXE_ffplan")).args([&script, "--memory", memory]).output();
            String::from_utf8_lossy(&run.expect("ffplan starts").stdout).into_owned()
        };
        let (small, large) = (plan("256MiB"), plan("2GiB"));
        assert!(small.contains("1 stage,") && !small.contains("scratch"), "{small}");
        assert!(large.contains("1.00 times what is needed"), "{large}");
        assert!(boundary == "wrap" || large.contains("reads 512 MiB"), "{large}");
    }
}

#[test]
fn parts_far_apart_are_read_apart() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let place = |name: &str| folder.path().join(name).display().to_string();
    let make = "sink {v: arange(0, 4000, 1, dim: t) * 7.0 + arange(0, 1000, 1, dim: x)} to";
    let make = format!("{make} zarr(\"{}\") {{ chunks: {{t: 100, x: 1000}} }}", place("a.zarr"));
    succeed(&[&write(folder.path(), "make.ff", &make)]);
    let values =
        ["v - v[(..) step -1]", "roll(v, t: 1)", "v * 2 - shift(v * 2, t: 2000)", "pad(v, t: [5, 5], mode: wrap)"];
    for (number, value) in values.into_iter().enumerate() {
        let script = format!("source a = open(\"{}\")\nlet v = a.v\nsink {{r: {value}}} to", place("a.zarr"));
        let written = ["8MiB", "1GiB"].map(|memory| {
            let out = place(&format!("{number}-{memory}.zarr"));
            let script = write(folder.path(), "s.ff", &format!("{script} zarr(\"{out}\")"));
            succeed(&[&script, "--memory", memory]);
            out
        });
        assert_same_values(&written[0], &written[1]);
    }
    let both = format!("source a = open(\"{}\")\nprint sum(a.v - flip(a.v, t))", place("a.zarr"));
    assert!(succeed(&[&write(folder.path(), "s.ff", &both), "--memory", "24MiB"]).contains("0.0"));
}

#[test]
fn chunks_never_written_are_told_of_where_asked() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let place = |name: &str| folder.path().join(name).display().to_string();
    for (number, options) in ["chunks: {t: 2}", "chunks: {t: 1}, shards: {t: 2}"].iter().enumerate() {
        let store = place(&format!("{number}.zarr"));
        let make = format!("let x = ones({{t: 8}})\nsink x to zarr(\"{store}\") {{ {options} }}");
        succeed(&[&write(folder.path(), "make.ff", &make)]);
        std::fs::remove_file(format!("{store}/x/c/1")).expect("the second object");
        let run = |missing: &str| {
            let read = format!("source a = open(\"{store}\") {{ missing: {missing} }}\nprint sum(a.x - mean(a.x))");
            let output = ffrun(&[&write(folder.path(), "read.ff", &read)]);
            (
                output.status.code(),
                String::from_utf8_lossy(&output.stderr).split_whitespace().collect::<Vec<_>>().join(" "),
            )
        };
        assert_eq!(run("fill"), (Some(0), String::new()));
        let (code, said) = run("warn");
        let told = said.matches("ff::read::absent_chunks").count();
        assert!(code == Some(0) && told == 1 && said.contains("never written"), "{said}");
        let (code, said) = run("error");
        assert!(code == Some(3) && said.contains("ff::read::absent_chunk") && said.contains("chunk ["), "{said}");
    }
}

#[test]
fn targets_may_be_forced_to_disk() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for name in ["o.zarr", "o.nc", "o.npy", "o.csv"] {
        let format = if name == "o.nc" { "netcdf" } else { &name[2..] };
        let out = folder.path().join(name).display().to_string();
        let sink = format!("let x = ones({{t: 3}})\nsink x to {format}(\"{out}\") {{ mode: overwrite }}");
        succeed(&[&write(folder.path(), "s.ff", &sink), "--durable"]);
        succeed(&[&write(folder.path(), "s.ff", &format!("plan {{ durable: true }}\n{sink}"))]);
        succeed(&[&write(folder.path(), "s.ff", &format!("source o = open(\"{out}\")\nprint o"))]);
    }
}

#[test]
fn what_cannot_be_written_is_told() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = write(folder.path(), "a-file", "");
    let out = folder.path().join("o.zarr").display().to_string();
    let large = "let m = zeros({t: 2, y: 2000, x: 2000}, f32) + 1 |> mean(t)";
    let script = write(folder.path(), "s.ff", &format!("{large}\nsink m to zarr(\"{out}\")"));
    let output = ffrun(&[&script, "--memory", "100MiB", "--scratch", &file]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(3) && said.contains("ff::write::scratch"), "{said}");
    succeed(&[&script, "--memory", "100MiB"]);
    let script = write(folder.path(), "s.ff", &format!("let m = ones([3])\nsink m to zarr(\"{file}/b/o.zarr\")"));
    let output = ffrun(&[&script]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(3) && said.contains("ff::write::target"), "{said}");
}

#[test]
fn what_is_no_output_is_never_replaced() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let thesis = folder.path().join("thesis");
    std::fs::create_dir(&thesis).expect("a folder");
    write(&thesis, "chapter.tex", "words");
    write(folder.path(), "notes.nc", "words");
    for (format, name) in [
        ("zarr", "thesis"),
        ("netcdf", "thesis"),
        ("csv", "thesis"),
        ("netcdf", "notes.nc"),
        ("zarr", "notes.nc"),
        ("npy", "notes.nc"),
    ] {
        let out = folder.path().join(name).display().to_string();
        for options in ["", "{ mode: overwrite }"] {
            let text = format!("let x = ones({{t: 3}})\nsink x to {format}(\"{out}\") {options}");
            let output = ffrun(&[&write(folder.path(), "s.ff", &text), "--overwrite"]);
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.code() == Some(1) && said.contains("ff::sink::foreign"), "{format} {name}: {said}");
        }
    }
    let text = |path: PathBuf| std::fs::read_to_string(path).expect("it is still there");
    assert_eq!(
        (text(thesis.join("chapter.tex")), text(folder.path().join("notes.nc"))),
        ("words".into(), "words".into())
    );
    assert_eq!(std::fs::read_dir(folder.path()).expect("the folder").count(), 3);
}

#[test]
fn what_comes_into_being_meanwhile_is_kept() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = folder.path().join("o.zarr");
    let first = folder.path().join("first.npy").display().to_string();
    let slow = "let x = sum(sin(arange(0, 60000000, 1, dim: x) as f64))";
    let sinks = format!("sink x to npy(\"{first}\")\nsink x to zarr(\"{}\", \"/x\")", store.display());
    let script = write(folder.path(), "s.ff", &format!("{slow}\n{sinks}"));
    let mut command = Command::new(env!("CARGO_BIN_EXE_ffrun"));
    command.args([&script, "--overwrite", "--threads", "1"]).stderr(std::process::Stdio::piped());
    let child = command.spawn().expect("ffrun starts");
    let begun = || std::fs::read_dir(folder.path()).expect("the folder").count() > 1;
    while !begun() {
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    std::fs::create_dir(&store).expect("a folder");
    write(&store, "chapter.tex", "words");
    let output = child.wait_with_output().expect("ffrun ends");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(3) && said.contains("ff::sink::foreign"), "{said}");
    assert_eq!(std::fs::read_to_string(store.join("chapter.tex")).expect("it is still there"), "words");
    assert!(!Path::new(&first).exists(), "nothing else was published");
}

/// A limit on the size of files stands for a disk that is full; the text is whatever was said, in one line.
#[test]
fn writers_name_the_target_and_the_systems_reason() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for name in ["o.zarr", "o.nc", "o.h5", "o.npy", "o.csv"] {
        let out = folder.path().join(name).display().to_string();
        let run = "trap '' XFSZ; ulimit -f 64; exec \"$0\" \"$@\"";
        let values = "sin(arange(0, 200000, 1, dim: x) as f64)";
        let expression = if name == "o.npy" { values.to_owned() } else { format!("{{v: {values}}}") };
        let data = "examples/data/iris/A1B_north_america.nc";
        let args = ["-c", run, env!("CARGO_BIN_EXE_ffrun"), "-e", &expression, data, &out];
        let output = Command::new("sh").args(args).output().expect("a shell");
        let said = String::from_utf8_lossy(&output.stderr).split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(output.status.code(), Some(3), "{said}");
        for text in ["ff::write::failed", &format!("{name}`: File too large"), "ulimit -f", "written here"] {
            assert!(said.contains(text), "{text} is missing: {said}");
        }
        assert!(![".ff-partial", "errno", "descriptor", "os error"].iter().any(|text| said.contains(text)), "{said}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).expect("the folder").count(), 0, "nothing is left");
}

#[test]
fn targets_that_were_written_are_told() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let out = folder.path().join("o.npy").display().to_string();
    let script = write(folder.path(), "s.ff", &format!("sink ones({{t: 3}}) to npy(\"{out}\")"));
    let said = |args: &[&str]| {
        let output = ffrun(&[&[script.as_str(), "--overwrite"], args].concat());
        assert!(output.status.success());
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    assert!(said(&["--progress", "plain"]).ends_with(&format!("\nwrote {out}\n")));
    assert_eq!((said(&["--progress", "none"]), said(&[])), (String::new(), String::new()));
}

#[test]
fn values_are_shown_in_the_order_of_the_script() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let shown =
        ["x[-1]", "1 + 1", "cumsum(x, t)[-1]", "median(x)", "sum(x - mean(x, t))", "x[0]", "histogram(x, bins: 2)"];
    let prints: String = shown.iter().map(|value| format!("print {value}\n")).collect();
    let script = format!("let x = arange(0, 9, 1, dim: t) as f64 |> sin()\n{prints}");
    let output = ffrun(&[&write(folder.path(), "s.ff", &script)]);
    let text = String::from_utf8_lossy(&output.stdout);
    let labels: Vec<usize> = shown.iter().map(|value| text.find(*value).expect("a label")).collect();
    assert!(labels.is_sorted(), "{text}");
}

#[test]
fn an_interrupted_run_stops_and_says_so() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let script = write(folder.path(), "s.ff", "print sum(sin(arange(0, 1000000000000, 1, dim: x) as f64))");
    let child = Command::new(env!("CARGO_BIN_EXE_ffrun")).arg(&script).stderr(std::process::Stdio::piped()).spawn();
    let child = child.expect("ffrun starts");
    std::thread::sleep(std::time::Duration::from_millis(700));
    let killed = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill starts");
    assert!(killed.success());
    let output = child.wait_with_output().expect("ffrun ends");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(130) && said.contains("ff::run::interrupted"), "{said}");
}

/// Of all shapes and dtypes, with the same bytes whatever the threads and the budget.
#[test]
fn products_agree_with_numpy() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    oracle("contractions.py", &[env!("CARGO_BIN_EXE_ffrun"), &folder.path().display().to_string()]);
}

#[test]
fn products_are_refused_where_no_block_fits() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let script = "let a = zeros({i: 3000, k: 3000}, f64)\nprint sum(matmul(a, rename(a, i: k, k: j)))";
    let script = write(folder.path(), "s.ff", script);
    let said = ffrun(&[&script, "--memory", "64KiB"]);
    let text = String::from_utf8_lossy(&said.stderr).into_owned();
    assert!(said.status.code() == Some(1) && text.contains("ff::plan::memory"), "{text}");
}

#[test]
fn scans_agree_with_xarray_in_all_tasks() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    oracle("scans.py", &[env!("CARGO_BIN_EXE_ffrun"), &folder.path().display().to_string()]);
}

#[test]
fn random_expressions_agree_with_xarray() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    oracle("differential.py", &[env!("CARGO_BIN_EXE_ffrun"), &folder.path().display().to_string(), "320"]);
}

#[test]
fn histograms_of_many_chunks_are_numpys() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    oracle("histogram.py", &[env!("CARGO_BIN_EXE_ffrun"), &folder.path().display().to_string()]);
}

#[test]
fn interpolations_and_fits_agree_with_xarray() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    oracle("interpolation.py", &[env!("CARGO_BIN_EXE_ffrun"), &folder.path().display().to_string()]);
}

#[test]
fn interpolation_reads_what_lies_around_the_labels() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let place = folder.path().join("a.zarr").display().to_string();
    let make = format!(
        "let v = zeros({{t: 100, y: 60, x: 80}}) |> assign_coords(t: arange(0, 100))\nsink v to zarr(\"{place}\") {{ chunks: {{t: 5, y: 30, x: 40}} }}"
    );
    succeed(&[&write(folder.path(), "make.ff", &make)]);
    let reads = |value: &str| {
        let script = format!("source a = open(\"{place}\")\nprint sum({value})");
        let script = write(folder.path(), "s.ff", &script);
        let plan = Command::new(env!("CARGO_BIN_EXE_ffplan")).arg(&script).output().expect("ffplan starts");
        let plan = String::from_utf8_lossy(&plan.stdout).into_owned();
        plan.split_once("reads ")
            .and_then(|(_, rest)| rest.split_once(','))
            .map(|(bytes, _)| bytes.split(';').next().unwrap_or_default().to_owned())
    };
    let chunk = "47 KiB";
    for (value, bytes) in [
        ("interp(a.v, t: 12.5, y: 3.5, x: 41.25)", chunk),
        ("interp(a.v, t: 14.5, y: 3.5, x: 41.25)", "94 KiB"),
        ("interp(a.v, t: [12.5, 11.25], y: 3, x: 41.25, method: nearest)", chunk),
        ("reindex(a.v, t: [11, 13])[y: 0, x: 0]", chunk),
    ] {
        assert_eq!(reads(value).as_deref(), Some(bytes), "{value}");
    }
}

#[test]
fn transforms_of_many_chunks_are_numpys() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    oracle("fourier.py", &[env!("CARGO_BIN_EXE_ffrun"), &folder.path().display().to_string()]);
}

#[test]
fn decompositions_of_many_blocks_are_numpys() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    oracle("matrices.py", &[env!("CARGO_BIN_EXE_ffrun"), &folder.path().display().to_string()]);
}
