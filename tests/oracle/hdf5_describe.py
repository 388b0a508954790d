"""What h5py (or, for dimensions of .nc files, netCDF4) reads of a file, as JSON lines: hdf5_describe.py FILE."""

import json
import sys
import zlib

import h5py
import hdf5plugin
import netCDF4
import numpy as np

NAMES = {"b1": "bool", "c8": "c64", "c16": "c128", **{f"{k}{n}": f"{k}{8 * n}" for k in "iuf" for n in (1, 2, 4, 8)}}
path = sys.argv[1]
file = h5py.File(path)


def name_of(dtype):
    if h5py.check_string_dtype(dtype):
        return "str"
    return NAMES.get(dtype.str[1:])


def crc(d):
    if name_of(d.dtype) == "str":
        items = np.asarray(d[()], object).ravel()
        joined = b"\0".join(i if isinstance(i, bytes) else i.encode() for i in items)
        return zlib.crc32(joined)
    data = np.asarray(d[()])
    return zlib.crc32(np.ascontiguousarray(data.astype(data.dtype.newbyteorder("="))).tobytes())


def dims(d):
    if path.endswith(".nc"):
        v = nc
        *groups, name = d.name.strip("/").split("/")
        for g in groups:
            v = v.groups[g]
        return list(v.variables[name.removeprefix("_nc4_non_coord_")].dimensions)
    names = []
    for axis in d.dims:
        names.append(axis[0].name.split("/")[-1] if len(axis) else axis.label or None)
    if d.is_scale:
        names = [d.name.split("/")[-1]]
    return names


def attributes(attrs):
    found = {}
    for name in attrs:
        value = attrs[name]
        if isinstance(value, (np.ndarray, np.generic)) and name_of(np.asarray(value).dtype) not in (None, "str"):
            numbers = np.asarray(value).astype(complex).ravel().view(float).tolist()
            found[name] = [name_of(value.dtype), [n if np.isfinite(n) else None for n in numbers]]
        elif isinstance(value, (str, bytes)):
            found[name] = value if isinstance(value, str) else value.decode()
    return found


nc = netCDF4.Dataset(path) if path.endswith(".nc") else None
todo = ["/"] if "--paths" not in sys.argv else []
groups = [("", file, [file])]
while groups:
    prefix, group, around = groups.pop()
    for name in group:
        link = group.get(name, getlink=True)
        if isinstance(link, h5py.ExternalLink):
            continue
        try:
            d = group[name]
        except (KeyError, RuntimeError, OSError, TypeError):
            continue
        here = f"{prefix}/{name}"
        if isinstance(d, h5py.Group):
            if not any(d == other for other in around):
                groups.append((here, d, [*around, d]))
            continue
        if not isinstance(d, h5py.Dataset) or name_of(d.dtype) is None or d.shape is None or d.is_virtual or d.external:
            continue
        if d.attrs.get("NAME", b"").startswith(b"This is a netCDF dimension but not"):
            continue
        if h5py.check_enum_dtype(d.dtype) and d.dtype != bool:
            kind = name_of(np.dtype(d.dtype.str))
        else:
            kind = name_of(d.dtype)
        if here.endswith("unreadable/texts"):
            continue
        try:
            sum_ = crc(d)
        except OSError:
            continue
        line = {"path": here, "dtype": kind, "shape": d.shape, "dims": dims(d), "crc": sum_, "attrs": attributes(d.attrs)}
        print(json.dumps(line))
