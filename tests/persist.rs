//! `storage`, `persist` and `ffstore`: what is kept, when it is read again, and what becomes of it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

use crate::programs::{ffrun, oracle, succeed, write};

const DATA: &str = "examples/data/iris/A1B_north_america.nc";

fn folder() -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let at = folder.path().display().to_string();
    (folder, at)
}

/// A script that keeps what `lets` say under `results` beside it.
fn script(folder: &Path, name: &str, data: &str, lets: &str) -> String {
    let at = folder.display();
    write(folder, name, &format!("source a = open(\"{data}\")\nstorage r = local(\"{at}/results\")\n{lets}"))
}

fn program(path: &str, args: &[&str]) -> (i32, String, String) {
    let output: Output = Command::new(path).args(args).output().expect("the program starts");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr))
}

/// What is said, without the frame and the lines it is broken into.
fn plain(told: &str) -> String {
    told.replace(['│', '×'], " ").split_whitespace().collect::<Vec<_>>().join(" ")
}

fn ffstore(args: &[&str]) -> (i32, String, String) {
    program(env!("CARGO_BIN_EXE_ffstore"), args)
}

/// What a program prints as JSON.
fn json(printed: (i32, String, String)) -> Value {
    assert_eq!(printed.0, 0, "{}", printed.2);
    serde_json::from_str(&printed.1).unwrap_or_else(|e| panic!("{e}: {}", printed.1))
}

/// What the report of a run says of its results, by name: a hit, or why it is none.
fn results(args: &[&str]) -> Vec<(String, Option<String>)> {
    report(args)["results"].as_array().expect("results").iter().map(result).collect()
}

fn result(result: &Value) -> (String, Option<String>) {
    let why = result["why"].as_str().map(str::to_owned);
    assert_eq!(result["hit"].as_bool(), Some(why.is_none()));
    (result["name"].as_str().expect("a name").to_owned(), why)
}

fn report(args: &[&str]) -> Value {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("report.json").display().to_string();
    let args: Vec<&str> = args.iter().copied().chain(["--report", &path]).collect();
    succeed(&args);
    serde_json::from_str(&std::fs::read_to_string(&path).expect("a report")).expect("JSON")
}

fn hits(args: &[&str]) -> usize {
    results(args).iter().filter(|(_, why)| why.is_none()).count()
}

/// The reason why the result of a script that keeps one is computed.
fn why(args: &[&str]) -> String {
    match results(args).as_slice() {
        [(_, Some(why))] => why.clone(),
        other => panic!("{other:?}"),
    }
}

/// All files below a folder, links and hidden ones too.
fn files(folder: &Path) -> Vec<PathBuf> {
    let (mut found, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let is_folder = entry.file_type().expect("a type").is_dir();
            if is_folder { folders.push(entry.path()) } else { found.push(entry.path()) }
        }
    }
    found.sort();
    found
}

const CLIMATE: &str = "\
let clim = mean(a.air_temperature, time)
let anom = a.air_temperature - clim
let gmst = anom |> mean(latitude, longitude)
let top = max(clim)
persist clim, anom, gmst, top to r
";

#[test]
fn a_second_run_reads_what_the_first_kept() {
    let (folder, at) = folder();
    let path = script(folder.path(), "climate.ff", DATA, CLIMATE);
    let first = report(&[&path]);
    assert!(first["results"].as_array().expect("results").iter().all(|r| r["hit"] == false));
    assert!(first["stages"].as_array().expect("stages").iter().any(|stage| stage["read"].as_u64() > Some(0)));
    // Nothing but the results was asked for, and all are there.
    let second = report(&[&path]);
    assert!(second["results"].as_array().expect("results").iter().all(|r| r["hit"] == true), "{second}");
    assert_eq!(second["stages"].as_array().map(Vec::len), Some(0));
    // What needs results only reads nothing else.
    let more = script(
        folder.path(),
        "climate.ff",
        DATA,
        &format!("{CLIMATE}assert top > 200\nprint top, gmst[-1], anom[0, 0, 0], clim |> std()\n"),
    );
    let plan = json(program(env!("CARGO_BIN_EXE_ffplan"), &[&more, "--format", "json"]));
    let text = plan.to_string();
    assert!(!text.contains(DATA) && text.contains(".ff/objects"), "{text}");
    let printed = succeed(&[&more]);
    let fresh = more.replace("climate.ff", "fresh.ff");
    let alone = std::fs::read_to_string(&more).expect("the script").replace("/results", "/others");
    std::fs::write(&fresh, alone).expect("a script");
    assert_eq!(printed, succeed(&[&fresh]));
    let names = ["anom.h5", "clim.h5", "gmst.json", "top.json"];
    for name in names {
        assert!(Path::new(&format!("{at}/results/climate/{name}")).is_symlink(), "{name}");
    }
    // No stage writes what is not wanted: a hit leaves all files as they are.
    let before = files(&folder.path().join("results"));
    succeed(&[&more]);
    assert_eq!(files(&folder.path().join("results")), before);
}

