"""Runs groups by several keys and by keys of several dims and compares with xarray: python groups.py FFRUN FOLDER

The arrays are large enough for several tasks along each axis. Every run (threads, budget) gives the same values.
"""

import os
import subprocess
import sys
import warnings

import numpy as np
import pandas as pd
import xarray as xr

ffrun, folder = sys.argv[1], sys.argv[2]
rng = np.random.default_rng(11)
warnings.simplefilter("ignore")

shape = (400, 60, 90)
dims = ["time", "lat", "lon"]
time = pd.date_range("2001-01-15", periods=shape[0], freq="11D")
lat = np.linspace(-80, 80, shape[1])
a = rng.normal(size=shape)
a[rng.random(shape) < 0.1] = np.nan
coords = {"time": time, "lat": lat}
zones = rng.integers(0, 9, size=shape[1:]) * 3 - 6
heights = rng.normal(size=shape[1:]) * 100
heights[rng.random(shape[1:]) < 0.2] = np.nan
data = xr.Dataset(
    {
        "a": (dims, a),
        "b": (dims, rng.normal(size=shape).astype("f4")),
        "n": (dims, rng.integers(-50, 50, size=shape).astype("i2")),
        "zones": (dims[1:], zones),
        "land": (dims[1:], rng.random(shape[1:]) < 0.3),
        "heights": (dims[1:], heights),
        "steps": (dims[1:], np.round(heights / 100)),
        "names": (dims[1:], np.array(["sea", "ice", "land"], dtype=object)[rng.integers(0, 3, size=shape[1:])]),
        "moving": (dims, rng.integers(0, 5, size=shape).astype("u1")),
        "kind": ("time", np.array(["x", "y", "z"], dtype=object)[rng.integers(0, 3, size=shape[0])]),
        "level": ("time", rng.integers(0, 4, size=shape[0])),
        "w": (dims[1:], rng.random(shape[1:])),
        "dates": (dims[1:], np.datetime64("2001-01-01", "ns") + zones.astype("m8[D]")),
        "empty": (dims[1:], np.full(shape[1:], np.nan)),
    },
    coords=coords,
)
sizes = {"a": (50, 60, 40), "b": (400, 17, 90), "n": (1, 60, 90), "zones": (16, 90), "moving": (64, 30, 90)}
data.to_zarr(f"{folder}/in.zarr", encoding={name: {"chunks": c} for name, c in sizes.items()}, mode="w", zarr_format=3)
d = data


def by(array, keys, name, **options):
    """What xarray gives for one reduction at a time, a group after the other: keys by name, each an array."""
    stacked_dims = list(dict.fromkeys(x for key in keys.values() for x in key.dims))
    full = {name: key.broadcast_like(array.isel({x: 0 for x in array.dims if x not in stacked_dims}, drop=True)) for name, key in keys.items()}
    stacked_dims = [x for x in array.dims if x in stacked_dims]
    flat = array.stack(cell=stacked_dims, create_index=False).transpose(..., "cell")
    codes = [full[n].transpose(*stacked_dims).stack(cell=stacked_dims, create_index=False).values for n in keys]
    labels = []
    for values in codes:
        present = values[~pd.isnull(values)]
        labels.append(np.unique(present))
    rest = [x for x in flat.dims if x != "cell"]
    out = np.full([flat.sizes[x] for x in rest] + [len(v) for v in labels], np.nan)
    for at in np.ndindex(*[len(v) for v in labels]):
        mask = np.ones(flat.sizes["cell"], bool)
        for values, label, i in zip(codes, labels, at):
            mask &= values == label[i]
        if mask.any():
            part = flat.isel(cell=np.flatnonzero(mask))
            out[(...,) + at] = call(part, name, **options)
    result = xr.DataArray(out, dims=rest + list(keys), coords=dict(zip(keys, labels)))
    order = []
    for x in array.dims:
        order += [n for n, key in keys.items() if next(y for y in array.dims if y in key.dims) == x]
        if x not in stacked_dims:
            order.append(x)
    return result.transpose(*order)


def call(part, name, **options):
    if name == "first":
        return part.reduce(lambda v, axis: ends(v, axis, 0), "cell")
    if name == "last":
        return part.reduce(lambda v, axis: ends(v, axis, -1), "cell")
    if name == "ptp":
        return part.max("cell") - part.min("cell")
    if name in ("any", "all"):
        return getattr(part.astype(bool), name)("cell")
    if name == "quantile":
        return part.quantile(dim="cell", **options).drop_vars("quantile")
    if name == "mode":
        def modes(v):
            v, c = np.unique(v[~np.isnan(v)], return_counts=True)
            return v[c.argmax()] if len(v) else np.nan
        return np.apply_along_axis(modes, -1, part.values)
    return getattr(part, name)("cell", **options)


def ends(values, axis, which):
    def one(v):
        v = v[~np.isnan(v)]
        return v[which] if len(v) else np.nan
    return np.apply_along_axis(one, axis, values)


season, year, month = time.month % 12 // 3, time.year, time.month
T = lambda values, name="time": xr.DataArray(values, dims="time", coords={"time": d.time})
SEASON = T(d.time.dt.season.values)
YEAR = T(year.values)
MONTH = T(month.values)
QUARTER = T(d.time.dt.quarter.values)
BAND = xr.DataArray(np.floor(lat / 30), dims="lat", coords={"lat": d.lat})
REDUCTIONS = "sum mean std var min max prod count first last ptp any all".split()
CASES = []


def case(text, expected, **more):
    CASES.append((text, expected, more))


exec(open(os.path.join(os.path.dirname(__file__), "groups_cases.py")).read())

RUNS = [("1", "32MiB"), ("2", "48MiB"), ("2", "2GiB")]
only = sys.argv[3] if len(sys.argv) > 3 else ""
for number, (text, expected, more) in enumerate(CASES):
    if only not in text or number < int(os.environ.get("SINCE", 0)):
        continue
    first = None
    for threads, memory in RUNS:
        out = f"{folder}/{number}.zarr"
        script = f'source d = open("{folder}/in.zarr")\nlet r = {text}\nsink r to zarr("{out}")\n'
        open(f"{folder}/s.ff", "w").write(script)
        run = subprocess.run([ffrun, f"{folder}/s.ff", "--overwrite", "--threads", threads, "--memory", memory], capture_output=True, text=True)
        assert run.returncode == 0, (text, threads, memory, run.stderr)
        got = xr.open_zarr(out).r.load()
        if first is None:
            assert got.dims == expected.dims, (text, got.dims, expected.dims)
            assert got.shape == expected.shape, (text, got.shape, expected.shape)
            np.testing.assert_allclose(got.values.astype("f8"), expected.values.astype("f8"), rtol=more.get("rtol", 1e-9), atol=1e-9, err_msg=text)
            for name in more.get("labels", expected.dims):
                if name in expected.coords:
                    ours, theirs = got[name].values, expected[name].values
                    assert len(ours) == len(theirs) and all(str(x) == str(y) or x == y for x, y in zip(ours, theirs)), (text, ours, theirs)
            first = got.values.tobytes()
        assert got.values.tobytes() == first, (text, threads, memory)
print(len(CASES), "cases")
