"""Runs reducers and stencils that scripts define, and compares with NumPy: python definitions.py FFRUN FOLDER

Every run (threads, budget) gives the same bytes.
"""

import os
import subprocess
import sys
import warnings

import numpy as np
import xarray as xr
import zarr

ffrun, folder = sys.argv[1], sys.argv[2]
rng = np.random.default_rng(5)
warnings.simplefilter("ignore")

shape, dims = (67, 41, 130), ("t", "y", "x")
f8 = rng.normal(size=shape) * 10
f8[rng.random(shape) < 0.1] = np.nan
f8[:, 3, 4] = np.nan
arrays = {
    "f8": f8,
    "f4": rng.normal(size=shape).astype("f4"),
    "i2": rng.integers(-300, 300, size=shape).astype("i2"),
    "u1": rng.integers(0, 255, size=shape).astype("u1"),
    "bool": rng.random(shape) < 0.3,
    "c16": rng.normal(size=shape) + 1j * rng.normal(size=shape),
    "one": rng.normal(size=(1, 1, 1)),
}
chunks = {"f8": (7, 41, 50), "f4": (67, 8, 130), "i2": (20, 20, 33), "u1": (1, 41, 130), "bool": (30, 7, 7), "c16": (9, 41, 64)}
data = xr.Dataset({name: (dims if name != "one" else ("a", "b", "c"), values) for name, values in arrays.items()})
data["w"] = ("y", np.linspace(0.5, 2.0, 41))
data = data.assign_coords(t=np.arange(67) * 2)
encoding = {name: {"chunks": c} for name, c in chunks.items()}
data.to_zarr(f"{folder}/in.zarr", encoding=encoding, mode="w")

DEFINITIONS = """
reducer rms(x) {
  init: {s: 0.0, n: 0},
  step: {s: state.s + (1.0 * abs(x)) ** 2, n: state.n + 1},
  merge: {s: a.s + b.s, n: a.n + b.n},
  finish: sqrt(state.s / state.n)
}
reducer total(x) { init: 0, step: state + x, merge: a + b }
reducer largest(x, least: float = -inf) { init: least, step: where(x > state, x, state), merge: where(b > a, b, a) }
reducer weighted(x, w, power: float = 1) {
  init: {s: 0.0, n: 0.0},
  step: {s: state.s + x * w ** power, n: state.n + w ** power},
  merge: {s: a.s + b.s, n: a.n + b.n},
  finish: state.s / state.n
}
# The first and last elements that are there, and how many went by: associative, and not commutative.
reducer ends(x) {
  init: {first: 0.0, last: 0.0, n: 0},
  step: {first: where(state.n == 0, x, state.first), last: x * 1.0, n: state.n + 1},
  merge: {first: where(a.n == 0, b.first, a.first), last: where(b.n == 0, a.last, b.last), n: a.n + b.n},
  finish: state.first * 1000 + state.last + state.n / 1000000
}
reducer swapped(x) {
  init: {p: 0.0, q: 1.0},
  step: {p: state.p + x, q: state.q},
  merge: {q: a.q, p: a.p + b.p},
  finish: state.p * state.q
}
reducer any_above(x, limit) { init: false, step: state or x > limit, merge: a or b }
reducer scaled_by_source(x) { init: 0.0, step: state + x * d.t[2], merge: a + b }
reducer product(x) { init: 1.0, step: state * x, merge: a * b }
stencil cross(u) = u[y: -1] + u[y: 1] + u[x: -1] + u[x: 1] - 4 * u
stencil steepest(u, k: int = 2) = { let ahead = u[t: k] - u; let back = u - u[t: -k]; where(abs(ahead) > abs(back), ahead, back) }
stencil corner(u) = u[y: -3, x: 5] * 2
stencil twice(u) = (u[x: 1] + u)[x: 1]
fn spread_over(x, d = t) = max(x, d) - min(x, d)
"""


def padded(values, mode, widths, value=0):
    kind = {"reflect": "symmetric", "mirror": "reflect", "nearest": "edge", "wrap": "wrap", "constant": "constant"}[mode]
    extra = {"constant_values": value} if mode == "constant" else {}
    return np.pad(values, widths, kind, **extra)


def moved(values, by, mode="reflect", value=0):
    """The elements so many places on along each axis, one axis after the other."""
    for axis, k in enumerate(by):
        width = [(0, 0)] * values.ndim
        width[axis] = (abs(k), abs(k))
        wide = padded(values, mode, width, value)
        values = np.take(wide, np.arange(values.shape[axis]) + abs(k) + k, axis)
    return values


