"""Reads a.h5 and a.nc of the working directory with h5py, netCDF4 and xarray, and says what is there."""

import h5py
import netCDF4
import numpy as np
import xarray as xr


def say(values):
    values = np.asarray(values)
    shown = values.ravel()[:4].tolist()
    return f"{values.dtype} {values.shape} {shown}"


for name in ["a.h5", "a.nc"]:
    print("==", name, "h5py")
    with h5py.File(name) as f:
        def visit(path, item):
            if isinstance(item, h5py.Dataset):
                dims = [axis[0].name if len(axis) else "-" for axis in item.dims]
                print(path, say(item[()]), dims, item.chunks, item.compression, item.shuffle, item.fletcher32)
                if path == "t":
                    print({k: v for k, v in item.attrs.items() if k not in ("DIMENSION_LIST", "names", "nothing")})
        f.visititems(visit)
        print(f["x"].is_scale, [k for k in f["time"].attrs], f.attrs["title"])
    print("==", name, "netCDF4")
    with netCDF4.Dataset(name) as f:
        for v in f.variables.values():
            if v.name == "half":  # the netCDF library crashes on half precision
                continue
            v.set_auto_maskandscale(False)
            print(v.name, v.dimensions, say(v[...]))
        print({k: len(d) for k, d in f.dimensions.items()}, f["deep/er/n"].dimensions, f["deep/u"].dimensions)
        print(f["t"].units, f["t"].range, f["t"].flag, f["t"].names, repr(f["t"].nothing), f["t"]._FillValue)
    for engine in ["h5netcdf", "netcdf4"]:
        print("==", name, "xarray", engine)
        with xr.open_dataset(name, engine=engine, drop_variables=["half"]) as ds:
            print(sorted((k, v.dims, str(v.dtype)) for k, v in ds.variables.items()))
            print(ds.time.values[:2], int(ds.t.isnull().sum()), ds.t.attrs["units"], ds.attrs["title"])
        with xr.open_dataset(name, engine=engine, group="deep/er") as ds:
            print(ds.n.dims, ds.n.shape, say(ds.n))
