"""Many files as one, beside xarray.open_mfdataset: python files.py FFRUN FOLDER"""

import resource
import subprocess
import sys

import numpy as np
import pandas as pd
import xarray as xr

ffrun, folder = sys.argv[1], sys.argv[2]


def part(i, **changes):
    rng = np.random.default_rng(i)
    time = pd.date_range("2000-01-01", periods=5) + pd.Timedelta(days=5 * i)
    grid = ("time", "lat", "lon")
    bounds = np.stack([time.values, (time + pd.Timedelta(days=1)).values], 1)
    data = {
        "t2m": (grid, rng.normal(280, 9, (5, 4, 3)).astype("f4"), {"units": "K", "source": f"run {i}", "kind": "a"}),
        "packed": (grid, np.round(rng.normal(0, 9, (5, 4, 3)), 2 - i % 2)),
        "mask": (("lat", "lon"), np.arange(12.0).reshape(4, 3)),
        "time_bnds": (("time", "nv"), bounds),
    }
    coords = {"time": ("time", time, {"bounds": "time_bnds"}), "lat": [10.0, 20.0, 30.0, 40.0], "lon": [0.0, 90.0, 180.0]}
    return xr.Dataset(data, coords).assign(**changes)


def write(data, name, i, since=None, **encoding):
    units = f"days since {since or '2000-01-01'}"
    packed = {"dtype": "i2", "scale_factor": 0.01 if i % 2 == 0 else 0.1, "_FillValue": -1}
    data.to_netcdf(f"{folder}/{name}", engine="h5netcdf", unlimited_dims=["time"],
                   encoding={"time": {"units": units}, "time_bnds": {"units": units}, "packed": packed, **encoding})


def run(text, ok=True):
    path = f"{folder}/s.ff"
    open(path, "w").write(text)
    done = subprocess.run([ffrun, path, "--overwrite", "--threads", "2", "--memory", "64MiB"], capture_output=True, text=True)
    assert (done.returncode == 0) == ok, f"{text}\n{done.stdout}{done.stderr}"
    return done.stderr + done.stdout


def compare(ours, expected, names, attrs=True):
    for name in names:
        one, other = ours[name], expected[name]
        assert one.dims == other.dims, (name, one.dims, other.dims)
        if other.dtype.kind == "f":
            np.testing.assert_allclose(one.values, other.values, rtol=1e-6, err_msg=name)
        else:
            np.testing.assert_array_equal(one.values, other.values, err_msg=name)
        kept = {k: v for k, v in other.attrs.items()}
        assert not attrs or one.attrs == kept, (name, one.attrs, kept)


NAMES = ["t2m", "packed", "mask", "time_bnds", "time", "lat", "lon"]
OPTIONS = {"engine": "h5netcdf", "data_vars": "minimal", "coords": "minimal", "compat": "override", "combine_attrs": "drop_conflicts"}

# Units of time and packing differ from file to file; names are in the order of the labels.
for i in range(7):
    write(part(i), f"a{i}.nc", i, since=f"200{i}-01-01")
run(f'source a = open("{folder}/a?.nc") {{ concat: time }}\nsink a to netcdf("{folder}/o.nc")\n'
    f'assert all(a.time.month == a.t2m.time.month) and a.time.size == 35\n')
expected = xr.open_mfdataset(f"{folder}/a?.nc", **OPTIONS)
compare(xr.open_dataset(f"{folder}/o.nc", engine="h5netcdf"), expected, NAMES, attrs=False)
assert dict(xr.open_dataset(f"{folder}/o.nc", engine="h5netcdf").t2m.attrs) == {"units": "K", "kind": "a"}

# Names against the order of the labels.
for i in range(4):
    write(part(3 - i), f"b{i}.nc", 3 - i)
told = run(f'source b = open("{folder}/b*.nc") {{ concat: time }}\nprint b.t2m.shape\n')
assert "ff::source::order" in told and "b0.nc" in told and "b1.nc" in told, told
run(f'source b = open("{folder}/b*.nc") {{ concat: time, order: labels }}\nsink b to netcdf("{folder}/o.nc")\n')
compare(xr.open_dataset(f"{folder}/o.nc", engine="h5netcdf"), xr.open_mfdataset(f"{folder}/b*.nc", **OPTIONS), NAMES, attrs=False)
run(f'source b = open(["{folder}/b3.nc", "{folder}/b2.nc"]) {{ concat: time }}\nassert b.time.size == 10 and all(diff(b.t2m, time).time == b.time[1..])\n')