def cross(u, mode="reflect", value=0):
    at = lambda y, x: moved(u, (0, y, x), mode, value)
    return at(-1, 0) + at(1, 0) + at(0, -1) + at(0, 1) - 4 * u


def steepest(u, k, mode="reflect"):
    ahead, back = moved(u, (k, 0, 0), mode) - u, u - moved(u, (-k, 0, 0), mode)
    return np.where(np.abs(ahead) > np.abs(back), ahead, back)


def rms(values, axis, skipna=True):
    mean = np.nanmean if skipna else np.mean
    return np.sqrt(mean(np.abs(values.astype("c16" if values.dtype.kind == "c" else "f8")) ** 2, axis))


def ends(values, axis):
    def of(line):
        there = line[~np.isnan(line)]
        return there[0] * 1000 + there[-1] + len(there) / 1e6 if len(there) else 0.0

    return np.apply_along_axis(of, axis, values)


def grouped(function, values, groups):
    return np.stack([function(values[groups == g], 0) for g in np.unique(groups)])


a, b, n, u, m, c = (arrays[name] for name in ("f8", "f4", "i2", "u1", "bool", "c16"))
w = data.w.values[None, :, None]
by3, by2 = np.arange(67) % 3, np.arange(67) // 40
flat = lambda values: values.reshape(-1)
nans = lambda f: lambda values, axis: f(np.where(np.isnan(values), 0, values), axis)

CASES = [
    ("rms(d.f8, t)", rms(a, 0)), ("rms(d.f8, x)", rms(a, 2)), ("rms(d.f8, y)", rms(a, 1)), ("rms(d.f8)", rms(a, None)),
    ("rms(d.f8, t, x)", rms(a, (0, 2))), ("rms(d.f8, t, skipna: false)", rms(a, 0, False)),
    ("rms(d.f8, y, keepdims: true)", rms(a, 1)[:, None]), ("rms(d.f4, x)", rms(b, 2)), ("rms(d.i2, t)", rms(n, 0)),
    ("rms(d.u1)", rms(u, None)), ("rms(d.c16, y)", rms(c, 1)), ("rms(d.one)", rms(arrays["one"], None)),
    ("total(d.i2, x)", n.astype("i8").sum(2)), ("total(d.u1, t)", u.astype("i8").sum(0)), ("total(d.bool)", m.sum()),
    ("total(d.f4, t, y)", b.astype("f8").sum((0, 1))), ("total(d.c16, x)", c.sum(2)),
    ("largest(d.i2, t, x)", n.max((0, 2)).astype("f8")), ("largest(d.f8, x, least: 5)", np.fmax(np.nanmax(np.where(np.isnan(a), -99, a), 2), 5)),
    ("weighted(d.f8, y, w: d.w)", np.nansum(a * w, 1) / np.nansum(np.where(np.isnan(a), 0, w), 1)),
    ("weighted(d.f4, y, x, w: d.w, power: 2)", (b * w**2).astype("f8").sum((1, 2)) / (w**2 * np.ones(shape)).sum((1, 2))),
    ("ends(d.f8, t)", ends(a, 0)), ("ends(d.f8, x)", ends(a, 2)), ("ends(d.f8)", ends(flat(a), 0)),
    ("ends(d.f4, y, x)", ends(b.reshape(67, -1).astype("f8"), 1)), ("swapped(d.i2, y)", n.sum(1).astype("f8")),
    ("any_above(d.f4, t, limit: 2.5)", (b > 2.5).any(0)), ("any_above(d.f8, limit: 99)", (a > 99).any()),
    ("product(d.bool, y, x)", m.prod((1, 2)).astype("f8")), ("rms(d.f8, t, min_count: 61)", np.where((~np.isnan(a)).sum(0) >= 61, rms(a, 0), np.nan)),
    ("rms(exp(d.f4) + 1, y)", rms(np.exp(b) + 1, 1)), ("rms(d.f4 - mean(d.f4, t), x)", rms(b - b.astype("f8").mean(0).astype("f4"), 2)),
    ("d.f8 |> groupby([i % 3 for i in 0..<67]) |> rms()", grouped(rms, a, by3)),
    ("d.f8 |> groupby([i // 40 for i in 0..<67]) |> ends()", grouped(ends, a, by2)),
    ("transpose(d.f8, y, x, t) |> groupby([i // 40 for i in 0..<67]) |> ends()", np.moveaxis(grouped(ends, a, by2), 0, 2)),
    ("transpose(d.f8, y, x, t) |> groupby([i % 3 for i in 0..<67]) |> rms(y)", np.stack([rms(a[by3 == g], (0, 1)) for g in range(3)], 1)),
    ("d.f8 |> groupby(d.u1 % 3, labels: 0..2) |> weighted(w: d.w)", np.array([np.nansum((a * w)[u % 3 == g]) / np.sum((~np.isnan(a) * w)[u % 3 == g]) for g in range(3)])),
    ("d.i2 |> groupby({k: d.u1 % 2, h: [i // 40 for i in 0..<67]}, labels: {k: 0..1}) |> weighted(w: d.w, power: 2)", np.array([[np.sum((n * w**2)[h][u[h] % 2 == k]) / np.sum((w**2 * np.ones(shape))[h][u[h] % 2 == k]) for k in range(2)] for h in (by2 == 0, by2 == 1)]).T),
    ("d.f4 |> coarsen(x: 13, y: 41) |> rms()", rms(b.reshape(67, 1, 41, 10, 13), (2, 4))),
    ("d.i2 |> coarsen(t: 30, boundary: trim) |> total()", n[:60].reshape(2, 30, 41, 130).astype("i8").sum(1)),
    ("d.i2 |> rolling(x: 4) |> total()", np.concatenate([np.full((67, 41, 3), np.nan), np.lib.stride_tricks.sliding_window_view(n.astype("f8"), 4, 2).sum(-1)], 2)),
    ("rms(d.f4 * d.w, y)", rms(b * w, 1)), ("scaled_by_source(d.i2, t)", (n * 4.0).sum(0)), ("d.t", data.t.values),
    ("cross({p: d.f4, q: d.f8}).q", cross(a)), ("cross(d.f8)", cross(a)), ("cross(d.f4, boundary: wrap)", cross(b, "wrap")), ("cross(d.i2, boundary: nearest)", cross(n, "nearest")),
    ("cross(d.f4, boundary: constant, value: 7)", cross(b, "constant", 7)), ("cross(d.u1, boundary: constant)", cross(u, "constant")),
    ("cross(d.c16, boundary: mirror)", cross(c, "mirror")), ("steepest(d.f8)", steepest(a, 2)), ("steepest(d.f4, k: 50, boundary: wrap)", steepest(b, 50, "wrap")),
    ("steepest(d.f4, k: 100, boundary: mirror)", steepest(b, 100, "mirror")), ("corner(d.f8)", moved(a, (0, -3, 5)) * 2),
    ("twice(d.f4)", moved(moved(b, (0, 0, 1)) + b, (0, 0, 1))), ("rms(cross(d.f4), t)", rms(cross(b), 0)), ("cross(cross(d.f4))", cross(cross(b))),
    ("spread_over(d.f4)", np.ptp(b, 0)), ("spread_over(d.f4, x)", np.ptp(b, 2)), ("d.f4 |> spread_over(d: y)", np.ptp(b, 1)),
]

