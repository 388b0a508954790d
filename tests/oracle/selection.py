"""Compares what tests/selection.rs selects point by point with xarray."""
import sys

import numpy as np
import xarray as xr

source, folder = sys.argv[1:]
v = xr.open_zarr(source, consolidated=False).v.load()
n = np.arange(700)
a = xr.DataArray(n * 7919 % 300, dims="p")
b = xr.DataArray(n * 31 % 200, dims="p")
fifty = a.isel(p=slice(0, 50))
expected = [
    v.isel(y=a, x=b),
    v.isel(t=3, y=a, x=b),
    np.exp(v - v.mean("t")).isel(y=a, x=b),
    v.isel(y=a, x=b).mean("p"),
    v.isel(t=[39, 0, 12, 0], x=b.values),
    v.isel(t=fifty % 40, y=fifty),
    v.isel(y=a, x=b).median("t"),
    v.cumsum("t").isel(y=a, x=b),
]
for number, want in enumerate(expected):
    got = np.load(f"{folder}/{number}-16MiB-1.npy")
    want = want.values
    assert got.shape == want.shape, (number, got.shape, want.shape)
    np.testing.assert_allclose(got, want, rtol=2e-6, err_msg=str(number))
