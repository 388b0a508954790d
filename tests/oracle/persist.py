"""What is kept in three formats, read as h5py, zarr-python, xarray, json and numpy read it.

    persist.py DATA FOLDER
"""

import json
import pathlib
import sys

import h5py
import numpy as np
import xarray as xr
import zarr

data, folder = sys.argv[1], pathlib.Path(sys.argv[2])
air = xr.open_dataset(data).air_temperature
clim = air.mean("time", dtype="f8").values
close = dict(rtol=1e-6)

path = folder / "results/h/clim.h5"
with h5py.File(path) as file:
    np.testing.assert_allclose(file["clim"][...], clim, **close)
    assert file["clim"].dims[0].label == "latitude" or "latitude" in file, list(file)
with xr.open_dataset(path, engine="h5netcdf") as kept:
    np.testing.assert_array_equal(kept.latitude.values, air.latitude.values)
    assert kept.clim.attrs["units"] == air.attrs["units"]
    assert "functionfuse" in kept.attrs["history"]
with xr.open_dataset(folder / "results/h/both.h5", engine="h5netcdf") as both:
    np.testing.assert_array_equal(both.low.values, air.min("time").values)
    np.testing.assert_array_equal(both.n.values.astype(bool), (air > 280).values)
document = json.loads((folder / "results/h/gmst.json").read_text())
kept = xr.Dataset.from_dict(document)
np.testing.assert_allclose(kept.gmst.values, air.mean(dtype="f8").values, **close)

store = zarr.open_group(folder / "zarr/z/clim.zarr", mode="r")
np.testing.assert_allclose(store["clim"][...], clim, **close)
assert "zstd" in json.dumps([str(c) for c in store["clim"].metadata.codecs]).lower(), store["clim"].metadata
assert store.metadata.zarr_format == 3
store = zarr.open_group(folder / "zarr/z/both.zarr", mode="r")
assert store.metadata.zarr_format == 2
np.testing.assert_array_equal(store["low"][...], air.min("time").values)
with h5py.File(folder / "zarr/z/gmst.h5") as file:
    np.testing.assert_allclose(file["gmst"][()], air.mean(dtype="f8").values, **close)

raw = np.fromfile(folder / "raw/w/clim.raw/clim.bin", "f4").reshape(clim.shape)
np.testing.assert_allclose(raw, clim, **close)
low = np.fromfile(folder / "raw/w/both.raw/low.bin", "f4").reshape(clim.shape)
np.testing.assert_array_equal(low, air.min("time").values)

for root in ["results/h", "zarr/z", "raw/w"]:
    for name in ["clim", "both", "gmst"]:
        (link,) = (folder / root).glob(name + ".*")
        manifest = json.loads((link.resolve().parent / "manifest.json").read_text())
        assert manifest["name"] == name and manifest["parts"]["sources"][0]["url"].endswith(data), manifest
