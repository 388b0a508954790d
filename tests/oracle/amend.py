"""Stores that grow and of which parts are replaced, by xarray and by us.

make FOLDER: for each case a store, what is appended to it in several steps, a region of it, and what xarray makes of both.
check FOLDER: our stores are xarray's.
"""

import shutil
import sys
import warnings

import numpy as np
import pandas as pd
import xarray as xr
import zarr

warnings.simplefilter("ignore")
STEPS = [(0, 8), (8, 4), (12, 3), (15, 6)]
KINDS = ["times", "floats", "ints", "none"]
STORES = [("v2", {"zarr_format": 2}, False), ("v3", {"zarr_format": 3}, False), ("shards", {"zarr_format": 3}, True)]
FOLDER = sys.argv[2]


def dataset(kind, start, stop, factor=1.0):
    draws = np.random.default_rng(7)
    x = draws.normal(280, 10, (21, 7, 5)).astype("f4")
    p = np.round(draws.normal(5, 2, (21, 7)), 2)
    p[3, 2] = p[13, 1] = np.nan
    when = {
        "times": pd.date_range("2000-01-01", periods=21, freq="6h"),
        "floats": np.arange(21) * 0.5,
        "ints": (np.arange(21) * 3).astype("i4"),
    }
    coords = {"lat": np.linspace(-60, 60, 7).astype("f4"), "lon": np.arange(5) * 10.0}
    if kind != "none":
        coords["time"] = ("time", when[kind], {"axis": "T"})
    variables = {
        "x": (("time", "lat", "lon"), x * np.float32(factor), {"units": "K"}),
        "p": (("time", "lat"), p),
        "n": (("time",), np.arange(21, dtype="i8")),
        "warm": (("time", "lon"), x[:, 0] > 280),
        "mask": (("lat", "lon"), np.arange(35, dtype="i2").reshape(7, 5)),
    }
    return xr.Dataset(variables, coords, {"title": "made by hand"}).isel(time=slice(start, stop))


def encoding(kind, sharded):
    packed = {"dtype": "i2", "scale_factor": 0.01, "add_offset": 5.0, "_FillValue": -32768, "chunks": (5, 4)}
    of = {"x": {"chunks": (4, 3, 5)}, "p": packed, "n": {"chunks": (4,)}, "warm": {"chunks": (6, 2)}}
    if sharded:
        of["x"]["shards"] = (8, 6, 5)
    if kind == "times":
        of["time"] = {"units": "hours since 2000-01-01", "dtype": "i8", "chunks": (16,)}
    return of


def make():
    for kind in KINDS:
        for name, options, sharded in STORES:
            base = f"{FOLDER}/{kind}.{name}"
            dataset(kind, *STEPS[0][:1], STEPS[0][1]).to_zarr(f"{base}.zarr", encoding=encoding(kind, sharded), **options)
            shutil.copytree(f"{base}.zarr", f"{base}.expected.zarr")
            for i, (start, count) in enumerate(STEPS[1:]):
                step = dataset(kind, start, start + count)
                step.to_zarr(f"{base}.{i}.zarr", **options)
                step.to_zarr(f"{base}.expected.zarr", append_dim="time")
            shutil.copytree(f"{base}.expected.zarr", f"{base}.region_expected.zarr")
            part = dataset(kind, 0, 21, 2.0)[["x"]].isel(lat=slice(2, 6), lon=slice(1, 4))
            if kind != "none":
                part = part.isel(time=slice(5, 14))
            part.to_zarr(f"{base}.part.zarr", **options)
            region = {"time": slice(5, 14) if kind != "none" else slice(0, 21), "lat": slice(2, 6), "lon": slice(1, 4)}
            part.drop_vars(list(part.coords)).to_zarr(f"{base}.region_expected.zarr", region=region, safe_chunks=False)


def same(ours, expected):
    a, b = xr.open_zarr(ours), xr.open_zarr(expected)
    assert a.attrs["title"] == b.attrs["title"]
    assert len(a.attrs["history"].splitlines()) >= 1 and a.attrs["functionfuse_version"]
    xr.testing.assert_identical(a.drop_attrs(deep=False), b.drop_attrs(deep=False))
    for name in b.variables:
        of_file = lambda x: {key: repr(value) for key, value in sorted(x.encoding.items()) if key != "source"}
        assert of_file(a[name]) == of_file(b[name]), (ours, name, of_file(a[name]), of_file(b[name]))
    for consolidated in (True, False):
        a, b = (zarr.open_group(s, mode="r", use_consolidated=consolidated) for s in (ours, expected))
        assert sorted(a.array_keys()) == sorted(b.array_keys())
        for name, array in b.arrays():
            assert a[name].shape == array.shape and a[name].dtype == array.dtype, (ours, name)
            np.testing.assert_array_equal(a[name][...], array[...], err_msg=f"{ours} {name}")


def check():
    for kind in KINDS:
        for name, _, _ in STORES:
            base = f"{FOLDER}/{kind}.{name}"
            same(f"{base}.grown.zarr", f"{base}.expected.zarr")
            same(f"{base}.zarr", f"{base}.region_expected.zarr")


{"make": make, "check": check}[sys.argv[1]]()