RUNS = [("1", "64MiB"), ("2", "64MiB"), ("2", "2GiB")]
outputs = []
for threads, memory in RUNS:
    out = f"{folder}/out-{threads}-{memory}"
    sinks = "\n".join(f'sink ({text}) to zarr("{out}/r{i}", "r")' for i, (text, _) in enumerate(CASES))
    script = f'source d = open("{folder}/in.zarr")\n{DEFINITIONS}\n{sinks}\n'
    os.mkdir(out)
    open(f"{folder}/s.ff", "w").write(script)
    run = subprocess.run([ffrun, f"{folder}/s.ff", "--threads", threads, "--memory", memory], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    outputs.append(out)

wrong = []
for i, (text, expected) in enumerate(CASES):
    got, expected = zarr.open_array(f"{outputs[0]}/r{i}/r", mode="r")[...], np.asarray(expected)
    tolerance = 2e-5 if expected.dtype == "f4" or "f4" in text else 1e-11
    if got.shape != expected.shape or not np.allclose(got, expected, rtol=tolerance, atol=tolerance, equal_nan=True):
        wrong.append(f"{text}: {got.dtype}{got.shape} against {expected.dtype}{expected.shape}\n{got.ravel()[:4]}\n{expected.ravel()[:4]}")
assert not wrong, "\n".join(wrong)


def chunk_files(store):
    """The bytes of all chunks."""
    found = {}
    for base, _, names in os.walk(store):
        for name in names:
            if name != "zarr.json":
                path = os.path.join(base, name)
                found[os.path.relpath(path, store)] = open(path, "rb").read()
    return found


first = chunk_files(outputs[0])
for other in outputs[1:]:
    assert chunk_files(other) == first, f"{other} has other bytes"
print(len(CASES), "cases")
