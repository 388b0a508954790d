//! What sinks may say, format by format, and what comes out.

use std::path::Path;
use std::process::{Command, Output};

fn ffrun(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ffrun")).args(args).output().expect("ffrun starts")
}

/// Runs a script: its exit code, what it printed, what it said.
fn run(folder: &Path, script: &str) -> (i32, String, String) {
    let path = folder.join("s.ff");
    std::fs::write(&path, script.replace("OUT", &folder.display().to_string())).expect("the folder can be written");
    let output = ffrun(&[&path.display().to_string()]);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr))
}

fn succeed(folder: &Path, script: &str) -> String {
    let (code, printed, said) = run(folder, script);
    assert_eq!(code, 0, "{script}\n{said}");
    printed
}

/// Runs Python in the folder, unless `FF_PYTHON` is not set; what fails there fails here.
fn python(folder: &Path, script: &str) {
    let Some(python) = std::env::var_os("FF_PYTHON") else {
        eprintln!("SKIPPED: FF_PYTHON is not set, so no other reader was asked");
        return;
    };
    let output = Command::new(python).args(["-c", script]).current_dir(folder).output().expect("Python starts");
    assert!(output.status.success(), "{script}\n{}", String::from_utf8_lossy(&output.stderr));
}

/// What a target holds, without what says by which script it was made.
fn described(path: &Path) -> String {
    if matches!(path.extension().and_then(|e| e.to_str()), Some("npy" | "csv")) {
        return String::from_utf8_lossy(&std::fs::read(path).expect("a file")).into_owned();
    }
    let output = ffrun(&["info", &path.display().to_string()]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let kept = text.lines().filter(|line| !line.contains("functionfuse") && !line.contains(".ff"));
    let version = if path.join("zarr.json").exists() { "3" } else { "" };
    kept.chain([version]).collect::<Vec<_>>().join("\n")
}

#[test]
fn attributes_are_true_of_what_is_written() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let input = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/data/iris/A1B_north_america.nc");
    let copy = folder.path().join("copy.nc").display().to_string();
    assert!(ffrun(&["-e", "data", input, &copy]).status.success());
    let found = ffrun(&["diff", input, &copy]);
    assert!(found.status.success(), "{}", String::from_utf8_lossy(&found.stdout));
    succeed(
        folder.path(),
        &format!(
            r#"
source data = open("{input}")
let x = data.air_temperature
sink {{x: x}} to netcdf("OUT/one.nc")
sink {{mean: mean(x, time), anomaly: x - mean(x, time), celsius: x - 273.15, double: 2 * x, power: x ** 1, chosen: x where x > 270,
    weighted: x * cos(data.latitude)}} to netcdf("OUT/kept.nc")
sink {{square: x ** 2, cube: x ** 3, root: sqrt(x), logarithm: log(x), var: var(x, time), count: count(x, time), hole: count_nan(x, time),
    least: argmin(x, time), warm: x > 270, any: any(x > 270, time), missing: isnan(x), ratio: x / x, product: x * x,
    inverse: 1 / x}} to netcdf("OUT/lost.nc")
"#
        ),
    );
    python(
        folder.path(),
        &format!(
            r#"
import netCDF4, xarray
cftime = xarray.coders.CFDatetimeCoder(use_cftime=True)
a, b = (xarray.open_dataset(name, decode_times=cftime) for name in ("{input}", "copy.nc"))
assert (a.time_bnds == b.time_bnds).all() and (a.time == b.time).all()
copy, one, kept, lost = (netCDF4.Dataset(f"{{name}}.nc") for name in ("copy", "one", "kept", "lost"))
assert copy["time_bnds"].units == copy["time"].units == "days since 1860-06-01 00:00:00"
assert "_FillValue" not in copy["time_bnds"].ncattrs()
assert copy["air_temperature"].grid_mapping == "latitude_longitude" and copy["time"].bounds == "time_bnds"
beside = {{"forecast_period", "forecast_reference_time", "height"}}
assert "grid_mapping" not in one["x"].ncattrs() and set(one["x"].coordinates.split()) == beside <= set(one.variables)
assert set(copy["air_temperature"].coordinates.split()) == beside
assert all("coordinates" not in copy[name].ncattrs() for name in ("latitude_longitude", "time_bnds", "time", *beside))
assert "bounds" not in one["time"].ncattrs()
for name in ("mean", "anomaly", "celsius", "double", "power", "chosen", "weighted"):
    assert kept[name].units == "K" and kept[name].standard_name == "air_temperature", name
for name in set(lost.variables) - {{"time", "latitude", "longitude"}} - beside:
    assert not {{"units", "standard_name", "cell_methods"}} & set(lost[name].ncattrs()), name
"#
        ),
    );
}

