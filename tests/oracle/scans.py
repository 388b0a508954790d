"""Runs scans inside bigger expressions and compares with xarray: python scans.py FFRUN FOLDER

The arrays are large enough for several tasks along each axis. Every run (threads, budget) gives the same bytes, and
scans alone those of NumPy, which adds in the same order.
"""

import os
import subprocess
import sys
import warnings

import h5py
import numpy as np
import xarray as xr
import zarr

ffrun, folder = sys.argv[1], sys.argv[2]
rng = np.random.default_rng(11)
warnings.simplefilter("ignore")

shape = (61, 150, 301)
dims = ["t", "y", "x"]
a = rng.normal(size=shape) * 10
a[rng.random(shape) < 0.1] = np.nan
b = rng.normal(size=shape).astype("f4")
b[rng.random(shape) < 0.3] = np.nan
n = rng.integers(-100, 100, size=shape).astype("i2")
arrays = {"a": a, "b": b, "n": n}
data = xr.Dataset({name: (dims, values) for name, values in arrays.items()})
chunks = {"a": (7, 150, 200), "b": (61, 8, 100), "n": (20, 70, 301)}
data.to_zarr(f"{folder}/in.zarr", encoding={name: {"chunks": c} for name, c in chunks.items()}, mode="w")
with h5py.File(f"{folder}/in.h5", "w") as file:
    for name, values in arrays.items():
        file[name] = values
        for axis, dim in enumerate(dims):
            file[name].dims[axis].label = dim
a, b, n = (data[name] for name in "abn")

# What is asked for, what xarray gives, and whether the bytes are the same.
CASES = [
    ("cumsum(d.a, t)", lambda: a.cumsum("t"), True),
    ("cumsum(d.a, x)", lambda: a.cumsum("x"), True),
    ("cumsum(d.a, t, y)", lambda: a.cumsum(["t", "y"]), True),
    ("cumsum(cumsum(d.a, t) * 2, y)", lambda: (a.cumsum("t") * 2).cumsum("y"), True),
    ("cumsum(d.a, t, skipna: false)", lambda: a.cumsum("t", skipna=False), True),
    ("cumsum(d.b as f64, t) as f32", lambda: b.astype("f8").cumsum("t").astype("f4"), True),
    ("cumsum(d.b, t)", lambda: b.astype("f8").cumsum("t").astype("f4"), True),
    ("cumsum(d.n, y)", lambda: n.astype("i8").cumsum("y"), True),
    ("cumsum(h.b, t)", lambda: b.astype("f8").cumsum("t").astype("f4"), True),
    ("cumsum(h.n, x)", lambda: n.astype("i8").cumsum("x"), True),
    ("cummax(d.n, t)", lambda: n.copy(data=np.maximum.accumulate(n.values, 0)), True),
    ("cummin(flip(d.n, t), t)", lambda: n.copy(data=np.minimum.accumulate(n.values[::-1], 0)), True),
    ("ffill(d.a, t, limit: 2)", lambda: a.ffill("t", limit=2), True),
    ("bfill(d.a, t)", lambda: a.bfill("t"), True),
    ("bfill(d.b, y, limit: 1)", lambda: b.bfill("y", limit=1), True),
    ("bfill(h.b, t)", lambda: b.bfill("t"), True),
    ("ffill(bfill(d.b, t, limit: 1), t)", lambda: b.bfill("t", limit=1).ffill("t"), True),
    ("bfill(ffill(d.b, t, limit: 1), t)", lambda: b.ffill("t", limit=1).bfill("t"), True),
    ("ffill(d.b, t) + bfill(d.b, t)", lambda: b.ffill("t") + b.bfill("t"), True),
    ("ffill(d.b, y) + bfill(d.b, t)", lambda: b.ffill("y") + b.bfill("t"), True),
    ("cumsum(bfill(d.a, t), t)", lambda: a.bfill("t").cumsum("t"), True),
    ("bfill(d.b, t) |> first(t, skipna: false)", lambda: b.bfill("t").isel(t=0), True),
    ("cumsum(d.a, t) - mean(d.a, t)", lambda: a.cumsum("t") - a.mean("t"), False),
    ("shift(cumsum(d.a, t), t: 1)", lambda: a.cumsum("t").shift(t=1), True),
    ("cumsum(d.a, t) - shift(cumsum(d.a, t), t: 3)", lambda: a.cumsum("t") - a.cumsum("t").shift(t=3), True),
    ("diff(cumsum(d.a, t), t)", lambda: a.cumsum("t").diff("t"), True),
    ("cumsum(d.a, t) + flip(d.a, t)", lambda: a.cumsum("t") + a.values[::-1], True),
    ("transpose(cumsum(d.a, t), x, t, y) * 2", lambda: a.cumsum("t").transpose("x", "t", "y") * 2, True),
    ("cumsum(transpose(d.a, x, t, y), t)", lambda: a.transpose("x", "t", "y").cumsum("t"), True),
    ("isel(cumsum(d.a, t), t: 2..<9, y: 3..<70)", lambda: a.cumsum("t")[2:9, 3:70], True),
    ("isel(cumsum(d.a, t), t: ..<40, y: [5, 2])", lambda: a.cumsum("t")[:40, [5, 2]], True),
    ("isel(bfill(d.b, t), t: 40.., x: 7)", lambda: b.bfill("t")[40:, :, 7], True),
    ("isel(cumsum(d.a, t), t: -1)", lambda: a.cumsum("t")[-1], True),
    ("sum(cumsum(d.a, t), t)", lambda: a.cumsum("t").sum("t"), False),
    ("sum(cumsum(d.a, t), y)", lambda: a.cumsum("t").sum("y"), False),
    ("mean(cumsum(d.n, x) as f64)", lambda: n.astype("i8").cumsum("x").mean(), False),
    ("max(cummax(d.n, t), x)", lambda: n.copy(data=np.maximum.accumulate(n.values, 0)).max("x"), True),
    ("d.a * cumsum(mean(d.a, y, x), t)", lambda: a * a.mean(["y", "x"]).cumsum("t"), False),
    ("cumsum(d.a, t) |> rolling(t: 3) |> mean()", lambda: a.cumsum("t").rolling(t=3).mean(), False),
    ("concat([cumsum(d.a, t), d.a], t) |> cumsum(t)", lambda: xr.concat([a.cumsum("t"), a], "t").cumsum("t"), True),
    ("cumsum(linspace(0.0, 1.0, 61, dim: t)) * d.a", lambda: np.cumsum(np.linspace(0, 1, 61))[:, None, None] * a, True),
    ("cumsum(zeros({t: 0, y: 3}, f64), t)", lambda: xr.DataArray(np.zeros((0, 3)), dims=["t", "y"]), True),
    ("cumsum(d.a[y: 0..<1], y)", lambda: a[:, :1].cumsum("y"), True),
]

