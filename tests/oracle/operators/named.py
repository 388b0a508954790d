"""Arrangements by NumPy's names, masks, moments, joint histograms, transforms of several dims, triangular matrices, more random numbers."""

import numpy as np
import xarray as xr
from scipy import linalg, stats

from inputs import Skip, lit
from table import Case, row


def made(values, dims, like, without=()):
    """An array with the labels that another has along the same dims."""
    return xr.DataArray(values, dims=dims, coords={d: like[d] for d in dims if d in like.coords and d not in without})


@row("swapaxes moveaxis rollaxis")
def places(draw, name):
    text, value = draw.array("biufcM")
    dims = list(value.dims)
    if name == "swapaxes":
        a, b = draw.pick(dims), draw.pick(dims)
        order = [{a: b, b: a}.get(d, d) for d in dims]
        return Case(f"swapaxes({text}, {a}, {b})", value.transpose(*order))
    dim = draw.pick(dims)
    to = draw.integer(-value.ndim, value.ndim - (name == "moveaxis"))
    expected = getattr(np, name)(value.values, dims.index(dim), to)
    order = getattr(np, name)(np.zeros(range(1, value.ndim + 1)), dims.index(dim), to).shape
    return Case(f"{name}({text}, {dim}, {to})", made(expected, [dims[n - 1] for n in order], value))


@row("atleast_1d atleast_2d atleast_3d vstack hstack dstack")
def deeper(draw, name):
    text, value = draw.array("biufcM")
    least = {"hstack": 1, "vstack": 2, "dstack": 3}.get(name) or int(name[8])
    new = {(1, 2): [0], (1, 3): [0, 2], (2, 3): [2]}.get((value.ndim, least), [])
    dims = list(value.dims)
    for number, place in enumerate(new):
        dims.insert(place, f"dim_{number}")
    if name.startswith("atleast"):
        return Case(f"{name}({text})", made(getattr(np, name)(value.values), dims, value))
    axis = {"vstack": 0, "hstack": int(value.ndim > 1), "dstack": 2}[name]
    expected = made(getattr(np, name)([value.values] * 2), dims, value, [dims[axis]])
    if dims[axis] in value.dims:
        expected = expected.assign_coords({dims[axis]: np.tile(value[dims[axis]].values, 2)})
    return Case(f"{name}([{text}, {text}])", expected)


@row("block")
def blocks(draw, _name):
    text, value = draw.array("biufcM", ranks=(2, 3))
    *_, rows, columns = value.dims
    expected = made(np.block([[value.values] * 3] * 2), value.dims, value, [rows, columns])
    labels = {d: np.tile(value[d].values, n) for d, n in ((rows, 2), (columns, 3))}
    line = f"[{text}, {text}, {text}]"
    return Case(f"block([{line}, {line}])", expected.assign_coords(labels))


@row("broadcast_arrays meshgrid")
def grids(draw, name):
    if name == "broadcast_arrays":
        a, x, b, y = draw.pair("iuf")
        number = draw.integer(0, 1)
        return Case(f"broadcast_arrays({a}, {b})[{number}]", xr.broadcast(x, y)[number].transpose(*dict.fromkeys(x.dims + y.dims)))
    text, value = draw.array("biufM", ranks=(1,))
    line = np.arange(draw.integer(0, 5))
    number, indexing = draw.integer(0, 1), draw.pick(["xy", "ij"])
    grid = np.meshgrid(value.values, line, indexing=indexing)[number]
    call = f"meshgrid({text}, arange({line.size}, dim: s), indexing: {indexing})[{number}]"
    return Case(call, made(grid, ["s", "t"] if indexing == "xy" else ["t", "s"], value), labels=False)


@row("head tail thin take delete append")
def parts(draw, name):
    text, value = draw.array("biufcM", least=1)
    dim = draw.pick(value.dims)
    size = value.sizes[dim]
    if name in ("head", "tail", "thin"):
        n = draw.integer(1, size + 2)
        return Case(f"{name}({text}, {dim}: {n})", getattr(value, name)({dim: n}))
    if name == "append":
        return Case(f"append({text}, {text}, {dim})", xr.concat([value, value], dim))
    index = [draw.integer(-size, size - 1) for _ in range(draw.integer(1, 6))]
    if name == "delete":
        return Case(f"delete({text}, {index}, {dim})", value.isel({dim: np.delete(np.arange(size), index)}))
    mode = draw.pick(["raise", "wrap", "clip"])
    index = index if mode == "raise" else [draw.integer(-2 * size, 2 * size) for _ in index]
    places = np.arange(size).take(index, mode=mode)
    return Case(f"take({text}, {index}, {dim}, mode: {mode})", value.isel({dim: places}))