const FORMATS: [(&str, &str); 5] =
    [("zarr", "o.zarr"), ("hdf5", "o.h5"), ("netcdf", "o.nc"), ("npy", "o.npy"), ("csv", "o.csv")];

/// An option, and the formats that honour it; the others refuse it.
const OPTIONS: [(&str, &[&str]); 11] = [
    ("chunks: {t: 2}", &["zarr", "hdf5", "netcdf"]),
    ("shards: {t: 6}", &["zarr"]),
    ("codec: gzip(1)", &["zarr", "hdf5", "netcdf"]),
    ("filters: [shuffle, gzip(9)]", &["zarr", "hdf5", "netcdf"]),
    ("dtype: f32", &["zarr", "hdf5", "netcdf", "npy", "csv"]),
    ("fill_value: -999", &["zarr", "hdf5", "netcdf", "npy"]),
    ("scale_factor: 0.5", &["zarr", "hdf5", "netcdf"]),
    ("add_offset: 2", &["zarr", "hdf5", "netcdf"]),
    ("attrs: {title: \"x\"}", &["zarr", "hdf5", "netcdf"]),
    ("version: 2", &["zarr"]),
    ("mode: append(t)", &["zarr"]),
];

#[test]
fn every_option_is_honoured_or_refused() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (format, name) in FORMATS {
        let target = folder.path().join(name);
        let script = |options: &str| {
            let x = "let x = linspace(0.0, 1.1, 6, dim: t) where arange(0, 6, 1, dim: t) != 2";
            format!("{x}\nsink x to {format}(\"OUT/{name}\") {{ mode: overwrite, {options} }}")
        };
        succeed(folder.path(), &script(""));
        let plain = described(&target);
        for (option, honoured) in OPTIONS {
            let (code, _, said) = run(folder.path(), &script(option).replace("overwrite, mode:", ""));
            if honoured.contains(&format) {
                assert_eq!(code, 0, "{format} {option}: {said}");
                assert_ne!(described(&target), plain, "{format} ignores {option}");
            } else {
                let word = option.split(':').next().unwrap_or_default();
                let code_said = said.contains("ff::sink::option");
                assert!(code == 1 && code_said && said.contains(word), "{format} {option}: {code} {said}");
            }
        }
        let again = script("").replace("mode: overwrite,", "mode: create");
        let (code, _, said) = run(folder.path(), &again);
        assert!(code == 1 && said.contains("ff::sink::exists"), "{format}: {said}");
        // A path within, last: it leaves another file.
        let path = script("").replace(&format!("{name}\")"), &format!("{name}\", \"g/p\")"));
        let (code, _, said) = run(folder.path(), &path);
        match format {
            "npy" | "csv" => assert!(code == 1 && said.contains("no paths within"), "{format}: {said}"),
            _ => assert!(code == 0 && described(&target).contains('p'), "{format}: {said}"),
        }
    }
}

/// A dtype, and a fill value as a script and Python write it.
const FILLS: [(&str, &str); 14] = [
    ("f16", "-999"),
    ("f32", "-999"),
    ("f64", "0"),
    ("f64", "1e20"),
    ("i8", "-9"),
    ("i16", "-999"),
    ("i32", "-999"),
    ("i64", "-999"),
    ("u8", "255"),
    ("u16", "9"),
    ("u32", "9"),
    ("u64", "9"),
    ("c64", "9"),
    ("c128", "1.5"),
];

