"""Packs values into each integer dtype and reads them with xarray: python packing.py FFRUN FOLDER

What is missing must come back missing and nothing else; what is in range within half a step; what is out of range at
the end of the range, and not as the fill value.
"""

import subprocess
import sys

import numpy as np
import xarray as xr

ffrun, folder = sys.argv[1], sys.argv[2]
values = np.array([0.0, 1.0, -1.0, 2.5, np.nan, 1e30, -1e30, 100.25, -100.25, np.inf, -np.inf, -327.67, 255.0, 65.535])
xr.Dataset({"v": ("x", values)}).to_netcdf(f"{folder}/in.nc", engine="h5netcdf")

FILLS = {
    "i8": -127, "i16": -32767, "i32": -2147483647, "i64": -9223372036854775806,
    "u8": 255, "u16": 65535, "u32": 4294967295, "u64": 18446744073709551614,
}
CASES = [
    (dtype, scale, offset, fill)
    for dtype in FILLS
    for scale, offset in [(None, None), (0.01, None), (0.5, 3.0)]
    for fill in [None, 0, 7, 127]
]
FORMATS = [("netcdf", "nc"), ("zarr", "zarr")]

script = [f'source s = open("{folder}/in.nc")', "let v = s.v"]
for number, (dtype, scale, offset, fill) in enumerate(CASES):
    options = [f"dtype: {dtype}"]
    options += [f"{k}: {x}" for k, x in [("scale_factor", scale), ("add_offset", offset), ("fill_value", fill)] if x is not None]
    form, ext = FORMATS[number % 2]
    script.append(f'sink v to {form}("{folder}/{number}.{ext}") {{ {", ".join(options)} }}')
open(f"{folder}/pack.ff", "w").write("\n".join(script))
subprocess.run([ffrun, f"{folder}/pack.ff"], check=True)

for number, (dtype, scale, offset, fill) in enumerate(CASES):
    form, ext = FORMATS[number % 2]
    how = {"engine": "h5netcdf"} if form == "netcdf" else {"engine": "zarr", "consolidated": False}
    case = (dtype, scale, offset, fill)
    path = f"{folder}/{number}.{ext}"
    raw = xr.open_dataset(path, mask_and_scale=False, **how).v
    np_type = np.dtype(f"{dtype[0]}{int(dtype[1:]) // 8}")
    assert raw.dtype == np_type, (case, raw.dtype)
    chosen = FILLS[dtype] if fill is None else fill
    assert int(raw.attrs["_FillValue"]) == chosen, (case, raw.attrs)
    info = np.iinfo(np_type)
    for stored, value in zip(raw.values, values):
        stored = int(stored)
        if np.isnan(value):
            assert stored == chosen, (case, value, stored)
            continue
        assert stored != chosen, (case, value, stored)
        packed = (value - (offset or 0.0)) / (scale or 1.0)
        if np.isinf(packed):
            packed = float(info.max) if packed > 0 else float(info.min)
        nearest = min(max(int(np.round(packed)), int(info.min)), int(info.max))
        # 64-bit integers are read as f64, in which the fill value has many neighbours.
        room = 4096 if abs(nearest) > 2**53 else 1 if nearest == chosen else 0
        assert abs(stored - nearest) <= room, (case, value, stored, nearest)
    read = xr.open_dataset(path, **how).v.values
    assert (np.isnan(read) == np.isnan(values)).all(), (case, read)