@row("insert")
def inserted(draw, _name):
    text, value = draw.array("iuf")
    dim = draw.pick(value.dims)
    axis, size = value.get_axis_num(dim), value.sizes[dim]
    index = draw.pick([draw.integer(-size, size), [draw.integer(-size, size) for _ in range(3)]])
    expected = made(np.insert(value.values, index, 1, axis), value.dims, value, [dim])
    return Case(f"insert({text}, {index}, 1, {dim})", expected)


@row("ediff1d union1d push")
def lines(draw, name):
    text, value = draw.array("iuf" if name != "push" else "f")
    if name == "ediff1d" and value.ndim == 1:
        return Case(f"ediff1d({text})", value.diff("t"), rtol=1e-2 if value.dtype == "f2" else None)
    if name == "ediff1d":
        return Case(f"ediff1d({text})", xr.DataArray(np.diff(value.values.ravel()), dims="dim_0"), rtol=1e-2 if value.dtype == "f2" else None)
    if name == "push":
        dim, n = draw.pick(value.dims), draw.integer(1, 3)
        values = np.moveaxis(value.values.copy(), value.get_axis_num(dim), 0)
        source = values.copy()
        for i in range(1, len(values)):
            for back in range(1, min(n, i) + 1):
                values[i] = np.where(np.isnan(values[i]), source[i - back], values[i])
        return Case(f"push({text}, {dim}, n: {n})", made(np.moveaxis(values, 0, value.get_axis_num(dim)), value.dims, value))
    both = np.unique(np.concatenate([value.values.ravel(), [value.dtype.type(3)]]))
    fill = np.full(2000 - both.size, 7, value.dtype)
    return Case(f"union1d({text}, full([1], 3) as {text_dtype(value)}, size: 2000, fill: 7)", xr.DataArray(np.concatenate([both, fill]), dims="unique"))


def text_dtype(value):
    kind = {"i": "i", "u": "u", "f": "f"}[value.dtype.kind]
    return f"{kind}{8 * value.dtype.itemsize}"


@row("diag diagonal tri indices")
def matrices(draw, name):
    k = draw.integer(-4, 4)
    if name == "tri":
        n, m = draw.integer(0, 6), draw.integer(0, 6)
        return Case(f"tri({n}, {m}, {k})", xr.DataArray(np.tri(n, m, k), dims=("dim_0", "dim_1")))
    if name == "indices":
        n, m = draw.integer(0, 5), draw.integer(0, 5)
        return Case(f"indices({{a: {n}, b: {m}}})", xr.DataArray(np.indices((n, m)), dims=("axis", "a", "b")), labels=False)
    text, value = draw.array("biufc", ranks=(1, 2) if name == "diag" else (2, 3))
    if name == "diagonal":
        rows, columns = value.dims[-2:]
        expected = np.diagonal(value.values, k, -2, -1)
        return Case(f"diagonal({text}, {k})", made(expected, [*value.dims[:-2], rows], value, [rows]))
    dims = [value.dims[0], f"{value.dims[0]}_2"] if value.ndim == 1 else [value.dims[0]]
    return Case(f"diag({text}, {k})", xr.DataArray(np.diag(value.values, k), dims=dims))


@row("compress extract")
def chosen(draw, name):
    text, value = draw.array("iuf")
    if name == "extract":
        held = value.values > 3
        values = np.concatenate([value.values[held], np.full(2000, 5, value.dtype)])[:150]
        return Case(f"extract({text}, {text} > 3, size: 150, fill: 5)", xr.DataArray(values, dims="point"))
    dim = draw.pick(value.dims)
    mask = draw.rng.random(value.sizes[dim]) < 0.5
    if draw.chance(0.5):
        return Case(f"compress({text}, {lit(mask)}, {dim})", value.isel({dim: mask}))
    known = f"full({{{dim}: {mask.size}}}, 1) * {lit(mask.astype(int))[1:-1].split(',')[0]} == 1" if mask.size == 1 else lit(mask)
    axis = value.get_axis_num(dim)
    kept = value.values.compress(mask, axis)
    shape = list(value.shape)
    shape[axis] = 4
    padded = np.concatenate([kept, np.full(shape, 5, value.dtype)], axis).take(range(4), axis)
    if mask.size == 1:
        raise Skip
    return Case(f"compress({text}, {known}, {dim}, size: 4, fill: 5)", made(padded, value.dims, value, [dim]))