#[test]
fn fill_values_are_those_of_the_array() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut script = String::new();
    for (index, (dtype, fill)) in FILLS.into_iter().enumerate() {
        let value = if dtype.starts_with('f') {
            "(arange(1, 4, 1, dim: t) as f64 where t != 1)"
        } else {
            "arange(1, 4, 1, dim: t)"
        };
        let value = value.replace("where t", "where arange(0, 3, 1, dim: t)");
        script += &format!("let x{index} = {value} as {dtype}\n");
        for version in [2, 3] {
            let options = format!("version: {version}, fill_value: {fill}");
            script += &format!("sink x{index} to zarr(\"OUT/{version}.{index}.zarr\") {{ {options} }}\n");
        }
    }
    succeed(folder.path(), &script);
    let python_list: Vec<String> = FILLS.iter().map(|(dtype, fill)| format!("('{dtype}', {fill})")).collect();
    let check = r#"
import numpy as np, xarray as xr
for version in (2, 3):
    for index, (dtype, fill) in enumerate(FILLS):
        x = xr.open_zarr(f"{version}.{index}.zarr")[f"x{index}"]
        stored = np.dtype(dtype[0] + str(int(dtype[1:]) // 8))
        assert x.encoding["dtype"] == stored and x.encoding["_FillValue"] == np.array(fill).astype(stored), (version, dtype, x.encoding)
        expected = [1, np.nan if dtype[0] == "f" else 2, 3]
        assert np.array_equal(x.values, expected, equal_nan=True), (version, dtype, x.values)
"#;
    python(folder.path(), &format!("FILLS = [{}]\n{check}", python_list.join(", ")));
    let mut read = String::new();
    for index in 0..FILLS.len() {
        for version in [2, 3] {
            read += &format!("source s{version}_{index} = zarr(\"OUT/{version}.{index}.zarr\")\n");
        }
        read += &format!("assert count_nan(s2_{index}.x{index} as f64) == count_nan(s3_{index}.x{index} as f64)\n")
            .replace("as f64", if index < 12 { "as f64" } else { "" });
    }
    succeed(folder.path(), &read);
}

#[test]
fn truth_values_stay_what_they_are() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    succeed(
        folder.path(),
        "let v = arange(0, 3, 1, dim: t) > 0\nsink v to npy(\"OUT/v.npy\")\nsink v to csv(\"OUT/v.csv\")\nsink v to zarr(\"OUT/v.zarr\") { codec: blosc(zstd, 5, shuffle: none) }",
    );
    python(
        folder.path(),
        "import numpy as np, pandas as pd\nv = np.load('v.npy')\nassert v.dtype == '?' and list(v) == [False, True, True]\n\
         c = pd.read_csv('v.csv')\nassert c.v.dtype == bool and list(c.v) == [False, True, True]",
    );
    let read = "source n = npy(\"OUT/v.npy\")\nsource c = csv(\"OUT/v.csv\")\nprint n.dtype, c.v.dtype, n";
    let printed = succeed(folder.path(), read);
    assert_eq!(printed.matches("bool").count(), 3, "{printed}");
}

#[test]
fn sinks_with_paths_share_a_target() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let data = "let x = linspace(0.0, 1.0, 5, dim: t)\nlet y = x * 2\n";
    for (format, name) in [("hdf5", "o.h5"), ("zarr", "o.zarr"), ("netcdf", "o.nc")] {
        let script = format!(
            "{data}sink x to {format}(\"OUT/{name}\", \"/a\")\nsink y to {format}(\"OUT/./{name}\", \"/g/b\") {{ attrs: {{units: \"m\"}}, chunks: {{t: 2}} }}\n\
             sink {{u: x + 1, v: y + 1}} to {format}(\"OUT/{name}\", \"/h\") {{ attrs: {{title: \"two\"}} }}\nprint mean(y)"
        );
        succeed(folder.path(), &script);
        let read = format!(
            "source a = {format}(\"OUT/{name}\", \"/a\")\nsource b = {format}(\"OUT/{name}\", \"/g/b\")\nsource u = {format}(\"OUT/{name}\", \"/h/u\")\nprint max(a), max(b), max(u), b@units"
        );
        let printed = succeed(folder.path(), &read);
        for value in ["1", "2", "m"] {
            assert!(printed.contains(value), "{format}: {printed}");
        }
    }
    python(
        folder.path(),
        "import h5py, zarr\nf = h5py.File('o.h5')\nassert f['a'][4] == 1 and f['g/b'][4] == 2 and f['g/b'].attrs['units'] == 'm' and f.attrs['title'] == 'two', dict(f.attrs)\n\
         z = zarr.open_group('o.zarr', mode='r')\nassert z['a'][4] == 1 and z['g/b'].chunks == (2,) and z['h/v'][4] == 3 and z.attrs['title'] == 'two'",
    );
    for (first, second, said) in [
        ("\"/a\")", "\"/a\")", "ff::sink::name"),
        ("\"/a\")", "\"/b\") { mode: overwrite }", "`mode`"),
        ("\"/a\") { version: 2 }", "\"/b\")", "`version`"),
        ("\"/a\")", "\"/a/b\")", "ff::sink::name"),
    ] {
        let script = format!("{data}sink x to zarr(\"OUT/n.zarr\", {first}\nsink y to zarr(\"OUT/n.zarr\", {second}");
        let (code, _, found) = run(folder.path(), &script);
        assert!(code == 1 && found.contains(said), "{first} {second}: {found}");
        assert!(!folder.path().join("n.zarr").exists());
    }
}

