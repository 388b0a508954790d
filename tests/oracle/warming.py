"""Checks the outputs of examples/warming.ff against xarray: python warming.py DATA OUT"""

import csv
import sys

import numpy as np
import xarray as xr

data, out = sys.argv[1:]


def scenario(name):
    path = f"{data}/{name}_north_america.nc"
    return xr.open_dataset(path, decode_times=xr.coders.CFDatetimeCoder(use_cftime=True)).air_temperature


def anomaly(t):
    return t - t.sel(time=slice("1961", "1990")).mean("time")


def regional(t):
    return t.weighted(np.cos(np.deg2rad(t.latitude))).mean(("latitude", "longitude"))


a1b, e1 = anomaly(scenario("A1B")), anomaly(scenario("E1"))
decade = (a1b.time.dt.year // 10 * 10).rename("decade")
gap = (a1b - e1).groupby(decade).mean()

ours = xr.open_zarr(f"{out}/gap.zarr").gap
assert ours.dims == ("decade", "latitude", "longitude"), ours.dims
assert ours.dtype == np.float32 and ours.chunks[0][0] == 5, ours
np.testing.assert_array_equal(ours.decade, gap.decade)
np.testing.assert_array_equal(ours.latitude, gap.latitude)
np.testing.assert_allclose(ours, gap.transpose(*ours.dims), rtol=1e-6, atol=1e-4)
assert ours.attrs["units"] == "K" and ours.latitude.attrs["units"] == "degrees_north"

coder = xr.coders.CFDatetimeCoder(use_cftime=True)
for engine in ("h5netcdf", "netcdf4"):
    series = xr.open_dataset(f"{out}/series.nc", engine=engine, decode_times=coder)
    assert series.time.values[0].calendar == "360_day"
    assert (series.time.values == a1b.time.values).all()
    for name, theirs in (("a1b", regional(a1b)), ("e1", regional(e1))):
        np.testing.assert_allclose(series[name], theirs, rtol=1e-6, atol=1e-4)

with open(f"{out}/series.csv", newline="") as file:
    rows = list(csv.DictReader(file))
assert len(rows) == a1b.sizes["time"] and set(rows[0]) == {"time", "a1b", "e1"}, rows[0]
assert rows[0]["time"].startswith("1860-06-01")
np.testing.assert_allclose([float(r["e1"]) for r in rows], regional(e1), rtol=1e-6, atol=1e-4)
print("warming.ff agrees with xarray")
