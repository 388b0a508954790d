"""Checks the outputs of examples/models.ff, computed in DTYPE, against xarray: python models.py DATA OUT DTYPE"""

import glob
import sys

import numpy as np
import xarray as xr

data, out, dtype = sys.argv[1:]
rtol, atol = {"float32": (1e-6, 1e-4), "float64": (1e-12, 3e-10)}[dtype]
coder = xr.coders.CFDatetimeCoder(use_cftime=True)


def model(name):
    (path,) = glob.glob(f"{data}/ta_Amon_{name}_*.nc")
    return xr.open_dataset(path, decode_times=coder).ta.astype(dtype)


def yearly(t):
    return t.mean(("lat", "lon")).groupby("time.year").mean()


def cycle(t):
    return t.sel(time=slice("1985", "2014")).mean(("lat", "lon")).groupby("time.month").mean()


names = {"ipsl": "IPSL-CM6A-LR", "kace": "KACE-1-0-G", "taiesm": "TaiESM1"}
models = {ours: model(theirs) for ours, theirs in names.items()}
assert {t.time.values[0].calendar for t in models.values()} == {"standard", "360_day", "noleap"} or {
    t.time.values[0].calendar for t in models.values()
} == {"gregorian", "360_day", "noleap"}

a, b, c = (yearly(t) for t in models.values())
result = xr.open_zarr(f"{out}/models.zarr")
np.testing.assert_array_equal(result.year, np.arange(1850, 2015))
assert result.ensemble.dims == ("year", "plev")
np.testing.assert_allclose(result.ensemble, ((a + b + c) / 3).transpose("year", "plev"), rtol=rtol)
spread = np.maximum(np.maximum(a, b), c) - np.minimum(np.minimum(a, b), c)
np.testing.assert_allclose(result.spread, spread.transpose("year", "plev"), rtol=rtol, atol=atol)

cycles = xr.open_dataset(f"{out}/cycles.nc")
for name, t in models.items():
    np.testing.assert_allclose(cycles[name], cycle(t).transpose("month", "plev"), rtol=rtol)
print("models.ff agrees with xarray")
