"""Checks the outputs of examples/warming.ff, computed in DTYPE, against xarray: python warming.py DATA OUT DTYPE"""

import csv
import sys

import numpy as np
import xarray as xr

data, out, dtype = sys.argv[1:]
# Anomalies are differences of values near 300: an absolute error of that size times the relative one is theirs.
rtol, atol = {"float32": (1e-6, 1e-4), "float64": (1e-12, 3e-10)}[dtype]


def scenario(name):
    path = f"{data}/{name}_north_america.nc"
    return xr.open_dataset(path, decode_times=xr.coders.CFDatetimeCoder(use_cftime=True)).air_temperature.astype(dtype)


def anomaly(t):
    return t - t.sel(time=slice("1961", "1990")).mean("time")


def regional(t):
    return t.weighted(np.cos(np.deg2rad(t.latitude.astype(dtype)))).mean(("latitude", "longitude"))


a1b, e1 = anomaly(scenario("A1B")), anomaly(scenario("E1"))
decade = (a1b.time.dt.year // 10 * 10).rename("decade")
gap = (a1b - e1).groupby(decade).mean()

ours = xr.open_zarr(f"{out}/gap.zarr").gap
assert ours.dims == ("decade", "latitude", "longitude"), ours.dims
assert ours.dtype == dtype and ours.chunks[0][0] == 5, ours
np.testing.assert_array_equal(ours.decade, gap.decade)
np.testing.assert_array_equal(ours.latitude, gap.latitude)
np.testing.assert_allclose(ours, gap.transpose(*ours.dims), rtol=rtol, atol=atol)
assert ours.attrs["units"] == "K" and ours.latitude.attrs["units"] == "degrees_north"

coder = xr.coders.CFDatetimeCoder(use_cftime=True)
for engine in ("h5netcdf", "netcdf4"):
    series = xr.open_dataset(f"{out}/series.nc", engine=engine, decode_times=coder)
    assert series.time.values[0].calendar == "360_day"
    assert (series.time.values == a1b.time.values).all()
    for name, theirs in (("a1b", regional(a1b)), ("e1", regional(e1))):
        np.testing.assert_allclose(series[name], theirs, rtol=rtol, atol=atol)

with open(f"{out}/series.csv", newline="") as file:
    rows = list(csv.DictReader(file))
assert len(rows) == a1b.sizes["time"] and set(rows[0]) == {"time", "a1b", "e1"}, rows[0]
assert rows[0]["time"].startswith("1860-06-01")
np.testing.assert_allclose([float(r["e1"]) for r in rows], regional(e1), rtol=rtol, atol=atol)
print("warming.ff agrees with xarray")
