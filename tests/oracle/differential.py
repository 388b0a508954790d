"""Draws random expressions, runs them and compares with xarray: python differential.py FFRUN FOLDER COUNT

Expressions are drawn from a fixed seed over arrays of several dtypes, shapes and chunkings, with NaN. Many go into one
script, so that a run costs little; the runs differ in threads and budget.
"""

import os
import subprocess
import sys
import warnings

import numpy as np
import xarray as xr
from scipy import ndimage

ffrun, folder, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
rng = np.random.default_rng(20261122)
warnings.simplefilter("ignore")
np.seterr(all="ignore")


def make_inputs():
    """Arrays over subsets of t, y, x; every chunking splits at least one axis unevenly."""
    sizes = {"t": 23, "y": 11, "x": 7}
    coords = {"t": np.arange(23) * 2 + 1, "y": np.linspace(60.0, 10.0, 11), "x": np.arange(7, dtype="i4")}
    arrays, chunks = {}, {}
    kinds = [("f8", 3), ("f4", 3), ("i4", 3), ("f8", 2), ("i2", 2), ("f4", 1), ("u1", 3), ("bool", 3)]
    for number, (dtype, rank) in enumerate(kinds):
        dims = [("t", "y", "x"), ("t", "x"), ("y",)][3 - rank]
        shape = [sizes[d] for d in dims]
        values = rng.normal(size=shape) * 10
        if dtype == "bool":
            values = values > 0
        elif dtype[0] == "u":
            values = np.abs(values)
        values = values.astype(dtype)
        if dtype[0] == "f":
            values[rng.random(shape) < 0.08] = np.nan
        name = f"v{number}"
        arrays[name] = xr.DataArray(values, dims=dims, coords={d: coords[d] for d in dims})
        chunks[name] = tuple(int(rng.integers(1, n + 1)) for n in shape)
    data = xr.Dataset(arrays)
    data.to_zarr(f"{folder}/in.zarr", encoding={n: {"chunks": c} for n, c in chunks.items()}, mode="w")
    return data


data = make_inputs()
floats = [n for n in data if data[n].dtype.kind == "f"]
singles = [n for n in data if data[n].dtype == "f4"]
numbers = [n for n in data if data[n].dtype.kind in "fiu"]

UNARY = {
    "abs": np.abs, "sign": np.sign, "floor": np.floor, "ceil": np.ceil, "trunc": np.trunc, "sin": np.sin,
    "cos": np.cos, "tanh": np.tanh, "exp2": lambda a: np.exp2(a), "square": np.square, "isnan": np.isnan,
    "cbrt": np.cbrt, "atan": np.arctan, "radians": np.radians, "isfinite": np.isfinite,
}
BINARY = {
    "{} + {}": lambda a, b: a + b, "{} - {}": lambda a, b: a - b, "{} * {}": lambda a, b: a * b,
    "{} / {}": lambda a, b: a / b, "maximum({}, {})": np.maximum, "minimum({}, {})": np.minimum,
    "hypot({}, {})": np.hypot, "{} < {}": lambda a, b: a < b, "{} == {}": lambda a, b: a == b,
    "fmax({}, {})": np.fmax, "atan2({}, {})": np.arctan2,
}
REDUCTIONS = ["sum", "mean", "std", "var", "min", "max", "count", "prod"]


def accumulated(function, value, dim):
    return value.copy(data=function.accumulate(value.values, value.get_axis_num(dim)))


def pick(options):
    return options[int(rng.integers(len(options)))]


def found(name, values, dim, least=1):
    """Positions along a dim, -1 where fewer elements than that are present."""
    filled = values.fillna(-np.inf if name == "argmax" else np.inf)
    return getattr(filled, name)(dim).where(values.notnull().sum(dim) >= least, -1)


