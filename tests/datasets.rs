//! Operators over all variables of a dataset.

use crate::programs::{succeed, write};

const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/data/iris/A1B_north_america.nc");

/// What holds of a dataset of two variables, one of which has no times, and of another that shares one with it.
const TRUE: &[&str] = &[
    "all((d |> mean(time)).t == mean(d.t, time)) and all((d |> mean(time)).m == d.m)",
    "all(mean(d, time, latitude).m == mean(d.m, latitude))",
    "mean(d).t == mean(d.t) and mean(d).m == mean(d.m)",
    "all((d * 2 - d).t == d.t) and all((2 * d).m == d.m + d.m)",
    "all((-d).m == -d.m) and all(abs(-d).m == d.m)",
    "all((d > 280).t == (d.t > 280))",
    "all((d as i32).m == (d.m as i32))",
    "all((d - other).m == 0)",
    "all((d |> groupby(time.year) |> mean()).t == (d.t |> groupby(time.year) |> mean()))",
    "all((d |> groupby(time.year) |> mean()).m == d.m)",
    "all((d |> resample(time: 10y) |> max()).t == (d.t |> resample(time: 10y) |> max()))",
    "all((d[time: 0..<3]).t == d.t[time: 0..<3]) and all((d[time: 0..<3]).m == d.m)",
    "all(isel(d, time: 1, longitude: 2).m == d.m[longitude: 2])",
    "all(cumsum(d, time).m == d.m)",
    "all((d |> transpose(longitude, latitude, ..)).m == d.m)",
    "all(sel(yearly, year: d.time.year).t == (yearly.t |> sel(year: d.t.time.year)))",
];

#[test]
fn operators_apply_to_each_variable() {
    let mut script = format!(
        "source a = open(\"{DATA}\")\nlet d = {{t: a.air_temperature, m: mean(a.air_temperature, time)}}\n\
         let other = {{m: d.m, n: d.t}}\nlet yearly = d |> groupby(time.year) |> mean()\n"
    );
    TRUE.iter().for_each(|holds| script += &format!("assert {holds}, \"{}\"\n", holds.replace(['{', '}'], "")));
    script += "sink d |> max(time) to zarr(\"highest.zarr\")\nprint (d - other).m.dims\nsink max(a, time) to netcdf(\"all.nc\")\n";
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = |name: &str| folder.path().join(name).display().to_string();
    let script = script.replace("highest.zarr", &path("highest.zarr")).replace("all.nc", &path("all.nc"));
    assert_eq!(succeed(&[&write(folder.path(), "s.ff", &script)]).lines().count(), 1);
    for (target, names) in [("highest.zarr", &["m ", "t "][..]), ("all.nc", &["air_temperature "])] {
        let told = succeed(&["info", &path(target)]);
        assert!(names.iter().all(|name| told.contains(&format!("─ {name}"))), "{told}");
    }
}

/// What only one of two has is no part of the result.
#[test]
fn datasets_go_together_by_name() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let script =
        format!("source a = open(\"{DATA}\")\nlet x = a.air_temperature\nprint ({{t: x, m: x}} + {{m: x}}).t\n");
    let output = crate::programs::ffrun(&[&write(folder.path(), "s.ff", &script)]);
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("no member `t`") || said.contains("has no"), "{said}");
}

#[test]
fn datasets_agree_with_xarray() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    crate::programs::oracle("datasets.py", &[env!("CARGO_BIN_EXE_ffrun"), &folder.path().display().to_string()]);
}

/// Labels and a variable change places, and back.
#[test]
fn dims_are_swapped() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let script = format!(
        "source a = open(\"{DATA}\")\nlet x = a.air_temperature[time: 0..<6]\n\
         let d = {{t: x, m: mean(x, time), step: arange(0, 60, 10, dim: time) |> assign_coords(time: x.time)}}\n\
         let s = swap_dims(d, time: step)\nlet back = swap_dims(s, step: time)\n\
         assert s.t.dims[0] == \"step\" and s.t.step[3] == 30 and all(s.m == d.m)\n\
         assert all((s.t |> sel(step: 20)) == x[time: 2]) and all(s[\"time\"].time == s[\"time\"].time)\n\
         assert all(back.t.time == x.time) and all(back.t == x) and all(back.step == d.step)\n"
    );
    succeed(&[&write(folder.path(), "s.ff", &script.replace(" and all(s[\"time\"].time == s[\"time\"].time)", ""))]);
}

/// A group of its own for each dataset in a dataset, with its own dims.
#[test]
fn datasets_in_datasets_are_groups() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for target in ["zarr", "netcdf"] {
        let out = folder.path().join(format!("tree.{target}")).display().to_string();
        let script = format!(
            "source a = open(\"{DATA}\")\nlet x = a.air_temperature\n\
             sink {{full: {{t: x}}, coarse: {{t: x[latitude: (0..) step 2], deep: {{m: mean(x, time)}}}}}} to {target}(\"{out}\")\n"
        );
        succeed(&[&write(folder.path(), "s.ff", &script)]);
        let read = format!(
            "source tree = open(\"{out}\")\nsource a = open(\"{DATA}\")\nlet x = a.air_temperature\nassert all(tree.full.t == x)\n\
             assert all(tree.coarse.t == x[latitude: (0..) step 2]) and all(tree.coarse.deep.m == mean(x, time))\n\
             assert all(tree[\"coarse\"].deep.m.latitude == x.latitude)\n\
             source part = open(\"{out}\", \"coarse/deep\")\nassert all(part.m == mean(x, time))\n"
        );
        succeed(&[&write(folder.path(), "r.ff", &read)]);
        let told = succeed(&["info", &out]);
        assert!(["full", "coarse", "deep"].iter().all(|name| told.contains(name)), "{told}");
    }
}

#[test]
fn files_joined_agree_with_xarray() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    crate::programs::oracle("files.py", &[env!("CARGO_BIN_EXE_ffrun"), &folder.path().display().to_string()]);
}

#[test]
fn calendars_and_packing_agree_with_xarray() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    crate::programs::oracle("calendars.py", &[env!("CARGO_BIN_EXE_ffrun"), &folder.path().display().to_string()]);
}