#[test]
fn python_reads_what_is_kept() {
    let (folder, at) = folder();
    let lets = "let clim = mean(a.air_temperature, time)\nlet both = {low: min(a.air_temperature, time), n: a.air_temperature > 280}\n\
                let gmst = mean(a.air_temperature)\npersist clim, both, gmst to r\n";
    succeed(&[&script(folder.path(), "h.ff", DATA, lets)]);
    let kinds = "{ array: zarr { codec: zstd(9) }, dataset: zarr { version: 2 }, scalar: hdf5 }";
    let zarr = format!("source a = open(\"{DATA}\")\nstorage r = local(\"{at}/zarr\") {kinds}\n{lets}");
    succeed(&[&write(folder.path(), "z.ff", &zarr)]);
    let raw = zarr.replace("/zarr", "/raw").replace(kinds, "{ array: raw, dataset: raw, scalar: raw }");
    succeed(&[&write(folder.path(), "w.ff", &raw)]);
    oracle("persist.py", &[DATA, &at]);
}

#[test]
fn what_bears_on_a_result_changes_its_key() {
    let (folder, at) = folder();
    let data = format!("{at}/data.nc");
    std::fs::copy(DATA, &data).expect("a copy");
    let lets =
        "param top: float = 300.0\nlet cut = minimum(a.air_temperature, top)\nlet m = mean(cut, time)\npersist m\n";
    let path = script(folder.path(), "s.ff", &data, lets);
    assert_eq!(why(&[&path]), "nothing is kept under that name");
    for (edited, args) in [
        (lets.to_owned(), &["--threads", "1"][..]),
        (lets.to_owned(), &["--threads", "2", "--memory", "64MiB"]),
        (lets.replace("cut", "other"), &[]),
        (lets.replace("let m = mean(cut, time)", "# a comment\nlet  m  =  cut |> mean( time )"), &[]),
        (lets.replace("persist", "let n = max(a.air_temperature)\nprint n, n + 1\npersist"), &[]),
        (lets.replace("300.0", "3 * 100.0"), &[]),
        (lets.to_owned(), &["--top", "300"]),
        (lets.replace("param top", "param unused: int = 3\nparam top"), &["--unused", "4"]),
        (lets.replace("let m = mean(cut, time)", "fn f(x) = mean(x, time)\nlet m = f(cut)"), &[]),
    ] {
        script(folder.path(), "s.ff", &data, &edited);
        let all: Vec<&str> = [path.as_str()].into_iter().chain(args.iter().copied()).collect();
        assert_eq!(hits(&all), 1, "{edited} {args:?}");
    }
    script(folder.path(), "s.ff", &data, lets);
    assert_eq!(why(&[&path, "--top", "290"]), "the param `top` is 290.0, and was 300.0");
    // Going back finds what was kept before.
    assert_eq!(hits(&[&path]), 1);
    for edited in [
        lets.replace("mean(cut, time)", "max(cut, time)"),
        lets.replace("minimum", "maximum"),
        lets.replace("mean(cut, time)", "mean(cut, time, dtype: f64)"),
        lets.replace("mean(cut, time)", "mean(cut, time) |> with_attrs(units: \"C\")"),
    ] {
        script(folder.path(), "s.ff", &data, &edited);
        let why = why(&[&path]);
        assert!(why.starts_with("the script has changed"), "{edited}: {why}");
        script(folder.path(), "s.ff", &data, lets);
        assert_eq!(hits(&[&path]), 1);
    }
    let later = std::time::SystemTime::now() + std::time::Duration::from_secs(5);
    std::fs::File::options().append(true).open(&data).and_then(|f| f.set_modified(later)).expect("a time");
    let whole = std::fs::canonicalize(&data).expect("a path");
    assert_eq!(why(&[&path]), format!("the source `{}` has changed", whole.display()));
    assert_eq!(hits(&[&path]), 1);
}