@row("flatnonzero nonzero argwhere")
def found(draw, name):
    text, value = draw.array("biufc")
    places = np.argwhere(value.values)
    filled = np.concatenate([places, np.full((2000, value.ndim), -1)])[:200]
    if name == "argwhere":
        return Case(f"argwhere({text}, size: 200)", xr.DataArray(filled, dims=("point", "axis")), labels=False)
    if name == "nonzero":
        axis = draw.integer(0, value.ndim - 1)
        return Case(f"nonzero({text}, size: 200).{value.dims[axis]}", xr.DataArray(filled[:, axis], dims="point"))
    flat = np.concatenate([np.flatnonzero(value.values), np.full(2000, -7)])[:200]
    return Case(f"flatnonzero({text}, size: 200, fill: -7)", xr.DataArray(flat, dims="point"))


@row("unravel_index ravel_multi_index")
def ravelled(draw, name):
    text, value = draw.array("iu")
    shape = (draw.integer(1, 5), draw.integer(1, 5))
    if name == "unravel_index":
        count, number = shape[0] * shape[1], draw.integer(0, 1)
        at = np.mod(value.values.astype("i8"), count)
        expected = np.unravel_index(at, shape)[number] if at.size else at
        call = f"unravel_index(({text} as i64) % {count}, {{a: {shape[0]}, b: {shape[1]}}}).{'ab'[number]}"
        return Case(call, made(expected, value.dims, value))
    mode = draw.pick(["clip", "wrap"])
    at = np.clip(value.values.astype("i8"), -50, 50)
    expected = np.ravel_multi_index((at, np.abs(at)), shape, mode=mode)
    text = f"clip({text} as i64, -50, 50)"
    return Case(f"ravel_multi_index([{text}, abs({text})], {list(shape)}, mode: {mode})", made(expected, value.dims, value))


@row("average moment skew kurtosis")
def moments(draw, name):
    text, value = draw.array("iuf", flavours="c", least=1)
    if value.dtype.itemsize == 2 and value.dtype.kind == "f":
        raise Skip
    dims = draw.subset(value.dims)
    axes = tuple(value.get_axis_num(d) for d in dims)
    lines = np.moveaxis(value.values.astype("f8"), axes, range(-len(axes), 0))
    lines = lines.reshape([value.sizes[d] for d in value.dims if d not in dims] + [-1])
    option, dtype = "", value.dtype if value.dtype.kind == "f" else "f8"
    if name == "average":
        expected = lines.mean(-1)
    elif name == "moment":
        order = draw.integer(0, 4)
        expected = stats.moment(lines, order, axis=-1)
        text += f", {order}"
    else:
        bias = draw.chance(0.5)
        expected = getattr(stats, name)(lines, axis=-1, bias=bias)
        option = f", bias: {lit(bias)}"
    kept = [d for d in value.dims if d not in dims]
    case = made(np.asarray(expected).astype(dtype), kept, value)
    exact = 1e-5 if value.dtype == "f4" else 1e-9
    return Case(f"{name}({text}, {', '.join(dims)}{option})", case, rtol=exact, atol=exact)


@row("histogram2d histogramdd")
def joint(draw, name):
    a, x, b, y = draw.pair("f", flavours="c")
    if x.dtype != "f8" or y.dtype != "f8" or x.dims != y.dims:
        raise Skip
    bins, density = [draw.integer(1, 5), draw.integer(1, 4)], draw.chance(0.3)
    reach = [[-12, 9], [-3, 20]]
    values = [v.values.ravel() for v in (x, y)]
    expected = np.histogram2d(*values, bins=bins, range=reach, density=density)[0]
    expected = expected if density else expected.astype("i8")
    options = f"bins: {bins}, range: {reach}{', density: true' if density else ''}"
    if name == "histogram2d":
        return Case(f"histogram2d({a}, {b}, {options})", xr.DataArray(expected, dims=("bin_x", "bin_y")), labels=False)
    return Case(f"histogramdd([{a}, {b}], {options})", xr.DataArray(expected, dims=("bin_0", "bin_1")), labels=False)


