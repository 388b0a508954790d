"""Stores for the tests of remote storages, and what xarray reads of those written.

    storages.py make FOLDER                      writes stores and files
    storages.py push FOLDER FILER BUCKET PREFIX  puts a folder's files into a bucket, past S3, by the filer's own port
    storages.py pull FILER BUCKET PREFIX FOLDER  the other way
    storages.py same A B                         two stores hold the same values, as xarray reads them"""

import json
import os
import sys
import urllib.request

import numpy as np


def make(folder):
    import h5py
    import xarray as xr
    import zarr

    rng = np.random.default_rng(7)
    t = rng.normal(size=(40, 30, 20)).astype("f4")
    data = xr.Dataset(
        {"t": (("time", "lat", "lon"), t, {"units": "K"}), "n": (("time",), np.arange(40, dtype="i4"))},
        coords={"lat": np.linspace(-60, 60, 30), "lon": np.arange(20.0)},
    )
    chunks = {"t": {"chunks": (10, 10, 20)}}
    data.to_zarr(f"{folder}/two.zarr", zarr_format=2, consolidated=True, encoding=chunks)
    data.to_zarr(f"{folder}/three.zarr", zarr_format=3, consolidated=True, encoding=chunks)
    data.to_zarr(f"{folder}/bare.zarr", zarr_format=3, consolidated=False, encoding=chunks)
    shards = {"t": {"chunks": (5, 10, 10), "shards": (20, 30, 20)}}
    data.to_zarr(f"{folder}/shards.zarr", zarr_format=3, consolidated=True, encoding=shards)
    plain = zarr.create_group(f"{folder}/plain.zarr", zarr_format=3)
    x = plain.create_array("t", shape=(40, 30, 20), chunks=(10, 10, 20), dtype="f4", compressors=None,
                           dimension_names=["time", "lat", "lon"], fill_value=-1)
    x[:20] = t[:20]
    zarr.consolidate_metadata(f"{folder}/plain.zarr")
    compressed = {"t": {"chunksizes": (10, 10, 20), "zlib": True}}
    data.to_netcdf(f"{folder}/file.nc", encoding=compressed)
    with h5py.File(f"{folder}/large.h5", "w", libver="latest") as file:
        big = rng.normal(size=(64, 256, 256)).astype("f4")
        file.create_dataset("t", data=big, chunks=(4, 256, 256))
        file.create_dataset("flat", data=big[:8])
    np.save(f"{folder}/array.npy", t)
    with open(f"{folder}/table.csv", "w") as file:
        file.write("x,y\n1,2.5\n3,4.5\n")
    for year in (2001, 2002):
        part = xr.Dataset({"t": (("time", "lat", "lon"), t[:10] + year)}, coords={"time": np.arange(10) + 10 * (year - 2001)})
        part.to_zarr(f"{folder}/year_{year}.zarr", zarr_format=3, consolidated=True)


def url(filer, bucket, key):
    return f"http://127.0.0.1:{filer}/buckets/{bucket}/{key}".rstrip("/")


def push(folder, filer, bucket, prefix):
    for top, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(top, name)
            key = f"{prefix}/{os.path.relpath(path, folder)}"
            with open(path, "rb") as file:
                asked = urllib.request.Request(url(filer, bucket, key), data=file.read(), method="PUT")
            asked.add_header("Content-Type", "application/octet-stream")
            urllib.request.urlopen(asked).read()


def pull(filer, bucket, prefix, folder):
    listed = urllib.request.Request(url(filer, bucket, prefix) + "/?limit=10000", headers={"Accept": "application/json"})
    for entry in json.load(urllib.request.urlopen(listed))["Entries"] or []:
        name = entry["FullPath"].rsplit("/", 1)[1]
        if entry["Mode"] & (1 << 31):
            pull(filer, bucket, f"{prefix}/{name}".lstrip("/"), f"{folder}/{name}")
        else:
            os.makedirs(folder, exist_ok=True)
            with open(f"{folder}/{name}", "wb") as file:
                file.write(urllib.request.urlopen(url(filer, bucket, f"{prefix}/{name}".lstrip("/"))).read())


def same(a, b):
    import xarray as xr

    engine = lambda path: {"engine": "h5netcdf"} if path.endswith((".nc", ".h5")) else {"engine": "zarr", "consolidated": True}
    xr.testing.assert_equal(xr.open_dataset(a, **engine(a)), xr.open_dataset(b, **engine(b)))


{"make": make, "push": push, "pull": pull, "same": same}[sys.argv[1]](*sys.argv[2:])
