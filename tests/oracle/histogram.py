"""Histograms of arrays in many chunks against NumPy's: python histogram.py FFRUN FOLDER

Each script runs with several numbers of threads, budgets and instruction sets, whose results have to be the same bytes.
Values lie on the edges of the bins, beside them, and where no bin is.
"""

import itertools
import os
import subprocess
import sys

import numpy as np
import xarray as xr
import zarr

ffrun, folder = sys.argv[1], sys.argv[2]
rng = np.random.default_rng(20261130)
SHAPE, DIMS = (37, 19, 53), ("t", "y", "x")


def with_edges(values, edges):
    """The values, many of them replaced by edges, their neighbours, NaN and infinities."""
    flat = values.ravel()
    near = edges.astype(flat.dtype)
    if flat.dtype.kind == "f":
        odd = [flat.dtype.type(v) for v in (np.nan, np.inf, -np.inf)]
        near = np.concatenate([near, np.nextafter(near, odd[1]), np.nextafter(near, odd[2]), np.repeat(odd, 30)])
    at = rng.choice(flat.size, flat.size // 3, replace=False)
    flat[at] = rng.choice(near, at.size)
    return flat.reshape(values.shape)


RANGES = [((-3.3, 9.9), 33), ((0.1, 0.7), 7), ((-100, 100), 1), ((0.0, 6.0), 3000)]
arrays = {}
for number, (((low, high), count), dtype) in enumerate(itertools.product(RANGES, ["f8", "f4", "f2", "i2", "u1", "i8"])):
    edges = np.linspace(low, high, count + 1)
    values = rng.normal((low + high) / 2, (high - low) / 3, SHAPE)
    values = np.clip(values, 0, 255) if dtype == "u1" else values
    arrays[f"v{number}"] = with_edges(values.astype(dtype), edges), (low, high), count
weights = rng.normal(size=SHAPE[1:])
ids = rng.integers(-3, 40, SHAPE).astype("i4")
data = xr.Dataset({name: (DIMS, values) for name, (values, _, _) in arrays.items()})
data["w"], data["ids"] = (DIMS[1:], weights), (DIMS, ids)
chunks = {name: {"chunks": tuple(int(rng.integers(3, n + 1)) for n in data[name].shape)} for name in data}
data.to_zarr(f"{folder}/in.zarr", encoding=chunks, mode="w")

lines, expected = [f'source d = open("{folder}/in.zarr")'], {}


def case(text, theirs, exact=True):
    name = f"e{len(expected)}"
    lines.extend([f"let {name} = {text}", f'sink {name} to zarr("{folder}/out.zarr/{name}.zarr", "/v")'])
    expected[name] = text, np.asarray(theirs), exact


def per_cell(count, values, axes, *more):
    """`count` of what lies along the axes, for each cell of the others."""
    rest = [a for a in range(values.ndim) if a not in axes]
    flat = [np.transpose(v, rest + list(axes)).reshape([v.shape[a] for a in rest] + [-1]) for v in (values, *more)]
    cells = np.ndindex(flat[0].shape[:-1])
    counts = [count(*[v[cell] for v in flat]) for cell in cells]
    return np.asarray(counts).reshape(flat[0].shape[:-1] + counts[0].shape)


broad = np.broadcast_to(weights, SHAPE)
for name, (values, ends, count) in arrays.items():
    if values.dtype == np.float16 and count > 100:
        continue  # bins finer than the values are refused
    text = f"bins: {count}, range: [{ends[0]}, {ends[1]}]"
    with np.errstate(all="ignore"):
        case(f"histogram(d.{name}, {text})", np.histogram(values, count, ends)[0])
        case(f"histogram(d.{name}, {text}, density: true)", np.histogram(values, count, ends, density=True)[0], False)
        theirs = np.histogram(values, count, ends, weights=broad)[0]
        case(f"histogram(d.{name}, {text}, weights: d.w)", theirs, False)
        finite = values[np.isfinite(values)]
        if values.dtype != np.float16:
            case(f"histogram(d.{name}, bins: 17)", np.histogram(finite, 17)[0])
        cuts = sorted(rng.normal((ends[0] + ends[1]) / 2, (ends[1] - ends[0]) / 2, 9).round(3))
        listed = ", ".join(map(str, cuts))
        case(f"histogram(d.{name}, bins: [{listed}])", np.histogram(values, cuts)[0])
        case(f"digitize(d.{name}, [{listed}])", np.digitize(values, cuts))
        case(f"digitize(d.{name}, [{', '.join(map(str, cuts[::-1]))}], right: true)", np.digitize(values, cuts[::-1], True))
        if count < 100:
            kept = rng.choice(3, 2, replace=False)
            dims = ", ".join(DIMS[a] for a in sorted(kept))
            theirs = per_cell(lambda v: np.histogram(v, count, ends)[0], values, sorted(kept))
            case(f"histogram(d.{name}, {dims}, {text})", theirs)
            theirs = per_cell(lambda v: np.histogram(v, count, ends)[0], values, [1])
            case(f"histogram(d.{name}, y, {text}) |> isel(t: 3..<20, bin: [0, -1])", theirs[3:20, :, [0, -1]])
            case(f"histogram(d.{name}, y, {text}) |> isel(x: [7, 7, 2], t: (0..<37) step 5)", theirs[::5][:, [7, 7, 2]])
            theirs = per_cell(lambda v, w: np.histogram(v, count, ends, weights=w)[0], values, [0], broad)
            case(f"histogram(d.{name}, t, {text}, weights: d.w)", theirs, False)
inside = np.where((ids >= 0) & (ids < 25), ids, 25)
case("bincount(d.ids, length: 25)", np.bincount(inside.ravel())[:25])
case("bincount(d.ids, y, length: 25)", per_cell(lambda v: np.bincount(v, minlength=26)[:25], inside, [1]))
theirs = per_cell(lambda v, w: np.bincount(v, w, 26)[:25], inside, [0, 2], broad)
case("bincount(d.ids, t, x, length: 25, weights: d.w)", theirs, False)
months = np.stack([per_cell(lambda v: np.bincount(v, minlength=26)[:25], inside[k::4], [0, 1, 2]) for k in range(4)])
case("groupby(d.ids, [" + ", ".join(str(k % 4) for k in range(37)) + "]) |> bincount(y, x, length: 25)", months)

script = f"{folder}/s.ff"
with open(script, "w") as file:
    file.write("\n".join(lines) + "\n")
first = None
for threads, memory, simd in [(1, "2GiB", "baseline"), (2, "48MiB", "avx2"), (2, "2GiB", None), (1, "48MiB", None)]:
    os.makedirs(f"{folder}/out.zarr", exist_ok=True)
    args = [ffrun, script, "--threads", str(threads), "--memory", memory, "--progress", "none", "--overwrite"]
    args += ["--simd", simd] if simd else []
    done = subprocess.run(args, capture_output=True, text=True)
    if simd and "has no" in done.stderr:
        continue
    assert done.returncode == 0, f"exit {done.returncode}: {' '.join(args)}\n{done.stderr[-4000:]}"
    ours = {name: zarr.open_array(f"{folder}/out.zarr/{name}.zarr/v", mode="r")[...] for name in expected}
    if first is None:
        first = ours
        for name, (text, theirs, exact) in expected.items():
            assert ours[name].dtype == theirs.dtype, f"{text}: {ours[name].dtype} against {theirs.dtype}"
            if exact:
                np.testing.assert_array_equal(ours[name], theirs, err_msg=text)
            else:
                np.testing.assert_allclose(ours[name], theirs, rtol=1e-9, atol=1e-9, err_msg=text)
    for name, (text, _, _) in expected.items():
        assert ours[name].tobytes() == first[name].tobytes(), f"{text} differs with {args}"
print(f"{len(expected)} histograms agree")