SHARED = """
let c = cumsum(d.a, t)
sink c to zarr("{out}/first.zarr", "/v") {{chunks: {{t: 5, y: 70, x: 301}}}}
sink c to zarr("{out}/second.zarr", "/v") {{chunks: {{t: 61, y: 20, x: 100}}}}
sink {{c: c, lag: shift(c, t: 1), back: bfill(d.b, t), total: sum(c, x)}} to hdf5("{out}/all.h5")
print sum(c * 0) == 0, cumsum(arange(0, 5, 1, dim: t))
"""


def run(number, threads, memory):
    out = f"{folder}/out{number}"
    os.makedirs(out)
    lines = [f'source d = open("{folder}/in.zarr")', f'source h = open("{folder}/in.h5") {{dims: [t, y, x]}}']
    for i, (text, _, _) in enumerate(CASES):
        lines += [f"let e{i} = {text}", f'sink e{i} to zarr("{out}/e{i}.zarr", "/v")']
    with open(f"{out}.ff", "w") as file:
        file.write("\n".join(lines) + SHARED.format(out=out))
    args = [ffrun, f"{out}.ff", "--threads", str(threads), "--memory", memory, "--progress", "none"]
    done = subprocess.run(args, capture_output=True, text=True)
    assert done.returncode == 0, f"exit {done.returncode}: {' '.join(args)}\n{done.stderr}"
    assert "0 1 3 6 10" in " ".join(done.stdout.replace("[", " ").replace("]", " ").split()), done.stdout
    results = {f"e{i}": zarr.open_array(f"{out}/e{i}.zarr/v", mode="r")[...] for i in range(len(CASES))}
    results |= {name: zarr.open_array(f"{out}/{name}.zarr/v", mode="r")[...] for name in ("first", "second")}
    with h5py.File(f"{out}/all.h5") as file:
        results |= {name: file[name][...] for name in ("c", "lag", "back", "total")}
    return results


settings = [(1, "1GiB"), (2, "128MiB"), (5, "192MiB")]
runs = [run(number, *setting) for number, setting in enumerate(settings)]
for setting, results in zip(settings[1:], runs[1:]):
    for name, values in results.items():
        same = values.tobytes() == runs[0][name].tobytes()
        assert same, f"{name} of {setting} is not that of {settings[0]}: {CASES[int(name[1:])][0] if name[0] == 'e' else ''}"
for i, (text, theirs, exact) in enumerate(CASES):
    ours = runs[0][f"e{i}"]
    theirs = theirs().values
    assert ours.shape == theirs.shape and ours.dtype == theirs.dtype, (text, ours.shape, ours.dtype, theirs.shape, theirs.dtype)
    if exact:
        np.testing.assert_array_equal(ours, theirs, err_msg=text)
    else:
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-9, err_msg=text)
total = a.cumsum("t").values
for name, theirs in [("first", total), ("second", total), ("c", total), ("back", b.bfill("t").values)]:
    np.testing.assert_array_equal(runs[0][name], theirs, err_msg=name)
np.testing.assert_array_equal(runs[0]["lag"][1:], total[:-1])
print(f"{len(CASES)} scans agree in {len(settings)} settings")
