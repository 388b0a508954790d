//! `mode: append(dim)` and `mode: region`: what becomes of stores, beside xarray, and what stays.

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use functionfuse::planner::plan::Plan;
use functionfuse::runtime;
use functionfuse::runtime::catalog::LocalCatalog;
use functionfuse::runtime::observer::Silent;

use crate::programs::{ffrun, oracle, succeed, write};

/// The bytes of all files below a folder by their path, and whether they are the same files.
fn files(folder: &Path) -> BTreeMap<String, (Vec<u8>, u64)> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(at) = folders.pop() {
        for entry in std::fs::read_dir(&at).expect("a folder").flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let name = path.strip_prefix(folder).expect("below").display().to_string();
            let inode = path.metadata().expect("a file").ino();
            found.insert(name, (std::fs::read(&path).expect("a file"), inode));
        }
    }
    found
}

fn bytes(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    files(folder).into_iter().map(|(name, (bytes, _))| (name, bytes)).collect()
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for (name, bytes) in bytes(from) {
        let path = to.join(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        std::fs::write(path, bytes).expect("a file");
    }
}

/// Runs a script that has to fail; what it says.
fn fail(folder: &Path, script: &str) -> String {
    let output = ffrun(&[&write(folder, "fail.ff", script)]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success(), "{script}\n{said}");
    said
}

fn entries(folder: &Path) -> Vec<String> {
    let names = std::fs::read_dir(folder).expect("a folder").flatten();
    let mut names: Vec<String> = names.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

const APPEND: &str = "param add: path\nparam base: path\nsource add_ = zarr(\"{add}\")\nsink add_ to zarr(\"{base}\") { mode: append(time) }\n";

#[test]
fn stores_grow_and_change_as_xarrays_do() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let at = folder.path().display().to_string();
    if !oracle("amend.py", &["make", &at]) {
        return;
    }
    let append = write(folder.path(), "append.ff", APPEND);
    let region = write(folder.path(), "region.ff", &APPEND.replace("append(time)", "region"));
    for kind in ["times", "floats", "ints", "none"] {
        for version in ["v2", "v3", "shards"] {
            let store = |name: &str| format!("{at}/{kind}.{version}{name}.zarr");
            for step in 0..3 {
                let before = files(Path::new(&store("")));
                let runs = [("1", "64MiB"), ("2", "64MiB"), ("2", "4GiB"), ("1", "4GiB")];
                for (run, (threads, memory)) in runs.iter().enumerate() {
                    let of_run = store(&format!(".run{run}"));
                    copy(Path::new(&store("")), Path::new(&of_run));
                    let (add, base) = (store(&format!(".{step}")), store(""));
                    // The same name of a target for all: it stands in no attribute, but the script's params do.
                    std::fs::rename(&base, format!("{base}-kept")).expect("moved");
                    std::fs::rename(&of_run, &base).expect("moved");
                    succeed(&[&append, "--add", &add, "--base", &base, "--threads", threads, "--memory", memory]);
                    std::fs::rename(&base, &of_run).expect("moved");
                    std::fs::rename(format!("{base}-kept"), &base).expect("moved");
                }
                assert_eq!(files(Path::new(&store(""))), before);
                let first = bytes(Path::new(&store(".run0")));
                for run in 1..runs.len() {
                    assert_eq!(bytes(Path::new(&store(&format!(".run{run}")))), first, "{kind} {version} {run}");
                }
                succeed(&[&append, "--add", &store(&format!(".{step}")), "--base", &store("")]);
                let after = files(Path::new(&store("")));
                assert_eq!(bytes(Path::new(&store(""))), first);
                let stayed = before.iter().filter(|(name, file)| after.get(*name) == Some(file));
                let object = if version == "v2" { "x/0.0.0" } else { "x/c/0/0/0" };
                assert!(stayed.map(|(name, _)| name.as_str()).any(|name| name == object), "{kind} {version} {step}");
                for run in 0..runs.len() {
                    std::fs::remove_dir_all(store(&format!(".run{run}"))).expect("removed");
                }
            }
            copy(Path::new(&store("")), Path::new(&store(".grown")));
            succeed(&[&region, "--add", &store(".part"), "--base", &store("")]);
        }
    }
    oracle("amend.py", &["check", &at]);
    assert!(entries(folder.path()).iter().all(|name| !name.contains("partial")));
}

#[test]
fn a_store_may_be_read_while_it_grows() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let at = folder.path().display().to_string();
    let make = "let x = arange(0, 10, 1, dim: t)\nlet y = x * 2.5\n";
    let make = format!("{make}sink {{x: x, y: y}} to zarr(\"{at}/a.zarr\") {{ chunks: {{t: 4}} }}\n");
    succeed(&[&write(folder.path(), "make.ff", &make)]);
    let store = folder.path().join("a.zarr");
    let before = files(&store);
    let grow = format!(
        "source old = zarr(\"{at}/a.zarr\")\nlet x = old.x[t: 7..<10] + 100\nsink {{x: x, y: rolling(old.y, t: 2) |> sum() |> isel(t: 7..<10)}} \
         to zarr(\"{at}/a.zarr\") {{ mode: append(t) }}\n"
    );
    // A run that fails leaves all as it was, and nothing beside it.
    let said = fail(folder.path(), &format!("{grow}assert mean(rolling(old.x, t: 2) |> sum()) > 1e9\n"));
    assert!(said.contains("assert"), "{said}");
    assert_eq!(files(&store), before);
    assert!(entries(folder.path()).iter().all(|name| !name.contains("partial")));
    succeed(&[&write(folder.path(), "grow.ff", &grow)]);
    let show = format!("source a = zarr(\"{at}/a.zarr\")\nprint a.x[t: 8..<13]\nprint a.y[t: 8..<13]\n");
    let shown = succeed(&[&write(folder.path(), "show.ff", &show)]);
    for text in ["8   9 107 108 109]", "[20.0 22.5 32.5 37.5 42.5]"] {
        assert!(shown.contains(text), "{shown}");
    }
    let info = String::from_utf8_lossy(&ffrun(&["info", &store.display().to_string()]).stdout).into_owned();
    assert!(info.contains("grow.ff") && info.contains("functionfuse_sources"), "{info}");
    let after = files(&store);
    for kept in ["x/c/0", "x/c/1", "y/c/0", "y/c/1"] {
        assert_eq!(after[kept], before[kept], "{kept}");
    }
    assert_ne!(after["x/c/2"], before["x/c/2"]);
    // What a run records of itself is that of the last one.
    let more = format!(
        "let x = arange(0, 1, 1, dim: t)\nsink {{x: x, y: x * 1.0}} to zarr(\"{at}/a.zarr\") {{ mode: append(t) }}\n"
    );
    succeed(&[&write(folder.path(), "more.ff", &more)]);
    let info = String::from_utf8_lossy(&ffrun(&["info", &store.display().to_string()]).stdout).into_owned();
    assert!(info.contains("grow.ff") && info.contains("more.ff") && !info.contains("functionfuse_sources"), "{info}");
}