def draw_positions(text, value):
    """Positions within windows or groups; xarray's own cannot tell infinities from missing values."""
    name, dim = pick(["argmin", "argmax"]), pick(list(value.dims))
    if np.isinf(value).any() or value.sizes[dim] < 6 or "group" in value.dims:
        return text, value
    key = xr.DataArray(np.arange(value.sizes[dim]) % 4, dims=dim, name="group")
    choices = [
        (f"rolling({dim}: 3)", found(name, value.rolling({dim: 3}).construct("w"), "w", 3)),
        (
            f"rolling({dim}: 4, center: true, min_periods: 2)",
            found(name, value.rolling({dim: 4}, center=True).construct("w"), "w", 2),
        ),
        (
            f"coarsen({dim}: 3, boundary: pad)",
            found(name, value.coarsen({dim: 3}, boundary="pad").construct({dim: (dim, "w")}), "w"),
        ),
        (f"groupby({key.values.tolist()})", value.groupby(key).map(lambda part: found(name, part, dim))),
    ]
    view, theirs = pick(choices)
    return f"({text} |> {view} |> {name}())", theirs


def draw_whole(text, value):
    """A quantile, median or order of whole axes. What is counted off first is rounded, so that no order hangs on a last bit."""
    text, value = f"round({text} * 64)", (value * 64).round()
    dims = [d for d in value.dims if rng.random() < 0.5] or [value.dims[-1]]
    dim, axis = dims[0], value.dims.index(dims[0])
    names = ", ".join(dims)
    options, kwargs = "", {}
    if value.dtype.kind == "f" and rng.random() < 0.3:
        options, kwargs = ", skipna: false", {"skipna": False}
    level = float(np.round(rng.random(), 2))
    method = pick(["linear", "lower", "higher", "nearest", "midpoint"])
    like = (lambda a: a.astype(value.dtype)) if value.dtype.kind == "f" or method in ("lower", "higher", "nearest") else (lambda a: a)
    levels = [level, 0.5]

    def ordered(of):
        return xr.DataArray(of(value.values), dims=value.dims, coords={d: value[d] for d in value.coords if d != dim})

    down = np.argsort(-value.values if value.dtype.kind != "u" else ~value.values, axis=axis, kind="stable")
    k = int(rng.integers(1, value.sizes[dim] + 1))
    return pick([
        (f"quantile({text}, {level}, {names}, method: {method}{options})", like(value.quantile(level, dims, method=method, **kwargs)).drop_vars("quantile")),
        (f"quantile({text}, {levels}, {names}, method: {method}{options})", like(value.quantile(levels, dims, method=method, **kwargs))),
        (f"median({text}, {names}{options})", value.median(dims, **kwargs)),
        (f"sort({text}, {dim})", ordered(lambda v: np.sort(v, axis=axis))),
        (f"sort({text}, {dim}, descending: true)", ordered(lambda v: np.take_along_axis(v, down, axis))),
        (f"argsort({text}, {dim})", ordered(lambda v: np.argsort(v, axis=axis, kind="stable"))),
        (f"topk({text}, {k}, {dim})", ordered(lambda v: np.take_along_axis(v, down, axis).take(np.arange(k), axis))),
        (f"argtopk({text}, {k}, {dim})", ordered(lambda v: down.take(np.arange(k), axis))),
    ])