/// Scripts in which later values follow from kept ones: element by element, by sums of several tasks, of times, in datasets.
const CHAINS: [&str; 6] = [
    "let x = random.normal({t: 260, y: 100, x: 90}, seed: 1)\nlet k = x * 2.5 + 1\nlet m = mean(k, t)\nlet s = sum(k)\nlet v = var(k, y)\n\
     persist k to r\nsink {m: m, s: s, v: v, d: k - m} to OUT\n",
    "let x = random.normal({t: 3000, y: 40, x: 10}, seed: 2) as f32 |> rechunk(t: 7)\nlet k = exp(x)\nlet m = mean(k)\nlet n = mean(x)\n\
     let c = cumsum(k, t)\npersist k, m to r\nsink {m: m, n: n, c: c[t: (0..<3000) step 100], w: rolling(k, t: 5) |> mean() |> isel(t: 100..<130)} to OUT\n",
    "let k = mean(a.air_temperature, time)\nlet d = a.air_temperature - k\nlet s = std(d, time)\nlet g = a.air_temperature |> groupby(time.year) |> mean()\n\
     persist k, s, g to r\nsink {d: d, s: s / k, g: g - k} to OUT\n",
    "let t = a.air_temperature.time\nlet k = concat([t, t], time)\nlet q = quantile(a.air_temperature, [0.1, 0.5], time)\npersist t, k, q to r\n\
     sink {q: q, w: q - mean(q, quantile)} to OUT\n",
    "let k = {lo: min(a.air_temperature, time), at: argmax(a.air_temperature, time), hot: a.air_temperature > 280}\npersist k, a to r\n\
     sink {hot: sum(k.hot, time), lo: k.lo * 2, at: k.at, m: mean(a.air_temperature, longitude)} to OUT\n",
    "let e = a.air_temperature |> isel(time: 0..<0)\nlet n = e * 0.0 / 0.0\nlet z = a.air_temperature[0] * 0.0 / 0.0\nlet one = z[0, 0]\npersist e, n, z, one to r\n\
     sink {z: z, one: one, n: n + 1} to OUT\n",
];

#[test]
fn hits_change_no_byte() {
    for (number, lets) in CHAINS.iter().enumerate() {
        for (kinds, formats) in
            [("", &["zarr", "h5"][..]), (" { array: zarr, table: zarr, scalar: raw, dataset: raw }", &["zarr"])]
        {
            for format in formats {
                let (folder, at) = folder();
                let out = format!("{at}/out.{format}");
                let named = format!("{}(\"{out}\")", if *format == "h5" { "hdf5" } else { "zarr" });
                let storage = format!("storage r = local(\"{at}/results\"){kinds}\n");
                let text = format!("source a = open(\"{DATA}\")\n{storage}{}", lets.replace("OUT", &named));
                let path = write(folder.path(), "chain.ff", &text);
                let mut seen = Vec::new();
                for (threads, memory) in [("2", "1GiB"), ("1", "1GiB"), ("2", "96MiB")] {
                    let found = results(&[&path, "--threads", threads, "--memory", memory]);
                    let expected = if seen.is_empty() { 0 } else { found.len() };
                    assert_eq!(found.iter().filter(|(_, why)| why.is_none()).count(), expected, "{number} {found:?}");
                    let moved = format!("{at}/out-{}.{format}", seen.len());
                    std::fs::rename(&out, &moved).expect("what was written");
                    seen.push(moved);
                }
                for other in &seen[1..] {
                    // Where several variables lie in an HDF5 file shows in which order they were computed.
                    let same = match *format {
                        "h5" => ffrun(&["diff", "--raw", &seen[0], other]).status.success(),
                        _ => bytes_of(Path::new(&seen[0])) == bytes_of(Path::new(other)),
                    };
                    assert!(same, "chain {number} as {format}{kinds}");
                }
            }
        }
    }
}

fn bytes_of(path: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    match path.is_dir() {
        false => vec![(PathBuf::new(), std::fs::read(path).expect("a file"))],
        true => {
            let named = |file: PathBuf| {
                (file.strip_prefix(path).expect("below").to_owned(), std::fs::read(&file).expect("a file"))
            };
            files(path).into_iter().map(named).collect()
        }
    }
}

