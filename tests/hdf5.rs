//! HDF5 and NetCDF-4 as users meet them: files that do not depend on timing, truth values and growing dims as others
//! keep them, files that cannot be read.

use std::path::Path;

use crate::programs::{ffrun, oracle, succeed, write};

#[test]
fn files_have_the_same_bytes_whatever_the_threads() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (format, name) in [("netcdf", "o.nc"), ("hdf5", "o.h5")] {
        let out = folder.path().join(name).display().to_string();
        let script = write(
            folder.path(),
            "s.ff",
            &format!(
                r#"
                source a = open("examples/data/iris/A1B_north_america.nc")
                source b = open("examples/data/iris/E1_north_america.nc")
                let t = a.air_temperature |> rechunk(time: 1)
                sink {{ warmer: t - b.air_temperature, warm: t > 290, smooth: t |> rolling(time: 3) |> mean(),
                       total: mean(t, time) }} to {format}("{out}") {{ chunks: {{ time: 1, latitude: 10 }} }}
                "#
            ),
        );
        let run = |extra: &[&str]| {
            succeed(&[&[script.as_str(), "--overwrite"], extra].concat());
            std::fs::read(&out).expect("the file")
        };
        let first = run(&["--threads", "1"]);
        for extra in [["2", "1GiB"], ["5", "1GiB"], ["2", "64MiB"], ["3", "4GiB"]] {
            let other = run(&["--threads", extra[0], "--memory", extra[1]]);
            assert!(first == other, "{name} with {extra:?}");
        }
    }
}

#[test]
fn truth_values_are_kept_as_xarray_keeps_them() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let place = |name: &str| folder.path().join(name).display().to_string();
    if !oracle("bools.py", &["make", &place("")]) {
        return;
    }
    for (number, input) in ["in4.nc", "in5.nc", "in6.nc", "in2.zarr", "in3.zarr"].iter().enumerate() {
        for (format, ending) in [("netcdf", "nc"), ("hdf5", "h5"), ("zarr", "zarr")] {
            let (input, out) = (place(input), place(&format!("out-{number}.{ending}")));
            let text = format!(
                "source d = open(\"{input}\")\nsink {{b: d.b, not_b: not d.b, flag: d.flag}} to {format}(\"{out}\")"
            );
            succeed(&[&write(folder.path(), "s.ff", &text)]);
            let again = format!("source d = open(\"{out}\")\nassert all(d.b == not d.not_b)\nprint d.b.dtype");
            assert_eq!(succeed(&[&write(folder.path(), "s.ff", &again)]).trim(), "d.b.dtype = bool");
        }
    }
    oracle("bools.py", &["check", &place("")]);
}

/// Runs a script that must fail; gives the exit code and what was said, without line breaks.
fn fail(folder: &Path, text: &str) -> (Option<i32>, String) {
    let output = ffrun(&[&write(folder, "s.ff", text), "--error-format", "json"]);
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn what_cannot_be_read_of_a_file_is_told() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let place = |name: &str| folder.path().join(name).display().to_string();
    if !oracle("hdf5_bad.py", &["make", &place("")]) {
        return;
    }
    let bad = place("bad.h5");
    let tree = succeed(&["info", &bad]).replace(&bad, "bad.h5");
    insta::assert_snapshot!(tree);
    let source = format!("source f = open(\"{bad}\")");
    for (used, why) in [
        ("zfp", "the filter with id 32013"),
        ("outside", "links to other files are not followed"),
        ("virtual", "a virtual dataset"),
        ("external", "its values are in other files"),
        ("records", "compound elements"),
        ("alias.through", "`outside` cannot be read"),
    ] {
        let (code, said) = fail(folder.path(), &format!("{source}\nprint f.{used}"));
        assert!(code == Some(1) && said.contains("ff::source::unsupported") && said.contains(why), "{used}: {said}");
    }
    succeed(&[&write(folder.path(), "s.ff", &format!("{source}\nassert all(f.alias.fine == f.good)"))]);
    let (out, grows) = (place("copy.h5"), place("grows.nc"));
    let copy = write(folder.path(), "s.ff", &format!("{source}\nsink f.good to hdf5(\"{out}\")"));
    let said = String::from_utf8_lossy(&ffrun(&[&copy]).stderr).replace(['\n', '│'], " ");
    let words = said.split_whitespace().collect::<Vec<_>>().join(" ");
    for left_out in ["`good@who`, compound elements", "`good@where`, references", "`good@note`, text that is not UTF-8"]
    {
        assert!(words.contains(left_out), "{words}");
    }
    let air =
        "let air = arange(0, 5, 1, dim: time) * 6.0 + arange(0, 3, 1, dim: x) * 2.0 + arange(0, 2, 1, dim: level)";
    let sink = format!("{air}\nsink air to netcdf(\"{grows}\") {{ unlimited: [time, level], chunks: {{time: 2}} }}");
    succeed(&[&write(folder.path(), "s.ff", &sink)]);
    oracle("hdf5_bad.py", &["check", &place("")]);
}