#[test]
fn what_does_not_fit_is_refused() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let at = folder.path().display().to_string();
    let make = "let x = arange(0, 6, 1, dim: t) * 1.0 + arange(0, 4, 1, dim: y)\nlet l = assign_coords(x, t: [0, 1, 2, 3, 4, 5], y: [1.0, 2.0, 3.0, 4.0])\n";
    let make = format!(
        "{make}sink {{x: l, n: arange(0, 6, 1, dim: t)}} to zarr(\"{at}/a.zarr\") {{ chunks: {{t: 4}}, codec: gzip(3) }}\n\
         sink {{x: l, i: l[y: 0] as i16}} to zarr(\"{at}/b.zarr\")\nsink x to netcdf(\"{at}/a.nc\")\n"
    );
    succeed(&[&write(folder.path(), "make.ff", &make)]);
    let before = (files(&folder.path().join("a.zarr")), files(&folder.path().join("b.zarr")));
    let x = "let x = assign_coords(arange(0, 2, 1, dim: t) * 1.0 + arange(0, 4, 1, dim: y), t: [6, 7], y: [1.0, 2.0, 3.0, 4.0])\nlet n = arange(0, 2, 1, dim: t)\n";
    let all = "sink {x: x, n: n}";
    for (what, target, options, code, text) in [
        ("sink {x: x}", "a", "mode: append(t)", "ff::sink::stored", "left behind: `n`"),
        ("sink {z: x}", "a", "mode: append(t)", "ff::sink::stored", "no array `z`"),
        ("sink {x: transpose(x, y, t), n: n}", "a", "mode: append(t)", "ff::sink::stored", "dims"),
        ("sink {x: x[y: 0..<2], n: n}", "a", "mode: append(t)", "ff::sink::stored", "2 elements along `y`"),
        ("sink {x: assign_coords(x, y: [1, 2, 3, 5]), n: n}", "a", "mode: append(t)", "ff::sink::stored", "position 3"),
        (
            "sink {x: assign_coords(x, t: [5, 6]), n: n}",
            "a",
            "mode: append(t)",
            "ff::sink::stored",
            "the label 5 already",
        ),
        ("sink {x: drop_coords(x, t), n: n}", "a", "mode: append(t)", "ff::sink::stored", "no labels along `t`"),
        (all, "a", "mode: append(z)", "ff::sink::option", "no dim `z`"),
        (all, "a", "mode: append", "ff::sink::option", "append(time)"),
        (all, "a", "mode: append(t), chunks: {t: 5}", "ff::sink::option", "4 along `t`"),
        (all, "a", "mode: append(t), codec: zstd(1)", "ff::sink::option", "gzip"),
        (all, "a", "mode: append(t), dtype: f32", "ff::sink::option", "f64"),
        (all, "a", "mode: append(t), version: 3", "ff::sink::option", "version"),
        (all, "a", "mode: append(t), scale_factor: 0.5", "ff::sink::option", "scale_factor"),
        (all, "none", "mode: append(t)", "ff::sink::missing", "nothing at"),
        ("sink {x: x, i: x[y: 0]}", "b", "mode: append(t)", "ff::sink::stored", "`i` is f64"),
        ("sink {x: x}", "a", "mode: region", "ff::sink::stored", "no label 6 along `t`"),
        ("sink {x: assign_coords(x, t: [1, 3])}", "a", "mode: region", "ff::sink::stored", "do not follow"),
        ("sink {n: n}", "a", "mode: region", "ff::sink::stored", "by its labels"),
    ] {
        let said = fail(folder.path(), &format!("{x}{what} to zarr(\"{at}/{target}.zarr\") {{ {options} }}\n"));
        let flat = said.split_whitespace().filter(|w| *w != "│" && *w != "·").collect::<Vec<_>>().join(" ");
        assert!(said.contains(code) && flat.contains(text), "{what} {options}\n{said}");
    }
    for mode in ["append(t)", "region"] {
        let said = fail(folder.path(), &format!("{x}sink x to netcdf(\"{at}/a.nc\") {{ mode: {mode} }}\n"));
        assert!(said.contains("ff::sink::option") && said.contains("mode: overwrite"), "{said}");
    }
    let one = |name: &str| format!("sink {name} to zarr(\"{at}/a.zarr\", \"{name}\") {{ mode: append(t) }}\n");
    let said = fail(folder.path(), &format!("{x}{}{}", one("x"), one("n")));
    assert!(said.contains("ff::sink::conflict"), "{said}");
    assert_eq!((files(&folder.path().join("a.zarr")), files(&folder.path().join("b.zarr"))), before);
    // Out of order is a warning; labels of another width and whole numbers as reals are taken.
    let grown = write(
        folder.path(),
        "grow.ff",
        &format!(
            "{x}sink {{x: assign_coords(x, t: [9, 8]) as f32, n: n}} to zarr(\"{at}/a.zarr\") {{ mode: append(t), chunks: {{t: 4}} }}\n"
        ),
    );
    let output = ffrun(&[&grown]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success() && said.contains("ff::sink::order"), "{said}");
}

