"""What is done to datasets as a whole, beside xarray: python datasets.py FFRUN FOLDER

Each case is a dataset in both languages; the values, the names, the dims, the labels and the attributes of the variables
have to be the same, with any number of threads and in any budget.
"""

import subprocess
import sys

import numpy as np
import pandas as pd
import xarray as xr

ffrun, folder = sys.argv[1], sys.argv[2]
rng = np.random.default_rng(0)


def dataset(first_day, lats, seed):
    rng = np.random.default_rng(seed)
    time = pd.date_range(first_day, periods=6)
    coords = {"time": time, "lat": ("lat", lats, {"units": "degrees_north"}), "lon": [0.0, 90.0, 180.0]}
    field = lambda dtype: rng.normal(280, 9, (6, len(lats), 3)).astype(dtype)
    grid = ("time", "lat", "lon")
    data = {
        "t2m": (grid, field("f4"), {"units": "K", "run": seed}),
        "u10": (grid, field("f8"), {"units": "m s-1"}),
        "n": (grid, field("i4")),
        "mask": (("lat", "lon"), np.arange(3 * len(lats)).reshape(-1, 3) % 2.0),
        "level": ((), 2.0),
    }
    return xr.Dataset(data, coords)


a = dataset("2000-01-01", [10.0, 20.0, 30.0, 40.0], 1)
b = dataset("2000-01-07", [10.0, 20.0, 30.0, 40.0], 2)
c = dataset("2000-01-04", [30.0, 40.0, 50.0], 3)
for name, data in {"a": a, "b": b, "c": c}.items():
    chunks = {v: {"chunksizes": (2, 2, 3)[: data[v].ndim]} for v in ["t2m", "u10", "n"]}
    data.to_netcdf(f"{folder}/{name}.nc", engine="h5netcdf", encoding=chunks)

shared = ["t2m", "u10", "n"]
minimal = {"data_vars": "minimal", "coords": "minimal", "compat": "override", "combine_attrs": "drop_conflicts"}


def aligned(which, join, **kwargs):
    return xr.align(a[shared], c[shared], join=join, **kwargs)[which]


CASES = [
    ('a[["t2m", "mask"]]', a[["t2m", "mask"]]),
    ("select_vars(a, mask, t2m)", a[["mask", "t2m"]]),
    ("drop_vars(a, u10, level)", a.drop_vars(["u10", "level"])),
    ("drop_vars(a, mask, lat)", a.drop_vars(["mask", "lat"])),
    ("rename(a, t2m: tas, u10: u)", a.rename(t2m="tas", u10="u")),
    ("rename(a, t2m: tas, lat: latitude)", a.rename(t2m="tas", lat="latitude")),
    ("rename(a, t2m: u10, u10: t2m)", a.rename(t2m="u10", u10="t2m")),
    ("assign(a, double: a.u10 * 2, n: a.mask)", a.assign(double=a.u10 * 2, n=a.mask)),
    ("concat([a, b], time)", xr.concat([a, b], "time", **minimal)),
    ("concat([b, a, b], time)", xr.concat([b, a, b], "time", **minimal)),
    ("concat([a[lat: 0..<2], a[lat: 2..]], lat)", a),
    ("stack([a, drop_coords(b)], member, labels: [4, 7])",
     xr.concat([a, b.drop_vars(["time", "lat", "lon"])], pd.Index([4, 7], name="member"), data_vars="all", coords="minimal", compat="override", join="override", combine_attrs="drop_conflicts")),
    ('merge(a[["t2m"]], {extra: a.u10 + 1})', xr.merge([a[["t2m"]], {"extra": a.u10 + 1}], join="exact")),
    ("merge({x: a.t2m}, {y: c.u10}, join: outer)", xr.merge([{"x": a.t2m}, {"y": c.u10}], join="outer", compat="override")),
    ("merge({x: a.t2m}, {y: c.n}, join: inner)", xr.merge([{"x": a.t2m}, {"y": c.n}], join="inner", compat="override")),
    ("merge({x: a.t2m}, {y: c.n}, {z: b.mask}, join: left)", xr.merge([{"x": a.t2m}, {"y": c.n}, {"z": b.mask}], join="left", compat="override")),
    ("merge([a, b], join: outer, compat: override)[[\"u10\", \"mask\"]]", None),
    ("drop_vars(align(drop_vars(a, mask, level), drop_vars(c, mask, level), join: inner)[0], n)", aligned(0, "inner").drop_vars("n")),
    ("align(select_vars(a, t2m, u10, n), select_vars(c, t2m, u10, n), join: outer)[1]", aligned(1, "outer")),
    ("align(select_vars(a, t2m, u10, n), select_vars(c, t2m, u10, n), join: left)[1]", aligned(1, "left")),
    ("align(select_vars(a, t2m, u10, n), select_vars(c, t2m, u10, n), join: right)[0]", aligned(0, "right")),
    ("align(select_vars(a, t2m, u10, n), select_vars(b, t2m, u10, n), join: override)[1]",
     xr.align(a[shared], b[shared], join="override")[1]),
    ("mean(a, time)", a.mean("time", keep_attrs=True)),
    ("a - mean(a, time)", None),
    ("a * 2", None),
    ("stack(a, cell: [lat, lon])", None),
]
xr.set_options(keep_attrs=True)
EXPECTED = {
    'merge([a, b], join: outer, compat: override)[["u10", "mask"]]': a[["u10", "mask"]],
    "a - mean(a, time)": a.drop_vars(["mask", "level"]).map(lambda v: v - v.mean("time")).assign(mask=a.mask * 0, level=a.level * 0),
    "a * 2": a.map(lambda v: v * 2),
    "stack(a, cell: [lat, lon])": a.stack(cell=["lat", "lon"]).drop_vars(["cell", "lat", "lon"]),
}

