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
for number, part in enumerate([slice(5), slice(5, None)]):
    a.isel(time=part).assign_coords(run=number).to_netcdf(f"{folder}/part{number}.nc", engine="h5netcdf")
t, u, n = a.t, b.t, a.n
table = np.array([272.0, 276.0, 280.0, 284.0, 288.0])
points = xr.DataArray([0.0, 20.0, 40.0], dims="station", coords={"code": ("station", [7, 8, 9])})
places = xr.DataArray([1, 3, 4], dims="station")


def bare(values, dims, coords, without=""):
    """An array of these coordinates, as far as they lie along its dims and have their sizes."""
    array = xr.DataArray(values, dims=dims.split())
    fits = lambda v: not isinstance(v, xr.DataArray) or all(array.sizes.get(d) == v.sizes[d] for d in v.dims)
    coords = {k: v for k, v in dict(coords).items() if k != without and fits(v)}
    return array.assign_coords({k: v.variable if isinstance(v, xr.DataArray) else v for k, v in coords.items()})


joins = {"coords": "different", "compat": "equals", "combine_attrs": "override"}
CASES = {
    # As they come.
    "r = a.t": t,
    "r = z.t": t,
    "r = a.mask": a.mask,
    "r = a.series": a.series,
    "a": a,
    "z": a,
    # Of two files, in which `run` is not the same.
    "r = m.t": t,
    "r = mean(m.t, y) - m.t[time: 0, y: 1]": t.mean("y") - t.isel(time=0, y=1),
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

t5 = t.isel(time=0, y=slice(5))
single = {"height": t.height, "origin": t.origin}
equal_y = t.assign_coords(y=np.ones(ROWS)).isel(y=slice(None, None, -1))
months = t.groupby("time.month")
# What is kept of coordinates here may be less than xarray has, and no other. Where there is no such operator there, the
# array is made by NumPy.
LESS = {
    # Elements go elsewhere, along dims of the same names and sizes.
    "r = reshape(a.t, {y: 6, x: 5, time: 12})": bare(t.values.reshape(6, 5, 12), "y x time", single),
    "r = reshape(a.t, {time: 12, x: 5, y: 6}) |> transpose(time, y, x)": bare(t.values.reshape(12, 5, 6).transpose(0, 2, 1), "time y x", single | {"time": t.time}),
    "r = stack(a.t, cell: [y, x]) |> unstack(cell: {y: 6, x: 5})": t.drop_vars(["y", "name"]),
    "r = stack(a.t, cell: [y, x]) |> flip(cell) |> unstack(cell: {y: 6, x: 5})": t.isel(y=slice(None, None, -1), x=slice(None, None, -1)).drop_vars(["y", "name"]),
    "r = stack(a.t, cell: [x, y]) |> unstack(cell: {y: 6, x: 5})": bare(t.values.transpose(0, 2, 1).reshape(12, 6, 5), "time y x", {k: v if v.ndim < 2 else (("y", "x"), v.values.T.reshape(6, 5)) for k, v in t.coords.items() if "y" not in v.dims or v.ndim == 2}),
    "r = ravel(a.mask, dim: y)": bare(a.mask.values.ravel(), "y", single),
    "r = extract(a.mask, a.lat >= 40, dim: y)[y: 0..<6]": bare(a.mask.values.ravel()[:6], "y", single),
    "r = extract(a.mask, a.lat >= 45, dim: y)": bare(a.mask.values.ravel()[-5:], "y", single),
    "r = flatnonzero(a.lat > 44.95, dim: y)": bare(np.flatnonzero(a.lat.values > 44.95), "y", single),
    "r = nonzero(a.lat > 43.95, dim: x).y[x: 0..<5]": bare(np.nonzero(a.lat.values > 43.95)[0][:5], "x", single),
    "r = argwhere(a.lat > 44.95, dim: y)": bare(np.argwhere(a.lat.values > 44.95), "y axis", single | {"axis": ["y", "x"]}),
    "r = assign_coords(a.t, y: [1, 1, 1, 1, 1, 1]) |> sortby(arange(6, dim: y) * -1)": equal_y,
    "r = drop_coords(a.t, y) |> sortby(arange(6, dim: y) * -1)": t.drop_vars("y").isel(y=slice(None, None, -1)),
    "r = sortby(a.t, [3, 1, 2, 0, 5, 4])": t.isel(y=[3, 1, 2, 0, 5, 4]),
    "r = tensordot(a.t[time: 0, y: 0..<5], rename(b.t[time: 0, y: 0..<5], y: zz), axes: [[\"y\"], [\"x\"]])": bare(t5.values.T @ u.isel(time=0, y=slice(5)).values.T, "x zz", {"origin": t.origin, "month": t5.month, "step": t5.step, "zz": t5.y.values}),
    "r = einsum(\"yx,xz->yz\", a.t[time: 0, y: 0..<5], rename(a.t[time: 0, y: 0..<5], y: zz))": bare(np.einsum("yx,xz->yz", t5.values, t5.values), "y x", {k: v for k, v in t5.coords.items() if v.ndim == 0 or k == "y"}),
    "r = matmul(a.t[time: 0, y: 0..<5], rename(a.t[time: 0, y: 0..<5], y: zz))": bare(t5.values @ t5.values.T, "y zz", {k: v for k, v in t5.coords.items() if v.ndim == 0 or k == "y"} | {"zz": t5.y.values}),
    "r = outer(a.mask[y: 0], rename(a.mask[y: 0], x: y))[y: 0..<5]": bare(np.outer(a.mask[0], a.mask[0]), "x y", single | {"name": "row 0"}),
    "r = combine_first(a.t[y: 0..<4], a.t[y: 2..])": t.isel(y=slice(4)).combine_first(t.isel(y=slice(2, None))),
    "r = combine_first(a.t[y: 3..], b.t[y: 0..<3])": t.isel(y=slice(3, None)).combine_first(u.isel(y=slice(3))),
    "r = combine_first(flip(a.mask[y: 0..<6], y), a.mask)": a.mask,
    "r = searchsorted(table, a.t)": bare(np.searchsorted(table, t.values), "time y x", t.coords),
    "r = digitize(a.t, table)": bare(np.digitize(t.values, table), "time y x", t.coords),
    "r = isin(a.n, table)": t.isin([]).copy(data=np.isin(n.values, table)),
    "r = convolve(a.t, table * 0 + 1, boundary: constant)": bare(sum(np.pad(t.values.astype("f8"), ((0, 0), (0, 0), (2, 2)))[:, :, i:i + 5] for i in range(5)), "time y x", t.coords),
    "r = coarsen(a.t, time: 3) |> construct(time: [time, part])": bare(t.values.reshape(4, 3, 6, 5), "time part y x", {k: v for k, v in t.coords.items() if "time" not in v.dims}),
    "r = convert_calendar(a.t, noleap)": t.convert_calendar("noleap"),
    "r = rot90(a.t[y: 0..<5], y, x)": bare(np.rot90(t.values[:, :5], axes=(1, 2)), "time x y", {k: v for k, v in t.coords.items() if set(v.dims) <= {"time"}} | {"y": t.y[:5]}),
    "r = sort(a.t, time)": bare(np.sort(t.values, 0), "time y x", {k: v for k, v in t.coords.items() if "time" not in v.dims}),
    "r = topk(a.t, 12, time)": bare(np.sort(t.values, 0)[::-1], "time y x", {k: v for k, v in t.coords.items() if "time" not in v.dims}),
    "r = abs(fft(a.t, time))": bare(np.abs(np.fft.fft(t.values.astype("f8"), axis=0)), "time y x", {k: v for k, v in t.coords.items() if "time" not in v.dims}),
    "r = fftshift(a.t, x)": bare(np.fft.fftshift(t.values, 2), "time y x", {k: v for k, v in t.coords.items() if "x" not in v.dims}),
    "r = tile(a.t, time: 1)": t,
    "r = tile(a.t[time: 0..<4], time: 3)": bare(np.tile(t.values[:4], (3, 1, 1)), "time y x", {k: v for k, v in t.coords.items() if "time" not in v.dims}),
    "r = repeat(a.t[time: 0..<4], time: 3)": bare(np.repeat(t.values[:4], 3, 0), "time y x", {k: v if "time" not in v.dims else ("time", np.repeat(v.values[:4], 3)) for k, v in t.coords.items() if k != "time"}),
    "r = insert(a.t[time: 1..], 0, 0, time)": bare(np.insert(t.values[1:], 0, 0, 0), "time y x", {k: v for k, v in t.coords.items() if "time" not in v.dims}),
    "r = append(a.t, b.t, time)": xr.concat([t, u], "time", **joins),
    "r = vstack([a.t[time: 0..<6], b.t[time: 0..<6]])": xr.concat([t.isel(time=slice(6)), u.isel(time=slice(6))], "time", **joins),
    "r = random.permutation(drop_coords(a.t * 0, time), time)": bare(t.values * 0, "time y x", {k: v for k, v in t.coords.items() if "time" not in v.dims}, "time"),
    "r = pad(a.t, time: [1, 2])": t.pad(time=(1, 2)),
    "r = pad(a.t, y: 1, mode: edge)": t.pad(y=1, mode="edge"),
    "r = pad(a.t, y: 1, mode: mean)": t.pad(y=1, mode="mean"),
    "r = reindex(a.t, y: [20, 0, 99], fill: 0)": t.drop_vars("name").reindex(y=[20, 0, 99], fill_value=0),
    "r = reindex(a.t, y: [20, 0, 99])": t.reindex(y=[20, 0, 99]),
    "r = reindex(a.t, y: [21, 2], method: nearest)": t.reindex(y=[21, 2], method="nearest"),
    "r = where(a.lat > 43, a.mask, drop: true)": a.mask.where(a.lat > 43, drop=True),
    "r = dropna(a.series where a.time.month > 3, time)": a.series.where(a.time.dt.month > 3).dropna("time"),
    # Groups and windows.
    "r = groupby(a.t, month) |> cumsum()": months.cumsum("time"),
    "r = groupby(a.t, {time: arange(12, dim: time) * -1}) |> mean()": bare(t.values[::-1], "time y x", {k: v for k, v in t.coords.items() if "time" not in v.dims} | {"time": np.arange(-11, 1)}),
    "r = groupby(a.t, time.month) |> anomalies()": (months - months.mean()).drop_vars("month", errors="ignore").assign_coords(month=t.month),
    "r = resample(a.t, time: 15d) |> ffill()": t.resample(time="15D").ffill(),
    "r = resample(a.t, time: 1mo) |> first()": t.resample(time="MS").first(),
    "r = a.t[time: 0].height": t.isel(time=0).height,
    "r = quantile(a.t, 0.5, time)": t.quantile(0.5, "time").assign_coords(single),
    "r = quantile(a.t, [0.5, 0.25], time)": t.quantile([0.5, 0.25], "time").assign_coords(single),
    "r = rolling(a.t, time: 3) |> construct(w)": t.rolling(time=3).construct("w"),
    "r = rolling(a.t, time: 3, center: true) |> max()": t.rolling(time=3, center=True).max(),
    "r = coarsen(drop_coords(a.t, name), y: 2, x: 2, boundary: trim) |> max()": t.drop_vars("name").coarsen(y=2, x=2, boundary="trim").max(),
    "r = coarsen(a.t, time: 5, boundary: trim) |> sum()": t.coarsen(time=5, boundary="trim").sum(),
    # Others of which little is said.
    "r = cov(a.t, a.n, time)": xr.cov(t, n, "time"),
    "r = polyfit(a.t, y, 1)": bare(np.polyfit(t.y, np.moveaxis(t.values.astype("f8"), 1, 0).reshape(6, -1), 1).reshape(2, 12, 5), "degree time x", {k: v for k, v in t.coords.items() if "y" not in v.dims} | {"degree": [1, 0]}),
    "r = idxmax(a.t, time)": t.idxmax("time"),
    "r = argmax(a.t, time)": t.argmax("time"),
    "r = integrate(a.t, y)": t.integrate("y"),
    "r = random.normal({y: 6, x: 5}) * 0 + a.mask": a.mask,
    "r = meshgrid(a.series, a.mask[y: 0])[0] |> transpose(time, x)": bare(np.tile(a.series.values[:, None], 5), "time x", a.series.coords),
}


CASES |= {
    # More of what is the same.
    "r = rename(a.t, y: x, x: y)": t.rename(y="x", x="y"),
    "r = swapaxes(a.t, y, time)": t,
    "r = take(a.t, [3, 1], y)": t.isel(y=[3, 1]),
    "r = take(a.t, 2, y)": t.isel(y=2),
    "r = delete(a.t, [0, 3], time)": t.isel(time=[1, 2, 4, 5, 6, 7, 8, 9, 10, 11]),
    "r = thin(a.t, time: 4)": t.thin(time=4),
    "r = diff(a.t, time, n: 2)": t.diff("time", n=2),
    "r = broadcast(a.mask, a.t)": a.mask.broadcast_like(t),
    "r = broadcast_arrays(a.t, a.mask)[0]": t,
    "r = interpolate_na(a.t, time)": t.interpolate_na("time"),
    "r = differentiate(a.t, y)": t.differentiate("y"),
    "r = rolling(a.t, time: 3) |> mean() |> isel(time: 4)": t.rolling(time=3).mean().isel(time=4),
    "r = a.t[y: 0] + a.t[y: 1]": t.isel(y=0) + t.isel(y=1),
    "r = a.t[y: 0] + a.t[y: 0]": t.isel(y=0) * 2,
    "r = concat([a.t, assign_coords(b.t, lat: b.lat + 1)], time)": xr.concat([t, u.assign_coords(lat=u.lat + 1)], "time", **joins),
    "r = align(a.t[y: 0..<4], flip(a.t, y), join: inner)[1]": xr.align(t.isel(y=slice(4)), t.isel(y=slice(None, None, -1)), join="inner")[1],
    "r = align(a.t[y: 0..<4], a.t[y: 2..], join: left)[1] |> drop_coords(name, basin)": xr.align(t.isel(y=slice(4)), t.isel(y=slice(2, None)), join="left")[1].drop_vars(["name", "basin"]),
    "r = align(a.t[y: 0..<3], b.t[time: 0..<12, y: 3..], join: override)[1]": xr.align(t.isel(y=slice(3)), u.isel(y=slice(3, None)), join="override")[1],
    "(align({p: a.t[y: 0..<4]}, {p: b.t[y: 2..]}, join: inner))[1]": xr.align(t.isel(y=slice(4)).to_dataset(name="p"), u.isel(y=slice(2, None)).to_dataset(name="p"), join="inner")[1],
    "a[[\"t\", \"series\"]] |> groupby(month) |> mean()": a[["t", "series"]].groupby("month").mean(),
    "reset_coords({r: a.t}, lat)": t.to_dataset(name="r").reset_coords("lat"),
    "a[time: 1..<3] * 2": a.isel(time=slice(1, 3)) * 2,
    "r = (a.t |> assign_coords(c: line, level: 1)).c": xr.DataArray(np.arange(5) * 2, dims="x", coords={"c": ("x", np.arange(5) * 2), "level": 1, **single}),
    "r = line": xr.DataArray(np.arange(5) * 2, dims="x"),
    "r = a.height": a.height,
}
script = [f'source {name} = open("{folder}/{name}.nc")' for name in "ab"]
script.append(f'source z = open("{folder}/z.zarr")')
script.append(f'source m = open("{folder}/part*.nc") {{ concat: time }}')
script.append("let points = linspace(0.0, 40.0, 3, dim: station) |> assign_coords(code: arange(7, 10, 1, dim: station))")
script.append("let line = arange(0, 10, 2, dim: x)")
script.append("let table = linspace(272.0, 288.0, 5, dim: x) |> assign_coords(bogus: arange(5, dim: x), height: 99)")
script.append("let places = arange(3, dim: station) + 1 + (arange(3, dim: station) > 0)")
FORMS = [("netcdf", "nc"), ("zarr", "zarr")]


def written(text):
    """The record that is written of a case, `r` where it is an array."""
    if text.startswith("r = "):
        return f"{{r: {text[4:]}}}"
    return f"{{r: ({text})[1]}}" if text.startswith("align") else text


def difference(ours, expected, is_less=False):
    expected = expected.to_dataset(name="r") if isinstance(expected, xr.DataArray) else expected
    if set(ours.data_vars) != set(expected.data_vars):
        return f"variables {sorted(ours.data_vars)} for {sorted(expected.data_vars)}"
    if is_less:
        expected = expected.drop_vars([name for name in expected.coords if name not in ours.coords])
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
            x, y = x.astype("M8[us]"), y.astype("M8[us]")
            equal = ((x == y) | (np.isnat(x) & np.isnat(y))).all()
        else:
            equal = (x == y).all()
        if not equal:
            return f"{name}: values {x.ravel()[:6]} for {y.ravel()[:6]}"
    return None


wrong = []
cases = [(text, expected, text in LESS) for text, expected in [*CASES.items(), *LESS.items()]]
for number, (text, _, _) in enumerate(cases):
    form, ext = FORMS[number % 2]
    script.append(f'sink {written(text)} to {form}("{folder}/OUT/{number}.{ext}")')
for run, (threads, memory) in enumerate([(1, "64MiB"), (2, "512MiB")]):
    os.makedirs(f"{folder}/out{run}")
    path = f"{folder}/{run}.ff"
    with open(path, "w") as file:
        file.write("\n".join(script).replace("OUT", f"out{run}"))
    subprocess.run([ffrun, path, "--threads", str(threads), "--memory", memory], check=True)
    for number, (text, expected, is_less) in enumerate(cases):
        ext = FORMS[number % 2][1]
        how = {"engine": "h5netcdf"} if ext == "nc" else {"engine": "zarr", "consolidated": False}
        ours = xr.open_dataset(f"{folder}/out{run}/{number}.{ext}", **how).load()
        found = difference(ours, expected, is_less)
        if found:
            wrong.append(f"{text} ({ext}): {found}")
assert not wrong, "\n" + "\n".join(wrong)
print("coordinates agree:", len(cases))
