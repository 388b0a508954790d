"""Interpolation, fits and what goes with labels, inside bigger expressions, against xarray: python interpolation.py FFRUN FOLDER

The arrays have several chunks along each axis. Every run (threads, budget) gives the same bytes, and so do the same values
in other chunks.
"""

import os
import subprocess
import sys
import warnings

import h5py
import numpy as np
import scipy.ndimage as nd
import scipy.stats
import xarray as xr
import zarr

ffrun, folder = sys.argv[1], sys.argv[2]
rng = np.random.default_rng(17)
warnings.simplefilter("ignore")

shape = (70, 60, 90)
dims = ["time", "lat", "lon"]
a = rng.normal(size=shape) * 10
b = rng.normal(size=shape).astype("f4") + 280
g = a.copy()
g[rng.random(shape) < 0.2] = np.nan
g[:, 5, 7] = np.nan
g[2:, 6, 7] = np.nan
n = rng.integers(-100, 100, size=shape).astype("i2")
coords = {
    "time": np.datetime64("2001-01-05T06", "ns") + np.cumsum(rng.integers(1, 5, shape[0])) * np.timedelta64(6, "h"),
    "lat": np.linspace(88.5, -88.5, shape[1]),
    "lon": np.arange(0, 360, 4.0).astype("f4"),
}
data = xr.Dataset({k: (dims, v) for k, v in {"a": a, "b": b, "g": g, "n": n}.items()}, coords=coords)
data = data.assign(m=("k", rng.normal(size=8)), mixed=("u", np.arange(9) ** 2.0))
data = data.assign_coords(k=[8, 1, 2, 30, 4, 5, 7, 6], u=np.array([1, 2, 3, 5, 8, 13, 21, 34, 55]))
chunks = {"a": (11, 60, 40), "b": (70, 8, 90), "g": (9, 20, 90), "n": (70, 60, 30), "m": (3,), "mixed": (4,)}
data.to_zarr(f"{folder}/in.zarr", encoding={name: {"chunks": c} for name, c in chunks.items()}, mode="w")
other = {"a": (70, 7, 7), "b": (5, 60, 11), "g": (70, 60, 90), "n": (13, 13, 13), "m": (8,), "mixed": (9,)}
data.to_zarr(f"{folder}/other.zarr", encoding={name: {"chunks": c} for name, c in other.items()}, mode="w")
a, b, g, n, m, mixed = (data[name] for name in ["a", "b", "g", "n", "m", "mixed"])

late = np.array(["2001-02-01", "2001-01-20T10:30:00", "1999-01-01"], "M8[ns]")
lats, lons = [80.25, 0, -3.5, 88.5, 89], [1.25, 10, 358, 356, 100.5]
between = xr.DataArray(np.linspace(-60, 60, 33), dims="place", coords={"place": np.arange(33) * 2})
extrapolate = {"fill_value": "extrapolate"}


def detrended(x, dim, degree):
    fit = x.polyfit(dim, degree).polyfit_coefficients
    return x - xr.polyval(x[dim], fit)


def sel(x):
    return x.isel(time=slice(10, 20))