#[test]
fn values_of_every_dtype_come_back() {
    let dtypes = ["bool", "i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64", "f16", "f32", "f64", "c64", "c128"];
    for kinds in [
        "",
        " { array: zarr, table: zarr, scalar: zarr }",
        " { array: raw, table: raw, scalar: raw }",
        " { table: hdf5, scalar: hdf5 }",
    ] {
        let (folder, at) = folder();
        let (mut lets, mut names) = (String::new(), Vec::new());
        for dtype in dtypes {
            let lists = format!("let {dtype}_list = (arange(0, 7, 1, dim: t) * 37) as {dtype}\n");
            let grid =
                format!("let {dtype}_grid = broadcast({dtype}_list, {{y: 300}})\nlet {dtype}_one = {dtype}_list[3]\n");
            lets.push_str(&lists);
            lets.push_str(&grid);
            names.extend(["list", "grid", "one"].map(|kind| format!("{dtype}_{kind}")));
        }
        lets.push_str("let when = a.air_temperature.time\nlet first = when[0]\nlet span = when - first\n");
        names.extend(["when", "first", "span"].map(str::to_owned));
        let text = format!(
            "source a = open(\"{DATA}\")\nstorage r = local(\"{at}/results\"){kinds}\n{lets}persist {}\nprint {}\n",
            names.join(", "),
            names.join(", ")
        );
        let path = write(folder.path(), "dtypes.ff", &text);
        let first = succeed(&[&path]);
        assert_eq!(hits(&[&path]), names.len(), "{kinds}");
        assert_eq!(succeed(&[&path]), first, "{kinds}");
        let (code, said, _) = ffstore(&["verify", &format!("{at}/results")]);
        assert!(code == 0 && said.lines().count() == names.len(), "{said}");
    }
}

#[test]
fn what_is_damaged_is_refused() {
    let (folder, at) = folder();
    let store = format!("{at}/results");
    let path =
        script(folder.path(), "d.ff", DATA, "let m = mean(a.air_temperature, time)\npersist m to r\nprint max(m)\n");
    let printed = succeed(&[&path]);
    let link = folder.path().join("results/d/m.h5");
    let file = link.canonicalize().expect("a file");
    let manifest = file.with_file_name("manifest.json");
    let (whole, said) = (std::fs::read(&file).expect("bytes"), std::fs::read(&manifest).expect("bytes"));
    let key = ffstore(&["ls", &store]).1.split_whitespace().last().expect("a key").to_owned();
    let mut flipped = whole.clone();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 1;
    for (broken, of, found) in [
        (flipped, &file, "it does not match its checksum"),
        (whole[..whole.len() - 1].to_vec(), &file, "bytes, and had"),
        (b"{".to_vec(), &manifest, "EOF"),
        (b"{\"layout\": 1}".to_vec(), &manifest, "missing field"),
    ] {
        std::fs::write(of, broken).expect("written");
        let (code, _, told) = program(env!("CARGO_BIN_EXE_ffrun"), &[&path]);
        let told = plain(&told);
        assert!(code == 3 && told.contains("ff::persist::damaged") && told.contains(found), "{code} {told}");
        let name = &of.file_name().expect("a name").to_string_lossy()[..8];
        assert!(told.contains("ffstore rm") && told.replace(' ', "").contains(name), "{told}");
        let (code, verified, _) = ffstore(&["verify", &store]);
        assert!(code == 3 && !verified.contains("as it was kept"), "{verified}");
        // What the plan is is told without reading what is stored.
        std::fs::write(&file, &whole).expect("written");
        std::fs::write(&manifest, &said).expect("written");
        assert_eq!(succeed(&[&path]), printed);
    }
    // The remedy that is told: by the key, also where no name leads to it.
    std::fs::remove_file(&link).expect("removed");
    assert_eq!(ffstore(&["rm", &store, "--key", &key]).0, 0);
    assert_eq!(why(&[&path]), "nothing is kept under that name");
    assert_eq!(succeed(&[&path]), printed);
    // A file that is gone is computed anew.
    std::fs::remove_file(link.canonicalize().expect("a file")).expect("removed");
    assert_eq!(why(&[&path]), "what was kept is gone");
    assert_eq!(hits(&[&path]), 1);
    // Something of the user's is never replaced.
    std::fs::remove_file(&link).expect("removed");
    std::fs::write(&link, "words").expect("written");
    let (code, _, told) = program(env!("CARGO_BIN_EXE_ffrun"), &[&path]);
    assert!(code == 3 && plain(&told).contains("no name of a result"), "{told}");
    assert_eq!(std::fs::read(&link).expect("words"), b"words");
}

