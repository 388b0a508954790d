"""Truth values as xarray keeps them: bools.py make FOLDER writes them; bools.py check FOLDER reads what was made of them."""

import sys
from pathlib import Path

import h5py
import numpy as np
import xarray as xr

mode, folder = sys.argv[1], Path(sys.argv[2])
truth = np.arange(12).reshape(3, 4) % 3 == 0
dataset = xr.Dataset({"b": (("y", "x"), truth)}, {"flag": ("x", truth[0])})
if mode == "make":
    dataset.to_netcdf(folder / "in4.nc", engine="netcdf4")
    dataset.to_netcdf(folder / "in5.nc", engine="h5netcdf", encoding={"b": {"chunksizes": (2, 2)}})
    dataset.to_netcdf(folder / "in6.nc", engine="h5netcdf", invalid_netcdf=True)
    dataset.to_zarr(folder / "in2.zarr", zarr_format=2)
    older = dataset.astype("i1")
    for name in ["b", "flag"]:
        older[name].attrs["dtype"] = "bool"
    older.to_zarr(folder / "in3.zarr", zarr_format=3)
else:
    for path in sorted(folder.glob("out-*")):
        engines = ["zarr"] if path.suffix == ".zarr" else ["h5netcdf", "netcdf4"]
        for engine in engines:
            with xr.open_dataset(path, engine=engine) as read:
                for name, expected in [("b", truth), ("not_b", ~truth), ("flag", truth[0])]:
                    where = (path.name, engine, name)
                    assert read[name].dtype == bool, (where, read[name].dtype, read[name].attrs)
                    assert (read[name].values == expected).all(), where
                    assert "dtype" not in read[name].attrs, (where, read[name].attrs)
        if path.suffix == ".h5":
            assert h5py.File(path)["b"].dtype == bool