# Files that overlap.
write(part(1).assign_coords(time=pd.date_range("2000-01-05", periods=5)), "c1.nc", 1)
told = run(f'source c = open(["{folder}/c1.nc", "{folder}/a0.nc"]) {{ concat: time, order: labels }}\nprint c.t2m.shape\n', ok=False)
assert "ff::source::concat" in told and "begins at 2000-01-05" in told, told

# Labels of other dims differ.
shifted = part(1).isel(lat=slice(1, None)).assign_coords(lat=[20.0, 30.0, 50.0])
write(shifted, "d1.nc", 1)
both = f'["{folder}/a0.nc", "{folder}/d1.nc"]'
told = run(f'source d = open({both}) {{ concat: time }}\nprint d.t2m.shape\n', ok=False)
assert "ff::source::concat" in told and "lat=3" in told and "d1.nc" in told, told
for join in ["inner", "outer", "left", "right"]:
    run(f'source d = open({both}) {{ concat: time, join: {join} }}\nsink d[["t2m", "packed"]] to netcdf("{folder}/o.nc")\n')
    expected = xr.open_mfdataset([f"{folder}/a0.nc", f"{folder}/d1.nc"], combine="nested", concat_dim="time", join=join, **OPTIONS)
    compare(xr.open_dataset(f"{folder}/o.nc", engine="h5netcdf"), expected, ["t2m", "packed", "lat", "time"], attrs=False)
write(part(1).assign_coords(lat=[10.0, 20.0, 30.0, 41.0]), "e1.nc", 1)
both = f'["{folder}/a0.nc", "{folder}/e1.nc"]'
told = run(f'source e = open({both}) {{ concat: time }}\nprint e.t2m.shape\n', ok=False)
assert "differ first at position 3: 40" in told and "e1.nc" in told and "join: override" in told, told
run(f'source e = open({both}) {{ concat: time, join: override }}\nassert e.t2m.lat[3] == 40 and e.t2m.shape[0] == 10\n')

# What else may differ.
def refused(data, what, name="t2m", options="concat: time", **encoding):
    write(data, "x.nc", 1, **encoding)
    told = run(f'source x = open(["{folder}/a0.nc", "{folder}/x.nc"]) {{ {options} }}\nprint x.{name}.shape\n', ok=False)
    assert "ff::source::" in told and "x.nc" in told and all(w in told for w in what), told

odd = part(1)
odd.t2m.attrs["units"] = "degC"
refused(odd, ["`K`", "`degC`"])
refused(part(1).drop_vars("t2m"), ["has no variable `t2m`"])
refused(part(1, t2m=part(1).t2m.astype("f8")), ["f32[time=5", "f64[time=5"])
refused(part(1, t2m=part(1).t2m.transpose("lat", "time", "lon")), ["[lat=4, time=5"])
refused(part(1, extra=part(1).t2m), ["has no variable `extra`"], name="extra")
refused(part(1, mask=part(1).mask + 1), ["not joined"], name="mask", options="concat: time, compat: equals")
refused(part(1).convert_calendar("noleap", use_cftime=True).drop_vars("time_bnds").assign(time_bnds=part(1).time_bnds.drop_vars("time")), ["`noleap`", "`proleptic_gregorian`"])
write(part(1), "x.nc", 1)
run(f'source x = open(["{folder}/a0.nc", "{folder}/x.nc"]) {{ concat: time, compat: equals }}\nprint x.mask.shape\n')

# Members of an ensemble.
for i in range(3):
    write(part(i).assign_coords(time=part(0).time), f"m{i}.nc", 2)
run(f'source m = open("{folder}/m*.nc") {{ stack: member, labels: ["a", "b", "c"] }}\nsink m[["t2m", "packed", "time_bnds"]] to netcdf("{folder}/o.nc")\n'
    'assert m.t2m.dims == ["member", "time", "lat", "lon"] and m.time.size == 5\n')
expected = xr.open_mfdataset(f"{folder}/m*.nc", combine="nested", concat_dim="member", engine="h5netcdf", data_vars="all", coords="minimal", compat="override", combine_attrs="drop_conflicts")
compare(xr.open_dataset(f"{folder}/o.nc", engine="h5netcdf"), expected, ["t2m", "packed", "time"], attrs=False)
told = run(f'source m = open("{folder}/m*.nc") {{ stack: time }}\nprint m.t2m.shape\n', ok=False)
assert "concat: time" in told, told

# More files than a process may have open without asking for more.
for i in range(150):
    np.save(f"{folder}/n{i:03}.npy", np.full(3, i))
open(f"{folder}/n.ff", "w").write(f'source n = open("{folder}/n*.npy") {{ concat: t, dims: [t] }}\nassert sum(n) == 33525 and n.size == 450\n')
few = lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (64, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
subprocess.run([ffrun, f"{folder}/n.ff"], check=True, preexec_fn=few)
print("files agree")