#[test]
fn runs_at_once_keep_one_result() {
    let (folder, at) = folder();
    let lets = "let x = random.normal({t: 200, y: 100, x: 60}, seed: 3)\nlet k = exp(x)\nlet m = mean(k, t)\npersist k, m to r\nprint max(m)\n";
    let paths: Vec<String> = (0..3).map(|i| script(folder.path(), &format!("s{i}.ff"), DATA, lets)).collect();
    let twice = [&paths[0], &paths[0], &paths[1], &paths[2]];
    let start = |path: &&String| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ffrun"));
        command.arg(path).stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
        command.spawn().expect("ffrun starts")
    };
    let children: Vec<_> = twice.iter().map(start).collect();
    let outputs: Vec<Output> = children.into_iter().map(|child| child.wait_with_output().expect("an end")).collect();
    for output in &outputs {
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(output.stdout, outputs[0].stdout);
    }
    let store = format!("{at}/results");
    assert_eq!(ffstore(&["verify", &store]).0, 0);
    let all = json(ffstore(&["ls", &store, "--all", "--format", "json"]));
    let keys: std::collections::BTreeSet<&str> =
        all.as_array().expect("a list").iter().filter_map(|e| e["key"].as_str()).collect();
    assert_eq!((all.as_array().map(Vec::len), keys.len()), (Some(6), 2), "{all}");
    // What runs wrote that others had written too goes with `gc`; one file a key is left, and is whole.
    assert_eq!(ffstore(&["gc", &store]).0, 0);
    let left = files(&folder.path().join("results/.ff/objects"));
    assert_eq!(left.len(), 4, "{left:?}");
    assert!(paths.iter().all(|path| hits(&[path]) == 2));
}

#[test]
fn a_run_that_fails_keeps_nothing() {
    let (folder, _) = folder();
    let lets = "let m = mean(a.air_temperature, time)\npersist m to r\n";
    let path = script(folder.path(), "f.ff", DATA, &format!("{lets}assert max(m) > 1e9\n"));
    assert_eq!(ffrun(&[&path]).status.code(), Some(4));
    let left = files(&folder.path().join("results"));
    assert!(left.iter().all(|path| path.ends_with("lock")), "{left:?}");
    script(folder.path(), "f.ff", DATA, lets);
    assert_eq!(why(&[&path]), "nothing is kept under that name");
    // Nothing is written where results cannot be.
    std::fs::write(folder.path().join("file"), "").expect("a file");
    let text = std::fs::read_to_string(&path).expect("a script").replace("/results", "/file/results");
    let refused = ffrun(&[&write(folder.path(), "g.ff", &text)]);
    assert_eq!(refused.status.code(), Some(3), "{}", String::from_utf8_lossy(&refused.stderr));
}

#[test]
fn a_source_that_changes_meanwhile_is_told() {
    use functionfuse::runtime::{self, Cancel, catalog::LocalCatalog, observer::Silent};
    let (folder, at) = folder();
    let data = format!("{at}/data.nc");
    std::fs::copy(DATA, &data).expect("a copy");
    let path = script(folder.path(), "c.ff", &data, "let m = mean(a.air_temperature, time)\npersist m to r\n");
    let text = std::fs::read_to_string(&path).expect("a script");
    let (catalog, options) = (LocalCatalog::new(), functionfuse::Options::default());
    let planned = functionfuse::check(&path, &text, &options, &catalog).and_then(|c| functionfuse::plan(c, &options));
    let planned = planned.unwrap_or_else(|report| panic!("{report:?}"));
    std::fs::File::options()
        .append(true)
        .open(&data)
        .and_then(|f| f.set_modified(std::time::SystemTime::now()))
        .expect("a time");
    let error = runtime::run(&planned.plan, &catalog, &Silent, &Cancel::default()).expect_err("a change");
    assert_eq!(miette::Diagnostic::code(&error).expect("a code").to_string(), "ff::persist::changed");
    let left = files(&folder.path().join("results"));
    assert!(left.iter().all(|path| path.ends_with("lock")), "{left:?}");
}

