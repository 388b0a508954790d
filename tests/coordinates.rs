//! Coordinates besides the labels of dims.

use crate::programs::{ffrun, oracle, succeed, write};

const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/data/iris/A1B_north_america.nc");

#[test]
fn coordinates_agree_with_xarray() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    oracle("coordinates.py", &[env!("CARGO_BIN_EXE_ffrun"), &folder.path().display().to_string()]);
}

/// What holds of real data and of coordinates that are computed.
const TRUE: &[&str] = &[
    "x.height == 1.5 and mean(x).height == 1.5",
    "all(x[time: 10..<20].forecast_period == x.forecast_period[time: 10..<20])",
    "x[time: 3].time == x.time[3] and x[time: 3].time.year == 1863",
    "(x |> sel(latitude: 20, longitude: 270, method: nearest)).latitude == 20",
    "all((x - mean(x, time)).forecast_period == x.forecast_period)",
    "all(large[t: 3..<6].two == large.two[t: 3..<6])",
    "(large |> mean(t)).one == 7 and all((large |> mean(s)).half == large.half)",
    "all((large * 2 + large).two == large.two)",
    "all((large |> groupby(half) |> sum()).half == drop_coords(large.half[(0..) step 2] |> rename(t: half)))",
    "all(concat([large, large], t).half[6..] == large.half)",
    "all((diff(large, t)).half == large.half[1..]) and all(sort(large, s).half == large.half)",
    "swap_dims(large, t: half).half[3] == 1 and swap_dims(large, t: half).t[5] == 5",
    "all(reset_coords({a: large}, half).half == large.half)",
    "all(set_coords({a: large, b: large.t * 3}, b).a.b == large.t * 3)",
];

#[test]
fn coordinates_follow_their_arrays() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut script = format!(
        "source a = open(\"{DATA}\")\nlet x = a.air_temperature\nlet t = arange(6, dim: t)\nlet s = arange(4, dim: s)\n\
         let large = t * 10 + s |> assign_coords(t: 0..<6) |> assign_coords(one: 7, half: t // 2, two: t - s)\n"
    );
    TRUE.iter().for_each(|holds| script += &format!("assert {holds}, \"{}\"\n", holds.replace(['{', '}', '"'], "")));
    succeed(&[&write(folder.path(), "s.ff", &script)]);
}

/// What no end needs is neither in the plan nor read: here it could not be.
#[test]
fn what_nobody_needs_is_not_read() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = folder.path().join("in.zarr").display().to_string();
    let script = format!(
        "let x = arange(6, dim: t) + arange(4, dim: s)\n\
         sink {{x: assign_coords(x, two: x * 2, lead: x.t * 3)}} to zarr(\"{store}\")\n"
    );
    succeed(&[&write(folder.path(), "made.ff", &script)]);
    for name in ["two", "lead"] {
        let chunks = folder.path().join("in.zarr").join(name).join("c");
        std::fs::remove_dir_all(&chunks).expect("chunks to take away");
        std::fs::write(&chunks, "no chunks").expect("a file in their place");
    }
    let without = "print (a.x |> sum(t, s)), (a.x[t: 1] * 2 - a.x[t: 2]) |> sum()\nassert all(a.x >= 0)\n";
    succeed(&[&write(folder.path(), "s.ff", &format!("source a = open(\"{store}\")\n{without}"))]);
    let out = folder.path().join("out.zarr").display().to_string();
    let needed = format!("source a = open(\"{store}\")\nsink {{r: a.x}} to zarr(\"{out}\")\n");
    let output = ffrun(&[&write(folder.path(), "n.ff", &needed)]);
    assert_eq!(output.status.code(), Some(3), "{}", String::from_utf8_lossy(&output.stderr));
    let dropped = format!("source a = open(\"{store}\")\nsink {{r: drop_coords(a.x)}} to zarr(\"{out}\")\n");
    succeed(&[&write(folder.path(), "d.ff", &dropped)]);
}

/// Printed beside an array: values where they are few, dims where there are several.
#[test]
fn coordinates_are_shown() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let script = "let t = arange(3, dim: t)\nlet x = t * 10 + arange(2, dim: s) |> assign_coords(t: [5, 6, 7])\n\
                  print assign_coords(x, level: 850.5, half: t // 2, two: x * 2)[t: 1..]\nprint x[t: 1]\nprint x[t: 1, s: 0]\n";
    let shown = succeed(&[&write(folder.path(), "s.ff", script)]);
    insta::assert_snapshot!(shown);
    let store = folder.path().join("out.nc").display().to_string();
    let script = script.lines().take(2).collect::<Vec<_>>().join("\n")
        + &format!("\nsink {{r: assign_coords(x, level: 850.5, two: x * 2)}} to netcdf(\"{store}\")\n");
    succeed(&[&write(folder.path(), "w.ff", &script)]);
    let told = succeed(&["info", &store]);
    assert!(told.contains("coordinates: level two"), "{told}");
}

/// Stores grow with the coordinates that lie along the dim.
#[test]
fn stores_grow_with_their_coordinates() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = folder.path().join("out.zarr").display().to_string();
    let made = |from: u32, to: u32, mode: &str| {
        format!(
            "let t = arange({from}, {to}, 1, dim: t)\nlet x = t * 10 + arange(2, dim: s) |> assign_coords(t: {from}..<{to})\n\
             sink {{x: assign_coords(x, half: t // 2, level: 3, more: t)}} to zarr(\"{store}\"){mode}\n"
        )
    };
    let first = made(0, 5, "").replace(", more: t", "");
    succeed(&[&write(folder.path(), "a.ff", &first)]);
    succeed(&[&write(folder.path(), "b.ff", &made(5, 9, " { mode: append(t) }"))]);
    let read = format!(
        "source a = open(\"{store}\")\nassert a.x.dims[0] == \"t\" and a.x.t.size == 9 and all(a.x.half == a.x.t // 2)\n\
         assert a.x.level == 3 and all(a.x == a.x.t * 10 + arange(2, dim: s))\n"
    );
    succeed(&[&write(folder.path(), "r.ff", &read)]);
}
