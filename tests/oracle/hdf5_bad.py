"""HDF5 files of which something cannot be read, and one with growing dims: hdf5_bad.py make FOLDER; … check FOLDER."""

import sys
from pathlib import Path

import h5py
import hdf5plugin
import netCDF4
import numpy as np
import xarray as xr

mode, folder = sys.argv[1], Path(sys.argv[2])
if mode == "make":
    with h5py.File(folder / "other.h5", "w") as f:
        f["x"] = np.arange(3)
    with h5py.File(folder / "bad.h5", "w") as f:
        f.create_dataset("good", data=np.arange(24.0).reshape(4, 6), chunks=(2, 3))
        f["good"].attrs["who"] = np.zeros(1, [("name", "S3"), ("age", "i4")])
        f["good"].attrs["where"] = f["good"].ref
        f["good"].attrs["units"] = "K"
        f["good"].attrs["note"] = np.bytes_(b"caf\xe9")
        f.create_dataset("zfp", data=np.arange(400.0).reshape(20, 20), chunks=(10, 10), **hdf5plugin.Zfp())
        f["outside"] = h5py.ExternalLink("other.h5", "/x")
        f["inner/through"] = h5py.SoftLink("/outside")
        f["inner/fine"] = h5py.SoftLink("/good")
        f["alias"] = h5py.SoftLink("/inner")
        layout = h5py.VirtualLayout(shape=(3,), dtype="i8")
        layout[:] = h5py.VirtualSource("other.h5", "x", shape=(3,))
        f.create_virtual_dataset("virtual", layout)
        f.create_dataset("external", shape=(4,), dtype="i4", external=[("raw.bin", 0, 16)])
        f.create_dataset("records", data=np.zeros(3, [("a", "i4")]))
else:
    with xr.open_dataset(folder / "grows.nc") as read:
        assert read.encoding["unlimited_dims"] == {"time", "level"}, read.encoding
        assert read.air.dims == ("time", "x", "level") and read.air.shape == (5, 3, 2), read
        assert (read.air.values == np.arange(30.0).reshape(5, 3, 2)).all()
    with netCDF4.Dataset(folder / "grows.nc", "a") as f:
        f["air"][5:7] = 1.0
        assert f["air"].shape == (7, 3, 2) and len(f.dimensions["time"]) == 7, f
    with h5py.File(folder / "copy.h5") as f:
        assert sorted(n for n in f["good"].attrs if n[0] != "D") == ["_FillValue", "units"], list(f["good"].attrs)