#[test]
fn names_patterns_and_plans() {
    let (folder, at) = folder();
    let lets = "let clim_a = mean(a.air_temperature, time)\nlet clim_b = a.air_temperature |> mean(time)\nlet clim_n = 3\n\
                let time = a.air_temperature.time\nlet latitude = max(a.air_temperature, time, longitude) * clim_a\n\
                fn clim_f(x) = x\npersist /^clim_/, latitude, time, clim_n\n";
    let path = script(folder.path(), "my script.ff", DATA, lets);
    let plan = |args: &[&str]| program(env!("CARGO_BIN_EXE_ffplan"), args).1;
    let shown = plan(&[&path]);
    assert!(shown.contains("persist clim_a to r: miss, nothing is kept under that name (key "), "{shown}");
    let dry = succeed(&[&path, "--dry-run"]);
    assert!(dry.contains("persist time to r: miss") && !dry.contains("would write"), "{dry}");
    assert!(!folder.path().join("results").exists());
    let names: Vec<String> = results(&[&path]).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["clim_a", "clim_b", "latitude", "time", "clim_n"]);
    // Two names of one thing share it.
    let key = |name: &str| json(ffstore(&["ls", &format!("{at}/results"), name, "--format", "json"]))[0]["key"].clone();
    assert_eq!(key("clim_a"), key("clim_b"));
    assert!(folder.path().join("results/my_script/latitude.h5").is_symlink());
    assert_eq!(hits(&[&path]), 5);
    let shown = plan(&[&path]);
    assert!(shown.contains("persist latitude to r: hit, ") && shown.contains("0 stages"), "{shown}");
    let plan = json(program(env!("CARGO_BIN_EXE_ffplan"), &[&path, "--format", "json"]));
    assert!(plan["plan"]["persisted"].as_array().expect("a list").iter().all(|p| p["hit"] == true), "{plan}");
    // A storage that asks for another format gets it.
    let text = std::fs::read_to_string(&path).expect("a script").replace("results\")", "results\") { array: zarr }");
    std::fs::write(&path, text).expect("a script");
    let found = results(&[&path]);
    assert_eq!(found[0].1.as_deref(), Some("it is kept as hdf5, and the storage asks for zarr"), "{found:?}");
    assert!(folder.path().join("results/my_script/latitude.zarr").is_symlink());
    assert!(!folder.path().join("results/my_script/latitude.h5").is_symlink());
    assert_eq!(hits(&[&path]), 5);
}

#[test]
fn ffstore_keeps_order() {
    let (folder, at) = folder();
    let store = format!("{at}/results");
    assert_eq!(ffstore(&["ls", &store]).0, 3);
    let lets = "param top: float = 300.0\nlet clim = minimum(mean(a.air_temperature, time), top)\nlet gmst = mean(clim)\nlet both = {c: clim, g: gmst}\npersist clim, gmst, both\n";
    let path = script(folder.path(), "one.ff", DATA, lets);
    let other = script(folder.path(), "two.ff", DATA, &lets.replace(", both", ""));
    succeed(&[&path]);
    succeed(&[&other, "--top", "280"]);
    let listed = ffstore(&["ls", &store]).1;
    let lines: Vec<Vec<&str>> = listed.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(lines.len(), 6, "{listed}");
    assert_eq!(lines[0], ["NAME", "WORKFLOW", "VALUE", "SIZE", "AGE", "KEY"]);
    assert!(listed.contains("f32[latitude=37, longitude=49]") && listed.contains("{c: f32["), "{listed}");
    assert_eq!(ffstore(&["ls", &store, "--workflow", "two"]).1.lines().count(), 3);
    assert_eq!(ffstore(&["ls", &store, "--match", "g*"]).1.lines().count(), 3);
    let (code, _, said) = ffstore(&["ls", &store, "glim"]);
    assert!(code == 3 && said.contains("one/both, one/clim"), "{said}");
    let shown = ffstore(&["show", &store, "gmst", "--workflow", "one"]).1;
    assert!(shown.starts_with("one/gmst: ") && shown.contains("\ngmst = 2"), "{shown}");
    assert!(ffstore(&["show", &store, "both"]).1.contains("\nc: f32[latitude=37, longitude=49]\n"));
    for format in ["nc", "zarr", "h5", "csv"] {
        let out = format!("{at}/out.{format}");
        let (code, _, said) = ffstore(&["get", &store, "clim", &out, "--workflow", "one"]);
        assert_eq!(code, 0, "{said}");
        if format != "csv" {
            let script = format!(
                "source a = open(\"{out}\")\nsource b = open(\"{store}/one/clim.h5\")\nprint max(abs(a.clim - b.clim))\n"
            );
            let printed = succeed(&[&write(folder.path(), "compare.ff", &script)]);
            assert!(printed.contains("= 0.0\n"), "{printed}");
        }
        assert_eq!(ffstore(&["get", &store, "clim", &out, "--workflow", "one"]).0, 1);
        assert_eq!(ffstore(&["get", &store, "clim", &out, "--workflow", "one", "--overwrite"]).0, 0);
    }
    assert_eq!(ffstore(&["get", &store, "clim", &format!("{at}/x.nc")]).0, 2);
    assert_eq!(ffstore(&["get", &store, "clim", &format!("{at}/x.abc")]).0, 2);
    assert_eq!(ffstore(&["rm", &store]).0, 2);
    let removed = json(ffstore(&["rm", &store, "--workflow", "two", "--format", "json"]));
    assert_eq!(removed["removed"].as_array().map(Vec::len), Some(2));
    assert!(removed["bytes"].as_u64() > Some(0) && !Path::new(&format!("{store}/two")).exists());
    assert_eq!(hits(&[&path]), 3);
    collected(&store, &path);
}