def draw(depth):
    """A text and the array that xarray makes of it; floats with a tolerance, since orders of addition differ."""
    if depth == 0:
        name = pick(numbers)
        return f"d.{name}", data[name]
    form = pick(["unary", "binary", "binary", "scalar", "reduce", "reduce", "select", "shape", "window", "scan", "group", "where",
                 "positions", "count", "product", "whole", "stencil"])
    text, value = draw(depth - 1)
    if value.dtype.kind == "b":
        text, value = f"({text} as f64)", value.astype("f8")
    if form == "unary":
        name = pick(list(UNARY))
        if value.dtype.kind in "iu" and name in ("exp2", "square"):
            name = "abs"
        return f"{name}({text})", UNARY[name](value)
    if form == "binary":
        other_text, other = draw(0)
        shape = pick(list(BINARY))
        if value.dtype.kind != "f" and other.dtype.kind != "f":
            other_text, other = f"({other_text} as f64)", other.astype("f8")
        if any(d in value.dims and value.sizes[d] != other.sizes[d] for d in other.dims):
            return text, value
        if any(d in value.coords and d in other.coords and not value[d].equals(other[d]) for d in other.dims):
            return text, value
        return f"({shape.format(text, other_text)})", BINARY[shape](value, other)
    if form == "scalar":
        number = pick([2, 3, 0.5])
        return pick([
            (f"({text} * {number})", value * number),
            (f"({text} + {number})", value + number),
            (f"({text} / {number})", value / number),
            (f"({number} - {text})", number - value),
        ])
    if form == "where" and value.dtype.kind == "f":
        return pick([
            (f"({text} where {text} > 0)", value.where(value > 0)),
            (f"fillna({text}, 1.5)", value.fillna(1.5)),
            (f"where({text} > 1, {text}, -{text})", xr.where(value > 1, value, -value)),
            (f"clip({text}, -3, 4)", value.clip(-3, 4)),
        ])
    if form == "reduce" and value.ndim:
        name = pick(REDUCTIONS)
        dims = [d for d in value.dims if rng.random() < 0.5] or [value.dims[0]]
        if name == "prod":
            text, value = f"clip({text}, -1, 1)", value.clip(-1, 1)
        options, kwargs = "", {}
        if value.dtype.kind == "f" and name != "count" and rng.random() < 0.3:
            options, kwargs = ", skipna: false", {"skipna": False}
        if name in ("std", "var") and rng.random() < 0.5 and all(value.sizes[d] > 1 for d in dims):
            options, kwargs = options + ", ddof: 1", {**kwargs, "ddof": 1}
        if value.sizes and min(value.sizes[d] for d in dims) == 0:
            return text, value
        return f"{name}({text}, {', '.join(dims)}{options})", getattr(value, name)(dims, **kwargs)
    if form == "whole" and value.ndim and min(value.shape) > 0:
        return draw_whole(text, value)
    if form == "select" and value.ndim:
        dim = pick(list(value.dims))
        n = value.sizes[dim]
        if n < 4:
            return text, value
        choices = [
            (f"isel({text}, {dim}: 1..<{n - 1})", value.isel({dim: slice(1, n - 1)})),
            (f"isel({text}, {dim}: -2)", value.isel({dim: -2}, drop=True)),
            (f"isel({text}, {dim}: [2, 0, 1])", value.isel({dim: [2, 0, 1]})),
            (f"isel({text}, {dim}: (0..<{n}) step 2)", value.isel({dim: slice(0, n, 2)})),
            (f"flip({text}, {dim})", value.isel({dim: slice(None, None, -1)})),
        ]
        return pick(choices)
    if form == "shape" and value.ndim:
        dims = list(value.dims)
        dim = pick(dims)
        order = [dims[i] for i in rng.permutation(len(dims))]
        choices = [(f"transpose({text}, {', '.join(order)})", value.transpose(*order))]
        if value.dtype.kind == "f":
            choices.append((f"shift({text}, {dim}: 2)", value.shift({dim: 2})))
            choices.append((f"roll({text}, {dim}: -3)", value.roll({dim: -3})))
            if value.sizes[dim] > 1:
                choices.append((f"diff({text}, {dim})", value.diff(dim)))
        return pick(choices)
    if form == "window" and value.ndim and value.dtype.kind == "f":
        dim = pick(list(value.dims))
        name = pick(["sum", "mean", "max", "min"])
        if value.sizes[dim] < 6:
            return text, value
        choices = [
            (f"({text} |> rolling({dim}: 3) |> {name}())", getattr(value.rolling({dim: 3}), name)()),
            (
                f"({text} |> rolling({dim}: 4, center: true, min_periods: 2) |> {name}())",
                getattr(value.rolling({dim: 4}, center=True, min_periods=2), name)(),
            ),
            (
                f"({text} |> coarsen({dim}: 3, boundary: trim) |> {name}())",
                getattr(value.coarsen({dim: 3}, boundary="trim"), name)(),
            ),
        ]
        return pick(choices)
    if form == "product" and value.ndim and value.dtype.kind == "f":
        other_text, other = draw(0)
        shared = [d for d in value.dims if d in other.dims]
        fits = all(value.sizes[d] == other.sizes[d] for d in shared)
        fits = fits and all(d not in value.coords or value[d].equals(other[d]) for d in shared)
        if not shared or not fits:
            return text, value
        dims = [d for d in shared if rng.random() < 0.7] or [shared[0]]
        low = 0 if other.dtype.kind == "u" else -9
        value, other = value.clip(-9, 9), other.clip(low, 9).astype(value.dtype)
        other_text = f"(clip({other_text}, {low}, 9) as f{8 * value.dtype.itemsize})"
        renamed = [d for d in other.dims if d not in dims and rng.random() < 0.5]
        if renamed:
            other_text = f"rename({other_text}, " + ", ".join(f"{d}: {d}_other" for d in renamed) + ")"
            other = other.rename({d: f"{d}_other" for d in renamed})
        return f"dot(clip({text}, -9, 9), {other_text}, {', '.join(dims)})", xr.dot(value, other, dim=dims)
    if form == "positions" and value.ndim and value.dtype.kind == "f":
        return draw_positions(text, value)
    if form == "scan" and value.ndim:
        dim = pick(list(value.dims))
        if value.dtype.kind != "f":
            return f"cumsum({text}, {dim})", value.cumsum(dim)
        single = value.dtype.itemsize < 8
        wide = value.astype("f8") if single else value
        bounded = wide.clip(-1, 1)
        choices = [
            (f"cumsum({text}, {dim})", wide.cumsum(dim).astype(value.dtype)),
            (f"cumsum({text}, {dim}, skipna: false)", wide.cumsum(dim, skipna=False).astype(value.dtype)),
            (f"cumprod(clip({text}, -1, 1), {dim}, dtype: f64)", bounded.cumprod(dim)),
            (f"cummax({text}, {dim}, skipna: false)", accumulated(np.maximum, value, dim)),
            (f"cummin(fillna({text}, 2), {dim})", accumulated(np.minimum, value.fillna(2), dim)),
            (f"ffill({text}, {dim})", value.ffill(dim)),
            (f"bfill({text}, {dim}, limit: 2)", value.bfill(dim, limit=2)),
        ]
        return pick(choices)
    if form == "stencil" and value.ndim and min(value.shape) > 2:
        return draw_stencil(text, value)
    if form == "group" and "group" not in value.dims and "t" in value.dims and "t" in value.coords and value.dtype.kind == "f":
        name = pick(["sum", "mean", "max", "count"])
        key = (value.t.astype("i8") % 4).rename("group")
        return f"({text} |> groupby(t % 4) |> {name}())", getattr(value.groupby(key), name)()
    if form == "count" and value.ndim and value.dtype.kind in "iuf" and "bin" not in value.dims:
        dims = [d for d in value.dims if rng.random() < 0.6] or [value.dims[0]]
        count, low = int(rng.integers(1, 9)), int(rng.integers(-20, 5))
        edges = np.linspace(low, low + 13, count + 1).astype(value.dtype if value.dtype.kind == "f" else "f8")
        counts = xr.apply_ufunc(
            lambda a: np.apply_along_axis(lambda v: np.histogram(v, edges)[0], -1, a.reshape(*a.shape[: -len(dims)], -1)),
            value, input_core_dims=[dims], output_core_dims=[["bin"]],
        )
        centres = np.linspace(low, low + 13, count + 1)
        counts = counts.assign_coords(bin=(centres[1:] + centres[:-1]) / 2)
        return f"histogram({text}, {', '.join(dims)}, bins: {count}, range: [{low}, {low + 13}])", counts
    return text, value