#[test]
fn nobodys_work_is_lost() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let at = folder.path().display().to_string();
    let make =
        format!("let x = arange(0, 10, 1, dim: t)\nsink {{x: x}} to zarr(\"{at}/a.zarr\") {{ chunks: {{t: 4}} }}\n");
    succeed(&[&write(folder.path(), "make.ff", &make)]);
    std::os::unix::fs::symlink("a.zarr", folder.path().join("link.zarr")).expect("a link");
    let options = functionfuse::Options::default();
    let planned = |target: &str| {
        let script = format!(
            "let x = arange(0, 3, 1, dim: t)\nsink {{x: x}} to zarr(\"{at}/{target}\") {{ mode: append(t) }}\n"
        );
        let catalog = LocalCatalog::new();
        let checked = functionfuse::check("grow.ff", &script, &options, &catalog).expect("a sound script");
        (functionfuse::plan(checked, &options).expect("a plan").plan, catalog)
    };
    let (first, second) = (planned("a.zarr"), planned("link.zarr"));
    let go = |(plan, catalog): &(Plan, LocalCatalog)| runtime::run(plan, catalog, &Silent, &runtime::Cancel::default());
    assert!(go(&first).is_ok());
    let before = files(&folder.path().join("a.zarr"));
    let refused = format!("{:?}", go(&second).map(|_| ()));
    assert!(refused.contains("ff::sink::changed"), "{refused}");
    assert_eq!(files(&folder.path().join("a.zarr")), before);
    assert!(go(&planned("link.zarr")).is_ok());
    assert!(folder.path().join("link.zarr").is_symlink());
    let show = format!("source a = zarr(\"{at}/a.zarr\")\nprint a.x\n");
    let shown = succeed(&[&write(folder.path(), "show.ff", &show)]);
    assert!(shown.contains("i64[t=16]"), "{shown}");
    assert_eq!(entries(folder.path()), ["a.zarr", "link.zarr", "make.ff", "show.ff"]);
}