/// Removes what nothing leads to, and what is left of runs that are no more.
fn collected(store: &str, path: &str) {
    succeed(&[path, "--top", "290"]);
    assert_eq!(ffstore(&["ls", store, "--all"]).1.lines().count(), 7);
    let objects = Path::new(store).join(".ff/objects");
    let named = Path::new(store).join("one/clim.h5").canonicalize().expect("a file");
    let key = named.parent().expect("the folder of its key");
    let mut gone = Command::new("true").spawn().expect("a process");
    gone.wait().expect("an end");
    let stale = key.join(format!(".ff-partial-{}-result.h5", gone.id()));
    let alive = key.join(format!(".ff-partial-{}-result.h5", std::process::id()));
    let empty = objects.join("0000");
    std::fs::write(&stale, "half").expect("written");
    std::fs::write(&alive, "half").expect("written");
    std::fs::create_dir(&empty).expect("made");
    let before = files(Path::new(store));
    let told = json(ffstore(&["gc", store, "--dry-run", "--format", "json"]));
    assert_eq!(files(Path::new(store)), before);
    let (code, said, _) = ffstore(&["gc", store]);
    assert_eq!(code, 0, "{said}");
    assert_eq!(said.lines().count(), told["removed"].as_array().map_or(0, Vec::len) + 1, "{said} {told}");
    assert!(!stale.exists() && !empty.exists());
    std::fs::remove_file(&alive).expect("it was left alone");
    assert_eq!(ffstore(&["ls", store, "--all"]).1.lines().count(), 4);
    assert_eq!(hits(&[path, "--top", "290"]), 3);
    // A run holds its storage.
    let lock = std::fs::File::open(Path::new(store).join(".ff/lock")).expect("a lock");
    lock.lock_shared().expect("held");
    let (code, _, said) = ffstore(&["gc", store]);
    assert!(code == 3 && said.contains("a run is using"), "{said}");
    assert_eq!(ffstore(&["rm", store, "--all"]).0, 3);
    drop(lock);
    assert_eq!(ffstore(&["rm", store, "--all"]).0, 0);
    assert_eq!(files(Path::new(store)).len(), 1);
}

/// Two spellings of one folder are one storage: what both keep is written once, and read under each.
#[test]
fn a_storage_has_many_spellings() {
    let (folder, at) = folder();
    let base = folder.path().file_name().expect("a name").to_string_lossy().into_owned();
    let lets = format!(
        "storage same = local(\"{at}/./../{base}/results/\")\nlet m = mean(a.air_temperature)\npersist m to r\n\
         let n = mean(a.air_temperature)\npersist n to same\n"
    );
    let script = script(folder.path(), "s.ff", DATA, &lets);
    let found = results(&[&script]);
    assert!(found.iter().all(|(_, why)| why.is_some()), "{found:?}");
    let objects = folder.path().join("results/.ff/objects");
    assert_eq!(std::fs::read_dir(objects).expect("objects").count(), 1);
    let found = results(&[&script]);
    assert_eq!(found, [("m".to_owned(), None), ("n".to_owned(), None)]);
}