#[test]
fn stores_are_compared_by_what_they_mean() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let diff = |args: &[&str]| {
        let place = |name: &&str| match name.starts_with("--") || name.parse::<f64>().is_ok() {
            true => (*name).to_owned(),
            false => folder.path().join(name).display().to_string(),
        };
        let args: Vec<String> = std::iter::once("diff".to_owned()).chain(args.iter().map(place)).collect();
        let output = ffrun(&args.iter().map(String::as_str).collect::<Vec<_>>());
        (output.status.code().unwrap_or(-1), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    succeed(
        folder.path(),
        r#"
let n = arange(0, 6, 1, dim: t)
let x = (linspace(0.0, 1.1, 6, dim: t) where n != 2) as f32
let big = where(n == 3, 1, 0) + 9007199254740992
sink {x: x} to netcdf("OUT/a.nc")
sink {x: x} to zarr("OUT/a.zarr") { chunks: {t: 4} }
sink {x: x} to netcdf("OUT/packed.nc") { dtype: i16, scale_factor: 0.001, add_offset: 1.0, fill_value: -32768 }
sink {x: x where n != 3} to netcdf("OUT/hole.nc")
sink {x: x |> with_attrs(units: "K")} to netcdf("OUT/units.nc")
sink {x: big} to netcdf("OUT/big.nc")
sink {x: big - n // 5} to netcdf("OUT/big2.nc")
sink {x: big} to netcdf("OUT/fill.nc") { fill_value: -1 }
sink {x: big - n // 5} to netcdf("OUT/fill2.nc") { fill_value: -1 }
"#,
    );
    for (args, code, said) in [
        (&["a.nc", "a.nc"][..], 0, ""),
        (&["a.nc", "a.zarr"], 0, ""),
        (&["a.zarr", "a.nc", "--raw"], 0, ""),
        (&["a.nc", "packed.nc"], 1, "values differ"),
        (&["a.nc", "packed.nc", "--atol", "0.0006"], 0, ""),
        (&["packed.nc", "a.nc", "--atol", "0.0006"], 0, ""),
        (&["packed.nc", "packed.nc"], 0, ""),
        (&["a.nc", "packed.nc", "--raw"], 1, "f32 against i16"),
        (&["a.nc", "hole.nc", "--atol", "9"], 1, "1 values differ, first at [3]"),
        (&["a.nc", "units.nc"], 1, "/x@units: only in the second"),
        (
            &["big.nc", "big2.nc"],
            1,
            "1 values differ, by at most 1, first at [5]: 9007199254740992 against 9007199254740991",
        ),
        (&["big.nc", "big2.nc", "--atol", "1"], 0, ""),
        (&["big.nc", "fill.nc"], 0, ""),
        (&["fill.nc", "fill2.nc"], 1, "first at [5]: 9007199254740992 against 9007199254740991"),
    ] {
        let (found, text) = diff(args);
        assert!(found == code && text.contains(said), "{args:?}: {found} {text}");
    }
}