CASES = [
    ("interp(d.a, lat: [80.25, 0, -3.5, 88.5, 89])", lambda: a.interp(lat=lats)),
    ("interp(d.a, lat: [80.25, 0, -3.5, 88.5, 89], lon: [1.25, 10, 358, 356, 100.5])", lambda: a.interp(lat=lats, lon=lons)),
    ("interp(d.b, lon: 10.5, lat: -20)", lambda: b.interp(lon=10.5, lat=-20)),
    ("interp(d.b, lat: [80.25, 0, -3.5, 88.5, 89], method: nearest)", lambda: b.interp(lat=lats, method="nearest")),
    ('interp(d.a, time: ["2001-02-01", "2001-01-20T10:30:00", "1999-01-01"])', lambda: a.interp(time=late)),
    ('interp(d.a, time: "2001-02-01")', lambda: a.interp(time="2001-02-01")),
    ("interp(d.n, lat: [80.25, 0, -3.5, 88.5, 89], method: nearest, fill: -1)", lambda: n.interp(lat=lats, method="nearest", kwargs={"fill_value": -1})),
    ("interp(d.n, lat: linspace(-90, 90, 50, dim: lat), fill: extrapolate)", lambda: n.interp(lat=np.linspace(-90, 90, 50), kwargs=extrapolate)),
    ("interp(d.a, lat: linspace(-60, 60, 33, dim: place) |> assign_coords(place: arange(0, 66, 2, dim: place)))", lambda: a.interp(lat=between)),
    ("interp(d.a, lat: [80.25, 0, -3.5, 88.5, 89], method: cubic)", lambda: a.interp(lat=lats, method="cubic")),
    ("interp(d.b, time: d.a.time[5..<9], method: cubic)", lambda: b.interp(time=a.time[5:9], method="cubic")),
    ("interp(d.b, lon: [-3, 200.5, 400], method: cubic, fill: extrapolate)", lambda: b.interp(lon=[-3, 200.5, 400], method="cubic", kwargs=extrapolate)),
    ("interp(d.m, k: [3, 9.5, 30, 1, 0])", lambda: m.interp(k=[3, 9.5, 30, 1, 0])),
    ("interp(d.m, k: [3, 9.5, 30, 1, 0], method: cubic)", lambda: m.interp(k=[3, 9.5, 30, 1, 0], method="cubic")),
    ("interp(d.m, k: [4.5, 6, 18.5], method: nearest)", lambda: m.interp(k=[4.5, 6, 18.5], method="nearest")),
    ("interp(d.g, lat: [80.25, 0.1, -3.6])", lambda: g.interp(lat=[80.25, 0.1, -3.6])),
    ("interp_like(d.a, d.b[lat: 3..<9, lon: 80..])", lambda: a.interp_like(b[:, 3:9, 80:])),
    ("mean(interp(d.a * 2, lat: [10, 20.5]) - 1, time)", lambda: (a * 2).interp(lat=[10, 20.5]).mean("time") - 1),
    ("interp(mean(d.a, time), lat: [10, 20.5])[lat: 1]", lambda: a.mean("time").interp(lat=[10, 20.5])[1]),
    ("reindex(d.a, lon: [4, 5, 8, -1, 0])", lambda: a.reindex(lon=[4, 5, 8, -1, 0])),
    ("reindex(d.n, lon: [4, 5, 8], fill: 7)", lambda: n.reindex(lon=[4, 5, 8], fill_value=7)),
    ("reindex(d.n, lat: [88.5, 3])", lambda: n.reindex(lat=[88.5, 3])),
    ("reindex(d.b, lon: [4, 5, 9, 400], method: nearest, tolerance: 1)", lambda: b.reindex(lon=[4, 5, 9, 400], method="nearest", tolerance=1)),
    ("reindex(d.b, lon: [4, 5, 9, 400], method: ffill)", lambda: b.reindex(lon=[4, 5, 9, 400], method="ffill")),
    ("reindex(d.b, lat: [80, -90, 5], method: bfill)", lambda: b.reindex(lat=[80, -90, 5], method="bfill")),
    ('reindex(d.a, time: ["2001-01-05T06", "2001-03-01"], method: pad)', lambda: a.reindex(time=np.array(["2001-01-05T06", "2001-03-01"], "M8[ns]"), method="pad")),
    ("reindex_like(d.a, d.b[lat: 3..<9, lon: 80..])", lambda: a.reindex_like(b[:, 3:9, 80:])),
    ("polyfit(d.a, time, 1)", lambda: a.polyfit("time", 1).polyfit_coefficients),
    ("polyfit(d.b, lat, 3)", lambda: b.polyfit("lat", 3).polyfit_coefficients),
    ("polyfit(d.n, lon, 2)", lambda: n.polyfit("lon", 2).polyfit_coefficients),
    ("polyfit(d.m, k, 0)", lambda: m.polyfit("k", 0).polyfit_coefficients),
    ("polyfit(d.mixed, u, 5)", lambda: mixed.polyfit("u", 5).polyfit_coefficients),
    ("polyfit(drop_coords(d.a, lat), lat, 2)", lambda: a.drop_vars("lat").polyfit("lat", 2).polyfit_coefficients),
    ("polyfit(d.g, lat, 2)", lambda: g.polyfit("lat", 2).polyfit_coefficients.where(g.count("lat") > 2)),
    ("polyfit(d.g, time, 1)", lambda: g.polyfit("time", 1).polyfit_coefficients.where(g.count("time") > 1)),
    ("polyfit(d.g, time, 1, skipna: false)", lambda: g.polyfit("time", 1).polyfit_coefficients.where(g.count("time") == 70)),
    ("polyfit(d.m, k, 1, w: [1, 2, 3, 0, 1, 1, 0.5, 2])", lambda: m.polyfit("k", 1, w=np.array([1, 2, 3, 0, 1, 1, 0.5, 2])).polyfit_coefficients),
    ("polyfit(d.a * 2 - 1, lat, 1)[degree: 0]", lambda: (a * 2 - 1).polyfit("lat", 1).polyfit_coefficients[0]),
    ("polyval(d.a.lat, polyfit(d.a, lat, 2))", lambda: xr.polyval(a.lat, a.polyfit("lat", 2).polyfit_coefficients)),
    ("polyval(d.a.time, polyfit(d.a, time, 1))", lambda: xr.polyval(a.time, a.polyfit("time", 1).polyfit_coefficients)),
    ("polyval(d.b[lat: 3, lon: 5], polyfit(d.mixed, u, 3))", lambda: xr.polyval(b[:, 3, 5], mixed.polyfit("u", 3).polyfit_coefficients)),
    ("detrend(d.a, lat)", lambda: detrended(a, "lat", 1)),
    ("detrend(d.b, lon, degree: 2)", lambda: detrended(b.astype("f8"), "lon", 2).astype("f4")),
    ("median_filter(d.a, lat: 3, lon: 5)", lambda: a.copy(data=nd.median_filter(a.values, size=[1, 3, 5]))),
    ("median_filter(d.n, time: 4, boundary: wrap)", lambda: n.copy(data=nd.median_filter(n.values, size=[4, 1, 1], mode="wrap"))),
    ("percentile_filter(d.b * 2, 80, time: 3, lon: 2, boundary: nearest)", lambda: b.copy(data=nd.percentile_filter(b.values * 2, 80, size=[3, 1, 2], mode="nearest"))),
    ("maximum_filter(d.a, time: 9, lat: 4, boundary: mirror)", lambda: a.copy(data=nd.maximum_filter(a.values, size=[9, 4, 1], mode="mirror"))),
    ("minimum_filter(d.a, lon: 20)", lambda: a.copy(data=nd.minimum_filter(a.values, size=[1, 1, 20]))),
    ("dilate(d.a > 15, lat: 4, lon: 3)", lambda: a.copy(data=nd.grey_dilation((a.values > 15).astype("u1"), size=[1, 4, 3]) > 0)),
    ("mean(erode(d.n, lat: 3) - d.n, lon)", lambda: (n.copy(data=nd.grey_erosion(n.values, size=[1, 3, 1])) - n).mean("lon")),
    ("rank(d.g, time)", lambda: g.rank("time")),
    ("rank(d.n, lon, pct: true)", lambda: n.rank("lon", pct=True)),
    ("mode(d.n, time)", lambda: xr.DataArray(scipy.stats.mode(n.values, axis=0).mode, {d: n[d] for d in dims[1:]}, dims[1:])),
    ("percentile(d.a, [5, 95], time)", lambda: a.quantile([0.05, 0.95], "time")),
    ("searchsorted([-10, 0, 10], d.a, side: right)", lambda: a.copy(data=np.searchsorted([-10, 0, 10], a, side="right"))),
    ("unique(d.n, size: 250, fill: 999)", lambda: xr.DataArray(np.pad(np.unique(n), (0, 50), constant_values=999), dims="unique")),
    ("unique(d.mixed // 3)", lambda: xr.DataArray(np.unique(mixed // 3), dims="unique")),
    ("idxmax(d.g, lat)", lambda: g.idxmax("lat")),
    ("idxmin(d.a * 2, lon)", lambda: a.idxmin("lon")),
    ("sortby(d.a, lat)", lambda: a.sortby("lat")),
    ("sortby(d.m, k, descending: true)", lambda: m.sortby("k", ascending=False)),
    ("sortby(d.m, d.m)", lambda: m.sortby(m)),
    ("sortby(d.b, time.month, descending: true)", lambda: b.sortby(b.time.dt.month, ascending=False)),
    ("dropna(d.m where d.m > 0, k)", lambda: m.where(m > 0).dropna("k")),
    ("combine_first(d.g[lat: 0..<30], d.a[lat: 20..])", lambda: g[:, :30].combine_first(a[:, 20:])),
    ("interpolate_na(d.g, time)", lambda: g.interpolate_na("time")),
    ("interpolate_na(d.g, lon, limit: 2, method: nearest)", lambda: g.interpolate_na("lon", limit=2, method="nearest")),
    ("interpolate_na(d.g * 2, time, max_gap: 2d, fill: extrapolate)", lambda: (g * 2).interpolate_na("time", max_gap="2D", fill_value="extrapolate")),
    ("differentiate(d.a, lon)", lambda: a.differentiate("lon")),
    ("differentiate(d.a, time, datetime_unit: h)", lambda: a.differentiate("time", datetime_unit="h")),
    ("integrate(d.a, lon)", lambda: a.integrate("lon")),
    ("integrate(d.a, lon, lat)", lambda: a.integrate(["lon", "lat"])),
    ("integrate(d.a, time, datetime_unit: D)", lambda: a.integrate("time", datetime_unit="D")),
    ("cumulative_integrate(d.a, lat)", lambda: a.cumulative_integrate("lat")),
    ("std(detrend(d.g, time), time)", lambda: detrended(g, "time", 1).where(g.count("time") > 1).std("time")),
]


def run(number, store, threads, memory):
    out = f"{folder}/out{number}"
    os.makedirs(out)
    lines = [f'source d = open("{folder}/{store}.zarr")']
    for i, (text, _) in enumerate(CASES):
        lines += [f"let e{i} = {text}", f'sink e{i} to hdf5("{out}/e{i}.h5")']
    with open(f"{out}.ff", "w") as file:
        file.write("\n".join(lines))
    args = [ffrun, f"{out}.ff", "--threads", str(threads), "--memory", memory, "--progress", "none"]
    done = subprocess.run(args, capture_output=True, text=True)
    assert done.returncode == 0, f"exit {done.returncode}: {' '.join(args)}\n{done.stderr}"
    results = []
    for i in range(len(CASES)):
        with h5py.File(f"{out}/e{i}.h5") as file:
            bare = {name for name in file if file[name].attrs.get("NAME", b"").startswith(b"This is a netCDF dimension")}
            labels = {name: file[name][...] for name in file if name not in bare | {f"e{i}"} and file[name].ndim == 1}
            names = [scale.values()[0].name.strip("/") if len(scale) else None for scale in file[f"e{i}"].dims]
            results.append((file[f"e{i}"][...], names, labels))
    return results


settings = [("in", 1, "1GiB"), ("in", 2, "24MiB"), ("other", 2, "64MiB")]
runs = [run(number, *setting) for number, setting in enumerate(settings)]
for i, (text, theirs) in enumerate(CASES):
    ours, names, labels = runs[0][i]
    # A sum in other chunks is another sum.
    is_sum = any(word in text for word in ("polyfit", "mean", "std", "detrend", "integrate", "trapezoid"))
    for setting, results in zip(settings[1:], runs[1:]):
        again = results[i][0]
        if setting[0] == "in" or not is_sum:
            assert again.tobytes() == ours.tobytes(), f"{text} of {setting} is not that of {settings[0]}"
        np.testing.assert_allclose(again, ours, rtol=1e-8, atol=1e-9, err_msg=text)
    theirs = theirs()
    if "(d.b" in text and ours.dtype == "f4":  # singles stay singles here
        theirs = theirs.astype("f4")
    theirs = theirs.drop_vars([name for name in theirs.coords if name not in theirs.dims])
    assert ours.shape == theirs.shape and ours.dtype == theirs.dtype or (theirs.dtype == "?" and ours.dtype.kind in "bui"), (text, ours.shape, ours.dtype, theirs.shape, theirs.dtype)
    given = [dim if dim in theirs.coords else None for dim in theirs.dims]
    assert [name if name in labels else None for name in names] == given, (text, names, labels.keys(), theirs.dims)
    for dim in theirs.dims:
        if dim in labels and theirs[dim].dtype.kind != "M":
            np.testing.assert_allclose(labels[dim], theirs[dim].values, err_msg=f"{text}: {dim}")
    scale = np.nanmax(np.abs(theirs.values), initial=0) if "polyfit" not in text or "polyval" in text else 0
    tolerance = 2e-6 if ours.dtype == "f4" else 1e-7 if "polyval" in text else 1e-8 if is_sum else 1e-11
    np.testing.assert_allclose(ours, theirs.values, rtol=tolerance, atol=tolerance * scale * 1e-2, err_msg=text)
print(f"{len(CASES)} agree in {len(settings)} settings")
