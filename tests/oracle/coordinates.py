"""Auxiliary and single coordinates, beside xarray: python coordinates.py FFRUN FOLDER

Each case is an array or a dataset in both languages. Written as NetCDF and as Zarr, read again by xarray, it has to have
the same variables, the same coordinates with the same dims and values, with any number of threads and in any budget.
"""

import os
import subprocess
import sys
import warnings

import numpy as np
import pandas as pd
import xarray as xr

warnings.simplefilter("ignore")
xr.set_options(keep_attrs=True)
ffrun, folder = sys.argv[1], sys.argv[2]
rng = np.random.default_rng(0)
TIMES, ROWS, COLUMNS = 12, 6, 5


def grid(first_day="2000-01-01", height=2.0, seed=1):
    """A curvilinear grid with coordinates of each kind."""
    rng = np.random.default_rng(seed)
    time = pd.date_range(first_day, periods=TIMES, freq="MS")
    y, x = np.mgrid[0:ROWS, 0:COLUMNS]
    coords = {
        "time": time,
        "y": np.arange(ROWS) * 10.0,
        "lat": (("y", "x"), 40 + y + 0.1 * x, {"units": "degrees_north"}),
        "lon": (("y", "x"), (10 + x - 0.1 * y).astype("f4"), {"units": "degrees_east"}),
        "basin": (("y", "x"), ((x + y) // 3).astype("i4")),
        "month": ("time", time.month.values),
        "leap": ("time", np.asarray(time.is_leap_year)),
        "valid": ("time", time + pd.Timedelta("10D")),
        "step": ("time", np.arange(TIMES) * 6.0),
        "name": ("y", np.array([f"row {i}" for i in range(ROWS)], dtype=object)),
        "height": ((), height, {"units": "m"}),
        "origin": ((), pd.Timestamp("1999-12-01T06:00")),
    }
    field = rng.normal(280, 9, (TIMES, ROWS, COLUMNS))
    data = {
        "t": (("time", "y", "x"), field.astype("f4"), {"units": "K"}),
        "n": (("time", "y", "x"), (field // 1).astype("i4")),
        "mask": (("y", "x"), (x + y) % 2.0),
        "series": ("time", field.mean((1, 2))),
    }
    return xr.Dataset(data, coords)


a, b = grid(), grid("2001-01-01", 10.0, 2)
for name, data in {"a": a, "b": b}.items():
    data.to_netcdf(f"{folder}/{name}.nc", engine="h5netcdf", encoding={"t": {"chunksizes": (5, 2, 3)}})
a.to_zarr(f"{folder}/z.zarr", consolidated=False)
t, u, n = a.t, b.t, a.n
points = xr.DataArray([0.0, 20.0, 40.0], dims="station", coords={"code": ("station", [7, 8, 9])})
places = xr.DataArray([1, 3, 4], dims="station")
joins = {"coords": "different", "compat": "equals", "combine_attrs": "override"}
CASES = {
    # As they come.
    "r = a.t": t,
    "r = z.t": t,
    "r = a.mask": a.mask,
    "r = a.series": a.series,
    "a": a,
    "z": a,
    # Parts.
    "r = a.t[time: 3]": t.isel(time=3),
    "r = a.t[time: -1, y: 2, x: 1]": t.isel(time=-1, y=2, x=1),
    "r = a.t[y: 1..<4, x: [0, 3]]": t.isel(y=slice(1, 4), x=[0, 3]),
    'r = a.t |> sel(time: "2000-03".."2000-05")': t.sel(time=slice("2000-03", "2000-05")),
    "r = a.t |> sel(y: 20)": t.sel(y=20),
    "r = a.t |> sel(y: [50, 0])": t.sel(y=[50, 0]),
    "r = a.t |> sel(y: points)": t.sel(y=points),
    "r = a.t[y: places, x: places]": t.isel(y=places, x=places),
    "r = a.t |> sel(y: points, method: nearest) |> isel(x: places)": t.sel(y=points).isel(x=places),
    "r = flip(a.t, y)": t.isel(y=slice(None, None, -1)),
    "r = head(a.t, time: 3) |> tail(x: 2)": t.head(time=3).tail(x=2),
    "r = a.t[time: 4..<5] |> squeeze(time)": t.isel(time=[4]).squeeze("time"),
    "r = a.t[time: a.time.month > 9]": t.isel(time=a.time.dt.month.values > 9),
    "r = compress(a.t, a.time.month > 9, time)": t.isel(time=a.time.dt.month.values > 9),
    "r = where(a.time.month > 9, a.t, drop: true)": t.where(a.time.dt.month > 9, drop=True),
    "r = sortby(a.t, y, descending: true)": t.sortby("y", ascending=False),
    "a[time: 2]": a.isel(time=2),
    "a |> sel(y: 30) |> isel(time: 0)": a.sel(y=30).isel(time=0),
    # What keeps the shape, and what does not.
    "r = transpose(a.t, x, time, y)": t.transpose("x", "time", "y"),
    "r = a.t * 2 - 1": t * 2 - 1,
    "r = mean(a.t, time)": t.mean("time"),
    "r = mean(a.t, y, x)": t.mean(["y", "x"]),
    "r = mean(a.t)": t.mean(),
    "r = a.t - mean(a.t, time)": t - t.mean("time"),
    "r = cumsum(a.t, time)": t.cumsum("time"),
    "r = rolling(a.t, time: 3) |> mean()": t.rolling(time=3).mean(),
    "r = diff(a.t, time)": t.diff("time"),
    "r = diff(a.t, time, label: lower)": t.diff("time", label="lower"),
    "r = shift(a.t, time: 1)": t.shift(time=1),
    "r = roll(a.t, time: 1)": t.roll(time=1),
    "r = a.t |> sum(time, keepdims: true) |> squeeze()": t.sum("time"),
    "r = zeros_like(a.mask)": xr.zeros_like(a.mask),
    "a |> mean(time)": a.mean("time"),
    "r = coarsen(a.t, time: 3) |> mean()": t.coarsen(time=3).mean(),
    # Two arrays.
    "r = a.t + a.n": t + n,
    "r = a.t[time: 0] - a.t[time: 1]": t.isel(time=0) - t.isel(time=1),
    "r = a.t - a.t[time: 0]": t - t.isel(time=0),
    "r = a.t[time: 1] - mean(a.t, time)": t.isel(time=1) - t.mean("time"),
    "r = mean(a.t, time) - mean(b.t, time)": t.mean("time") - u.mean("time"),
    "r = a.series * a.mask": a.series * a.mask,
    "r = where(a.t > 280, a.t, a.mask)": t.where(t > 280, a.mask),
    "r = mean(a.t, x, weights: a.mask)": t.weighted(a.mask).mean("x"),
    "r = dot(a.t, a.mask, y, x)": t.dot(a.mask, dim=["y", "x"]),
    # Joined.
    "r = concat([a.t, b.t], time)": xr.concat([t, u], "time", **joins),
    "r = concat([a.t[x: 0..<2], a.t[x: 2..]], x)": xr.concat([t.isel(x=slice(2)), t.isel(x=slice(2, None))], "x", **joins),
    "r = stack([a.t[time: 0], a.t[time: 5]], time) |> transpose(time, y, x)": xr.concat([t.isel(time=0), t.isel(time=5)], "time", **joins),
    "r = stack([mean(a.t, time), mean(b.t, time)], member, labels: [1, 2])": xr.concat([t.mean("time"), u.mean("time")], pd.Index([1, 2], name="member"), **joins),
    "concat([a[time: 0..<4], a[time: 4..]], time)": a,
    # Names.
    "r = rename(a.t, time: t, lat: latitude, height: above)": t.rename(time="t", lat="latitude", height="above"),
    "r = rename(a.t[time: 0], time: when)": t.isel(time=0).rename(time="when"),
    "rename(a, lat: latitude, t: tas, y: row)": a.rename(lat="latitude", t="tas", y="row"),
    "r = swap_dims(a.t, time: step)": t.swap_dims(time="step"),
    "swap_dims(a, time: step)": a.swap_dims(time="step"),
    "r = swap_dims(a.t, y: name) |> sel(name: \"row 2\")": t.swap_dims(y="name").sel(name="row 2"),
    "r = expand_dims(a.t[time: 3], time)": t.isel(time=3).expand_dims("time"),
    "r = expand_dims(mean(a.t, time), height)": t.mean("time").expand_dims("height"),
    # Set and dropped.
    "r = assign_coords(a.t, area: a.lat * 2, level: 850)": t.assign_coords(area=a.lat * 2, level=850),
    "r = assign_coords(a.t, quarter: a.time.quarter)": t.assign_coords(quarter=a.time.dt.quarter),
    "r = assign_coords(a.t, lat: a.lon, height: none)": t.assign_coords(lat=a.lon.variable).drop_vars("height"),
    "r = assign_coords(a.t, y: [1, 2, 3, 4, 5, 6])[y: 2..]": t.assign_coords(y=np.arange(1, 7)).isel(y=slice(2, None)),
    "assign_coords(a, quarter: a.time.quarter)": a.assign_coords(quarter=a.time.dt.quarter),
    "r = drop_coords(a.t, lat, height)": t.drop_vars(["lat", "height"]),
    "r = drop_coords(a.t)": t.drop_vars(list(t.coords)),
    "r = drop_coords(a.t, time)[time: 0..<3]": t.drop_vars("time").isel(time=slice(3)),
    "drop_vars(a, lat, mask, time)": a.drop_vars(["lat", "mask", "time"]),
    "set_coords(a, mask, series)": a.set_coords(["mask", "series"]),
    "reset_coords(a, lat, height)": a.reset_coords(["lat", "height"]),
    "reset_coords(a)": a.reset_coords(),
    # Groups by them.
    "r = groupby(a.t, month) |> mean()": t.groupby("month").mean(),
    "r = groupby(a.t, basin, labels: 0..<4) |> mean()": t.groupby("basin").mean(),
    "r = groupby(a.t, leap) |> count()": t.groupby("leap").count(),
    "r = groupby(a.t, time.season) |> max()": t.groupby("time.season").max(),
    "r = resample(a.t, time: 3mo) |> mean()": t.resample(time="QS").mean(),
    # Other labels.
    "r = interp(a.t, y: [5, 15])": t.drop_vars("name").interp(y=[5, 15]),
    "r = interp(a.t, y: 25)": t.drop_vars("name").interp(y=25),
    "r = reindex(a.t, y: [20, 0])": t.reindex(y=[20, 0]),
    "align(a.t[y: 0..<4], a.t[y: 2..], join: inner)": xr.align(t.isel(y=slice(4)), t.isel(y=slice(2, None)), join="inner")[1],
    # As arrays.
    "r = a.t.lat": a.lat,
    "r = a.t[y: 2..].lat * 2": t.isel(y=slice(2, None)).lat * 2,
    "r = a.t where a.t.lat > 43": t.where(t.lat > 43),
    "r = a.lat": a.lat,
}
script = [f'source {name} = open("{folder}/{name}.nc")' for name in "ab"]
script.append(f'source z = open("{folder}/z.zarr")')
script.append("let points = linspace(0.0, 40.0, 3, dim: station) |> assign_coords(code: arange(7, 10, 1, dim: station))")
script.append("let places = arange(3, dim: station) + 1 + (arange(3, dim: station) > 0)")
FORMS = [("netcdf", "nc"), ("zarr", "zarr")]


def written(text):
    """The record that is written of a case, `r` where it is an array."""
    if text.startswith("r = "):
        return f"{{r: {text[4:]}}}"
    return f"{{r: ({text})[1]}}" if text.startswith("align") else text


def difference(ours, expected):
    expected = expected.to_dataset(name="r") if isinstance(expected, xr.DataArray) else expected
    if set(ours.data_vars) != set(expected.data_vars):
        return f"variables {sorted(ours.data_vars)} for {sorted(expected.data_vars)}"
    if set(ours.coords) != set(expected.coords):
        missing, more = set(expected.coords) - set(ours.coords), set(ours.coords) - set(expected.coords)
        return f"coordinates: missing {sorted(missing)}, too many {sorted(more)}"
    for name in [*expected.data_vars, *expected.coords]:
        one, other = ours[name], expected[name]
        if set(one.dims) != set(other.dims):
            return f"{name}: dims {one.dims} for {other.dims}"
        one = one.transpose(*other.dims)
        if (name in one.dims) != (name in other.dims):
            return f"{name}: labels of a dim, or not"
        x, y = one.values, other.values
        if y.dtype.kind in "fiu":
            equal = np.allclose(x, y, rtol=1e-5, atol=1e-4, equal_nan=True)
        elif y.dtype.kind in "mM":
            equal = (x.astype("M8[us]") == y.astype("M8[us]")).all()
        else:
            equal = (x == y).all()
        if not equal:
            return f"{name}: values {x.ravel()[:6]} for {y.ravel()[:6]}"
    return None


wrong = []
cases = list(CASES.items())
for number, (text, _) in enumerate(cases):
    form, ext = FORMS[number % 2]
    script.append(f'sink {written(text)} to {form}("{folder}/OUT/{number}.{ext}")')
for run, (threads, memory) in enumerate([(1, "64MiB"), (2, "512MiB")]):
    os.makedirs(f"{folder}/out{run}")
    path = f"{folder}/{run}.ff"
    with open(path, "w") as file:
        file.write("\n".join(script).replace("OUT", f"out{run}"))
    subprocess.run([ffrun, path, "--threads", str(threads), "--memory", memory], check=True)
    for number, (text, expected) in enumerate(cases):
        ext = FORMS[number % 2][1]
        how = {"engine": "h5netcdf"} if ext == "nc" else {"engine": "zarr", "consolidated": False}
        ours = xr.open_dataset(f"{folder}/out{run}/{number}.{ext}", **how).load()
        found = difference(ours, expected)
        if found:
            wrong.append(f"{text} ({ext}): {found}")
assert not wrong, "\n" + "\n".join(wrong)
print("coordinates agree:", len(cases))