script = [f'source {name} = open("{folder}/{name}.nc")' for name in "abc"]
for number, (expression, _) in enumerate(CASES):
    form, ext = [("netcdf", "nc"), ("zarr", "zarr")][number % 2]
    script.append(f'sink {expression} to {form}("{folder}/OUT/{number}.{ext}")')
for run, (threads, memory) in enumerate([(1, "64MiB"), (2, "512MiB")]):
    path = f"{folder}/{run}.ff"
    open(path, "w").write("\n".join(script).replace("OUT", f"out{run}"))
    import os
    os.makedirs(f"{folder}/out{run}")
    subprocess.run([ffrun, path, "--threads", str(threads), "--memory", memory], check=True)
    for number, (expression, expected) in enumerate(CASES):
        form, ext = [("netcdf", "nc"), ("zarr", "zarr")][number % 2]
        how = {"engine": "h5netcdf"} if ext == "nc" else {"engine": "zarr", "consolidated": False}
        ours = xr.open_dataset(f"{folder}/out{run}/{number}.{ext}", **how).load()
        expected = EXPECTED.get(expression) if expected is None else expected
        try:
            assert list(ours.data_vars) is not None and set(ours.data_vars) == set(expected.data_vars), set(ours.data_vars) ^ set(expected.data_vars)
            assert set(ours.coords) == set(expected.coords), set(ours.coords) ^ set(expected.coords)
            for name in [*expected.data_vars, *expected.coords]:
                one, other = ours[name], expected[name]
                assert set(one.dims) == set(other.dims), (name, one.dims, other.dims)
                rtol = 2e-6 if other.dtype == "f4" else 1e-12
                if one.dtype.kind in "fiu":
                    np.testing.assert_allclose(one.transpose(*other.dims).values, other.values, rtol=rtol, atol=1e-4 if "mean" in expression else 0, err_msg=name)
                else:
                    np.testing.assert_array_equal(one.values, other.values, err_msg=name)
                if name in expected.data_vars and other.dtype.kind == "f" and "align" not in expression and "join" not in expression:
                    assert one.dtype == other.dtype, (name, one.dtype, other.dtype)
                if name == "t2m" and "rename" not in expression:
                    assert one.attrs.get("units") == other.attrs.get("units"), (one.attrs, other.attrs)
                    assert one.attrs.get("run") == other.attrs.get("run"), (one.attrs, other.attrs)
        except AssertionError as error:
            raise AssertionError(f"{expression}\n{ours}\n{expected}\n{error}") from None
print("datasets agree:", len(CASES))