def draw_stencil(text, value):
    """A filter or a derivative along one dim or two, with any boundary."""
    exact = value if value.dtype.kind == "f" else value.astype("f8")
    dims = [str(d) for d in rng.permutation(value.dims)][: int(rng.integers(1, 3))]
    axes = tuple(value.get_axis_num(d) for d in dims)
    mode = pick(["reflect", "nearest", "mirror", "wrap", "constant"])
    ends = pick(["", f", boundary: {mode}"])
    mode = mode if ends else "reflect"
    like = lambda values: exact.copy(data=np.asarray(values, dtype=exact.dtype))
    wide = exact.values.astype("f8")
    form = pick(["gaussian", "uniform", "laplace", "sobel", "convolve", "gradient"])
    if form == "gaussian":
        sigma, truncate = [pick([0.4, 0.7, 1, 3]) for _ in dims], pick([2, 3, 4])
        named = ", ".join(f"{d}: {s}" for d, s in zip(dims, sigma))
        result = ndimage.gaussian_filter(wide, sigma, mode=mode, truncate=truncate, axes=axes)
        return f"gaussian({text}, {named}, truncate: {truncate}{ends})", like(result)
    if form == "uniform":
        size = [int(rng.integers(1, 6)) for _ in dims]
        named = ", ".join(f"{d}: {n}" for d, n in zip(dims, size))
        for axis, n in zip(axes, size):
            wide = ndimage.correlate1d(wide, [1 / n] * n, axis, mode=mode)
        return f"uniform({text}, {named}{ends})", like(wide)
    if form == "laplace":
        return f"laplace({text}, {', '.join(dims)}{ends})", like(ndimage.laplace(wide, mode=mode, axes=axes))
    if form == "sobel":
        return f"sobel({text}, {dims[0]}{ends})", like(ndimage.sobel(wide, axes[0], mode=mode))
    if form == "convolve":
        weights = rng.integers(-3, 4, size=[int(rng.integers(1, 5)) for _ in dims])
        order = np.argsort(axes)
        kernel = weights.transpose(order).reshape([weights.shape[axes.index(a)] if a in axes else 1 for a in range(value.ndim)])
        result = ndimage.convolve(wide, kernel, mode=mode)
        return f"convolve({text}, {weights.tolist()}, {', '.join(dims)}{ends})", like(result)
    dim = dims[0]
    edge_order = pick([1, 2])
    if dim in value.coords and value[dim].to_index().has_duplicates:
        return text, value
    positions = value[dim].values.astype("f8") if dim in value.coords else np.arange(value.sizes[dim])
    result = np.gradient(wide, positions, axis=axes[0], edge_order=edge_order)
    return f"gradient({text}, {dim}, edge_order: {edge_order})", like(result)