@row("fft2 ifft2 fftn ifftn rfft2 irfft2 rfftn irfftn")
def transforms(draw, name):
    text, value = draw.array("iuf" if name.startswith("r") else "iufc", ranks=(2, 3), flavours="c", least=2)
    if value.dtype.kind in "iu" and value.dtype.itemsize == 8:
        raise Skip
    if name.startswith("irfft") and value.shape[-1] < 2 or 0 in value.shape:
        raise Skip
    wide = value.values.astype("c16" if value.dtype.kind == "c" else "f8")
    result = getattr(np.fft, name)(wide)
    single = value.dtype in ("f2", "f4", "c8")
    result = result.astype({"c": "c8", "f": "f4"}[result.dtype.kind]) if single else result
    kept = value.dims[:-2] if name.endswith("2") else ()
    expected = xr.DataArray(result, dims=value.dims, coords={d: value[d] for d in kept})
    return Case(f"{name}({text})", expected, atol=1e-6 if single else 1e-14, rtol=1e-6 if single else 1e-13)


@row("piecewise")
def pieces(draw, name):
    text, value = draw.array("f", flavours="bc")
    conditions = [value.values < 0, value.values > -2]
    expected = np.piecewise(value.values, conditions, [lambda v: v + 1, 4, -3])
    call = f"piecewise({text}, [{text} < 0, {text} > -2], [{text} + 1, 4, -3])"
    return Case(call, made(expected, value.dims, value))


@row("lu solve_triangular corrcoef")
def triangles(draw, name):
    text, value = draw.source("f", ranks=(2,), flavours="c")
    if value.dtype != "f8":
        raise Skip
    if name == "corrcoef":
        return Case(f"corrcoef({text}, rows: x)", made(np.corrcoef(value.values.T), ["x", "x_2"], value), rtol=1e-9, atol=1e-12, labels=False)
    low = draw.integer(0, 16)
    text, square = f"isel({text}, t: {low}..<{low + 7})", value.isel(t=slice(low, low + 7))
    if name == "lu":
        field = draw.pick("plu")
        expected = dict(zip("plu", linalg.lu(square.values)))[field]
        dims = {"p": ["t", "component_2"], "l": ["component_2", "component"], "u": ["component", "x"]}[field]
        return Case(f"lu({text}).{field}", made(expected, dims, square), rtol=1e-9, atol=1e-12, labels=False)
    lower = draw.chance(0.5)
    right = square.values[:, 0]
    expected = linalg.solve_triangular(square.values, right, lower=lower)
    call = f"solve_triangular({text}, isel({text}, x: 0), lower: {lit(lower)})"
    return Case(call, made(expected, ["x"], square), rtol=1e-6, atol=1e-9, labels=False)


RANDOM = {
    "lognormal": "", "gamma": "0.7, ", "beta": "2, 3, ", "chisquare": "3, ", "standard_t": "4, ", "laplace": "", "logistic": "", "gumbel": "",
    "weibull": "2, ", "pareto": "3, ", "rayleigh": "", "standard_cauchy": "", "triangular": "0, 1, 3, ", "geometric": "0.2, ", "choice": "[3, 5, 8], ",
}


@row([f"random.{name}" for name in RANDOM])
def numbers(draw, name):
    """Numbers depend on their position in C order only (tests/oracle/draws.py looks at the distributions)."""
    n, m = draw.integer(1, 9), draw.integer(1, 9)
    args, seed, low = RANDOM[name.split(".")[1]], draw.integer(0, 99), draw.integer(0, n - 1)
    whole = f"{name}({{a: {n}, b: {m}}}, {args}seed: {seed})"
    flat = f"reshape({name}([{n * m}], {args}seed: {seed}), {{a: {n}, b: {m}}})"
    text = f"(isel({whole}, a: {low}..) == isel({flat}, a: {low}..))"
    return Case(text, xr.DataArray(np.ones((n - low, m), bool), dims=("a", "b")))
