//! The language's contract where only a run shows it: exit codes, provenance, packing, chains, plan-time values.

use std::path::Path;
use std::process::Command;

const DATA: &str = r#"source a = open("examples/data/iris/A1B_north_america.nc")"#;

/// Exit code, what was printed and what was said of a run of a script.
fn run(folder: &Path, text: &str) -> (i32, String, String) {
    let script = folder.join("s.ff");
    std::fs::write(&script, text).expect("the folder can be written");
    let output = Command::new(env!("CARGO_BIN_EXE_ffrun")).arg(&script).output().expect("ffrun starts");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr))
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

#[test]
fn exit_codes_say_what_failed() {
    let folder = folder();
    let place = |name: &str| folder.path().join(name).display().to_string();
    std::fs::write(place("empty.nc"), "").expect("a file");
    std::fs::write(place("text.bin"), "no array at all").expect("a file");
    let whole = std::fs::read("examples/data/iris/A1B_north_america.nc").expect("the data");
    std::fs::write(place("short.nc"), &whole[..whole.len() / 3]).expect("a file");
    std::fs::write(place("head.nc"), &whole[..64]).expect("a file");
    let open = |name: &str| format!("source b = open(\"{}\")\nprint b.x", place(name));
    for (text, expected) in [
        ("assert 1 == 2, \"no\"".to_owned(), 4),
        ("assert sum(arange(0, 5, 1, dim: t)) == 11".to_owned(), 4),
        ("assert 1 == 2\nassert 2 == 3".to_owned(), 4),
        ("assert 1 == 2\nprint nothing".to_owned(), 1),
        (format!("assert 1 == 2\n{}", open("missing.nc")), 1),
        (open("missing.nc"), 3),
        (open("missing/missing.nc"), 3),
        (open("*.h5"), 3),
        (open("empty.nc"), 3),
        (open("text.bin"), 3),
        (open("head.nc"), 3),
        (open("short.nc").replace("b.x", "mean(b.air_temperature)"), 3),
        (format!("{}\nprint nothing", open("missing.nc")), 1),
        (format!("{DATA}\nprint a.x"), 1),
        (format!("{DATA}\nsink a to zarr(\"{}\")", place("empty.nc")), 1),
    ] {
        let (code, _, said) = run(folder.path(), &text);
        assert_eq!(code, expected, "{text}\n{said}");
    }
}

#[test]
fn plan_time_values_print_as_they_are_written() {
    let folder = folder();
    let text = r#"
        print [1, 2], none, 8GiB, 1mo, "text", 18446744073709551615
        print 5 in 0..<1000000000000, 2.5 in 0..2, 6 in (0..10) step 3, 3 in 5..
        print (arange(0, 6, 1, dim: t) in 2..<4) as i8, (arange(0, 6, 1, dim: t) in 4..) as i8
        print full([2], 18446744073709551615) & 0xffffffffffffffff, arange(0, 2, 1, dim: t) < 18446744073709551615
        let r = align(arange(0, 3, 1, dim: t) |> assign_coords(t: [1, 2, 3]), ones([2]) |> rename(dim_0: t) |> assign_coords(t: [3, 4]), join: outer)
        print r[0], r[1]
    "#;
    let (code, out, said) = run(folder.path(), text);
    assert_eq!(code, 0, "{said}");
    insta::assert_snapshot!(out);
}

#[test]
fn flat_chains_run() {
    let folder = folder();
    let chain = |head: &str, link: &str, tail: &str| format!("{head}{}{tail}", link.repeat(9000));
    for (text, expected) in [
        (chain("print (1", " + 1", ")"), " = 9001\n"),
        (chain("fn f(x) = x", " + 1", "\nprint f(1)"), "f(1) = 9001\n"),
        (chain("let x = ones([1])", " + 1", "\nprint sum(x)"), "sum(x) = 9001.0\n"),
        (chain("fn g(x) = x\nlet x = 7", "\n  |> g()", "\nprint x"), "x = 7\n"),
    ] {
        let (code, out, said) = run(folder.path(), &text);
        assert!(code == 0 && out.ends_with(expected), "{code} {out}\n{said}");
    }
}

#[test]
fn sources_of_labels_alone_are_recorded() {
    let folder = folder();
    let place = |name: &str| folder.path().join(name).display().to_string();
    let text = format!(
        "{DATA}\nlet t = a.air_temperature.time\nlet y = zeros([37]) |> rename(dim_0: latitude) |> assign_coords(latitude: a.latitude)\n\
         let none_of_it = zeros([37])\n\
         sink t to netcdf(\"{}\")\nsink y to netcdf(\"{}\")\nsink none_of_it to netcdf(\"{}\")",
        place("t.nc"),
        place("y.nc"),
        place("n.nc")
    );
    let (code, _, said) = run(folder.path(), &text);
    assert_eq!(code, 0, "{said}");
    for (name, expected) in [("t.nc", true), ("y.nc", true), ("n.nc", false)] {
        let output =
            Command::new(env!("CARGO_BIN_EXE_ffrun")).args(["info", &place(name)]).output().expect("ffrun starts");
        let tree = String::from_utf8_lossy(&output.stdout).into_owned();
        let recorded = tree.contains("functionfuse_sources") && tree.contains("A1B_north_america.nc (");
        assert_eq!(recorded, expected, "{name}: {tree}");
    }
}

#[test]
fn small_arrays_of_a_source_choose_and_group() {
    let folder = folder();
    let store = folder.path().join("s.h5").display().to_string();
    let write = format!(
        "let x = arange(0, 6, 1, dim: t) * 1.5\nlet at = full([3], 0) |> rename(dim_0: k) |> assign_coords(k: [4, 0, 2])\n\
         sink {{x: x, at: at.k + 0, key: x // 3}} to hdf5(\"{store}\")"
    );
    let (code, _, said) = run(folder.path(), &write);
    assert_eq!(code, 0, "{said}");
    let read = format!(
        "source s = open(\"{store}\")\nprint s.x[s.at], s.x[t: s.at[1..]], s.x |> groupby(s.key) |> sum()\n\
         print s.x in s.at[0..<2] * 1.5, assign_coords(s.at, k: s.at * 2) |> sel(k: 8)"
    );
    let (code, out, said) = run(folder.path(), &read);
    assert_eq!(code, 0, "{said}");
    insta::assert_snapshot!(out);
}

/// Missing values and values out of range, packed into each integer dtype, as xarray reads them.
#[test]
fn packed_values_come_back() {
    let Some(python) = std::env::var_os("FF_PYTHON") else {
        eprintln!("SKIPPED: FF_PYTHON is not set, so nothing was compared with xarray");
        return;
    };
    let folder = folder();
    let ran = Command::new(python)
        .arg("tests/oracle/packing.py")
        .args([env!("CARGO_BIN_EXE_ffrun"), &folder.path().display().to_string()])
        .output()
        .expect("Python starts");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
}

#[test]
fn tools_are_told_in_json_of_scripts_that_cannot_be_read() {
    let output = Command::new(env!("CARGO_BIN_EXE_ffrun")).args(["missing.ff", "--error-format", "json"]).output();
    let output = output.expect("ffrun starts");
    let said = String::from_utf8_lossy(&output.stderr);
    let problem: serde_json::Value = serde_json::from_str(&said).expect("one JSON object");
    assert!(output.status.code() == Some(2) && problem["message"].to_string().contains("missing.ff"), "{said}");
}
