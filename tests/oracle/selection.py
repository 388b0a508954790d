"""Compares what tests/selection.rs selects point by point with xarray."""
import sys

import numpy as np
import xarray as xr
from scipy import stats

source, folder = sys.argv[1:]
v = xr.open_zarr(source, consolidated=False).v.load()
n = np.arange(700)
a = xr.DataArray(n * 7919 % 300, dims="p")
b = xr.DataArray(n * 31 % 200, dims="p")
fifty = a.isel(p=slice(0, 50))
w = v.values
hits = w[w > 100][:500]
columns = np.flatnonzero(w.astype("f8").mean((0, 1)) > 62.9)[:30]
kept = np.full((40, 300, 30), -1, "f4")
kept[:, :, : columns.size] = w[:, :, columns]


def filled(a, n):
    a = a[:n]
    return np.concatenate([a, np.full((n - len(a),) + a.shape[1:], -1, a.dtype)])


expected = [
    v.isel(y=a, x=b),
    v.isel(t=3, y=a, x=b),
    np.exp(v - v.mean("t")).isel(y=a, x=b),
    v.isel(y=a, x=b).mean("p"),
    v.isel(t=[39, 0, 12, 0], x=b.values),
    v.isel(t=fifty % 40, y=fifty),
    v.isel(y=a, x=b).median("t"),
    v.cumsum("t").isel(y=a, x=b),
    np.concatenate([hits, np.full(500 - hits.size, np.nan, "f4")]),
    kept,
    filled(np.flatnonzero(w > 120), 1000),
    filled(np.argwhere(w[3] > 120), 700),
    np.histogram2d(w.ravel(), np.broadcast_to(w[0], w.shape).ravel(), bins=[20, 7])[0],
    np.quantile(w.astype("f8"), [0.1, 0.5, 0.999]),
    stats.skew(w.astype("f8"), axis=0),
    np.diagonal(w, 0, 1, 2),
    np.pad(w, ((3, 2), (0, 0), (0, 0)), mode="linear_ramp"),
]
for number, want in enumerate(expected):
    got = np.load(f"{folder}/{number}-16MiB-1.npy")
    want = np.asarray(want)
    assert got.shape == want.shape, (number, got.shape, want.shape)
    # The approximate quantiles are those of case 13, of values from 0 to 126 by eighths.
    np.testing.assert_allclose(got, want, rtol=2e-3 if number == 13 else 2e-6, atol=2e-6, err_msg=str(number))