#[test]
fn arrays_without_chunks_never_written_are_told_of_where_asked() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("a.h5").display().to_string();
    if !oracle("hdf5_unwritten.py", &[&file]) {
        return;
    }
    let run = |missing: &str, expression: &str| {
        let read = format!("source a = open(\"{file}\") {{ missing: {missing} }}\nprint {expression}");
        let output = ffrun(&[&write(folder.path(), "read.ff", &read)]);
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).split_whitespace().collect::<Vec<_>>().join(" ");
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    };
    for name in ["early", "compact", "written", "empty", "empty_chunks"] {
        for missing in ["fill", "warn", "error"] {
            let (code, _, said) = run(missing, &format!("sum(a.{name})"));
            assert!(code == Some(0) && said.is_empty(), "{name} {missing}: {said}");
        }
    }
    for (name, sum) in [("never", "28.0"), ("scalar", "7"), ("grid", "0")] {
        let sum = format!("sum(a.{name}) = {sum}");
        let expression = format!("sum(a.{name})");
        assert_eq!(run("fill", &expression), (Some(0), sum.clone(), String::new()));
        let (code, printed, said) = run("warn", &expression);
        assert!(code == Some(0) && printed == sum, "{printed} {said}");
        assert!(said.contains("ff::read::absent_chunks") && said.contains(&format!("`/{name}` of")), "{said}");
        assert!(said.contains("was never written") && !said.contains("chunks of"), "{said}");
        let (code, printed, said) = run("error", &expression);
        assert!(code == Some(3) && printed.is_empty() && said.contains("ff::read::absent_chunk"), "{said}");
        assert!(said.contains("was never written") && !said.contains("chunk ["), "{said}");
    }
    let (_, _, said) = run("warn", "sum(a.never - mean(a.never)), sum(a.grid - flip(a.grid, dim_0))");
    assert_eq!(said.matches("ff::read::absent_chunks").count(), 2, "{said}");
    let (code, _, said) = run("error", "sum(a.never[0..<0])");
    assert!(code == Some(0), "{said}");
}

#[test]
fn damaged_and_missing_files_fail_and_publish_nothing() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let place = |name: &str| folder.path().join(name).display().to_string();
    let noise = "let noise = sin(arange(0, 60000, 1, dim: x) as f64 ** 2)";
    for (name, filters) in [("gzip.h5", "[shuffle, gzip(4)]"), ("sums.h5", "[fletcher32]")] {
        let text = format!(
            "{noise}\nsink noise to hdf5(\"{}\", \"/deep/noise\") {{ filters: {filters}, chunks: {{ x: 20000 }} }}",
            place(name)
        );
        succeed(&[&write(folder.path(), "s.ff", &text)]);
    }
    let out = place("out.nc");
    let copy = |name: &str| {
        let url = place(name);
        fail(folder.path(), &format!("source f = hdf5(\"{url}\")\nsink {{n: f.deep.noise + 1}} to netcdf(\"{out}\")"))
    };
    for name in ["gzip.h5", "sums.h5"] {
        let good = std::fs::read(place(name)).expect("the file");
        let mut bytes = good.clone();
        bytes[good.len() / 2] ^= 0x55;
        std::fs::write(place(name), &bytes).expect("it can be written");
        let (code, said) = copy(name);
        assert!(code == Some(3) && said.contains("ff::read::decode"), "{code:?} {said}");
        assert!(said.contains(&format!("{name}`: /deep/noise: chunk [1]")), "{said}");
        std::fs::write(place(name), &good[..good.len() / 2]).expect("it can be written");
        let (code, said) = copy(name);
        assert!(code == Some(3) && said.contains("ff::source::metadata") && said.contains("cut short"), "{said}");
        std::fs::write(place(name), &good).expect("it can be written");
    }
    write(folder.path(), "text.h5", "just a text");
    for (name, problem) in [("text.h5", "ff::source::not_hdf5"), ("gone.h5", "ff::source::not_found")] {
        let (code, said) = copy(name);
        assert!(code == Some(3) && said.contains(problem) && said.contains(name), "{code:?} {said}");
    }
    let (code, said) = fail(folder.path(), &format!("source f = hdf5(\"{}\")\nprint f.deep.nois", place("gzip.h5")));
    assert!(code == Some(1) && said.contains("ff::name::member") && said.contains("noise"), "{said}");
    forbidden(folder.path(), &place("gzip.h5"));
    assert!(!Path::new(&out).exists());
    let left = std::fs::read_dir(folder.path()).expect("the folder").flatten();
    let left: Vec<_> = left.map(|e| e.file_name().to_string_lossy().into_owned()).collect();
    assert!(left.iter().all(|name| !name.starts_with(".ff-")), "{left:?}");
}

/// A folder that may be neither read nor written; nothing is forbidden to some users.
#[cfg(unix)]
fn forbidden(folder: &Path, good: &str) {
    use std::os::unix::fs::PermissionsExt;
    let closed = folder.join("closed");
    std::fs::create_dir(&closed).expect("the folder can be written");
    std::fs::copy(good, closed.join("a.h5")).expect("the folder can be written");
    let allow = |mode| std::fs::set_permissions(&closed, std::fs::Permissions::from_mode(mode)).expect("it is ours");
    allow(0o000);
    if std::fs::read_dir(&closed).is_ok() {
        eprintln!("SKIPPED: this user may read every folder");
    } else {
        let shown = closed.display();
        let (code, said) = fail(folder, &format!("source f = open(\"{shown}/a.h5\")\nprint sum(f.deep.noise)"));
        assert!(code == Some(1) && said.contains("ff::source::unreadable"), "{code:?} {said}");
        let (code, said) = fail(folder, &format!("let x = ones([3])\nsink x to hdf5(\"{shown}/o.h5\")"));
        assert!(code == Some(3) && said.contains("ff::write::"), "{code:?} {said}");
    }
    allow(0o755);
}

#[cfg(not(unix))]
fn forbidden(_: &Path, _: &str) {}