def compare(text, ours, theirs):
    if ours.dtype.kind == "f" or theirs.dtype.kind == "f":
        # xarray adds f32 in f32 and f16 in f16, which a later step may widen.
        single = ours.dtype.itemsize == 4 or theirs.dtype.itemsize == 4 or any(f"d.{name}" in text for name in singles)
        scale = float(np.nanmax(np.abs(theirs.values[np.isfinite(theirs.values)]), initial=0))
        half = ours.dtype.itemsize == 2 or theirs.dtype.itemsize == 2
        rtol = 5e-3 if half else 3e-5 if single else 1e-9
        np.testing.assert_allclose(ours, theirs, rtol=rtol, atol=rtol * max(scale, 1e-3), err_msg=text)
    else:
        np.testing.assert_array_equal(ours, theirs, err_msg=text)


def run(number, batch, threads, memory):
    lines = [f'source d = open("{folder}/in.zarr")']
    for i, (text, _) in enumerate(batch):
        lines.append(f"let e{i} = {text}")
        lines.append(f'sink e{i} to zarr("{folder}/out{number}.zarr/e{i}.zarr", "/v")')
    script = f"{folder}/s{number}.ff"
    with open(script, "w") as file:
        file.write("\n".join(lines) + "\n")
    os.makedirs(f"{folder}/out{number}.zarr")
    args = [ffrun, script, "--threads", str(threads), "--memory", memory, "--progress", "none"]
    done = subprocess.run(args, capture_output=True, text=True)
    assert done.returncode == 0, f"exit {done.returncode}: {' '.join(args)}\n{done.stderr}"
    failures = []
    for i, (text, theirs) in enumerate(batch):
        import zarr

        ours = zarr.open_array(f"{folder}/out{number}.zarr/e{i}.zarr/v", mode="r")
        try:
            dims = tuple(ours.metadata.dimension_names or ())
            # xarray puts new dims elsewhere in places; names decide.
            assert sorted(dims) == sorted(theirs.dims), f"{dims} {theirs.dims}"
            theirs = theirs.transpose(*dims)
            assert ours.shape == theirs.shape, f"{ours.shape} against {theirs.shape}"
            assert ours.dtype == theirs.dtype, f"{ours.dtype} against {theirs.dtype}"
            compare(text, ours[...], theirs)
        except AssertionError as error:
            failures.append(f"{text}\n{error}")
    return failures


expressions = []
while len(expressions) < count:
    try:
        expressions.append(draw(int(rng.integers(1, 5))))
    except (ValueError, TypeError):
        continue  # xarray itself refuses it
failures, size = [], 40
for number, start in enumerate(range(0, count, size)):
    setting = [(1, "256MiB"), (2, "4GiB"), (2, "256MiB"), (1, "4GiB")][number % 4]
    failures += run(number, expressions[start : start + size], *setting)
assert not failures, f"{len(failures)} of {count} differ\n\n" + "\n\n".join(failures[:12])
print(f"{count} expressions agree")
