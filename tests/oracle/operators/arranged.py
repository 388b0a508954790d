"""NumPy's ways to arrange: dims that change places, arrays side by side, diagonals, grids and blocks."""

import numpy as np
import xarray as xr

from inputs import NAMES, Skip
from table import Case, row


def cuts_of(draw, value, dim, most=3):
    """Ranges of positions along a dim, some of them of no elements."""
    size = value.sizes[dim]
    return [sorted([draw.integer(0, size), draw.integer(0, size)]) for _ in range(draw.integer(1, most))]


def part(text, value, dim, cut):
    return f"isel({text}, {dim}: {cut[0]}..<{cut[1]})", value.isel({dim: slice(*cut)})


def common(parts):
    """The dtype that NumPy makes of those of arrays that are joined."""
    return np.result_type(*(p.dtype for p in parts))


def joined(parts, dim, dims):
    """Arrays one after the other."""
    like = common(parts)
    return xr.concat([p.astype(like) for p in parts], dim).transpose(*dims)


@row("moveaxis rollaxis swapaxes")
def places(draw, name):
    text, value = draw.array("biufcM")
    dim, rank = draw.pick(value.dims), value.ndim
    axis = value.get_axis_num(dim)
    written = draw.pick([dim, str(axis), str(axis - rank)])
    numbers, order = np.arange(rank), np.arange(value.size).reshape(value.shape)
    if name == "swapaxes":
        other = draw.pick(value.dims)
        call, moved = f"swapaxes({text}, {written}, {other})", np.swapaxes(order, axis, value.get_axis_num(other))
        names = list(value.dims)
        names[axis], names[value.get_axis_num(other)] = other, dim
    else:
        to = draw.integer(-rank, rank - 1 if name == "moveaxis" else rank)
        option = f", {to}" if name == "moveaxis" or to or draw.chance(0.5) else ""
        call, moved = f"{name}({text}, {written}{option})", getattr(np, name)(order, axis, to)
        shuffled = getattr(np, name)(np.empty(numbers + 1), axis, to).shape  # As long as their number, from 1 on.
        names = [value.dims[n - 1] for n in shuffled]
    expected = value.transpose(*names)
    assert expected.shape == moved.shape
    return Case(call, expected)


@row("append")
def appended(draw, _name):
    view = draw.view()
    kinds = draw.pick(["biuf", "biufc", "M"])
    rank = draw.pick([1, 2, 3])
    parts = [view(*draw.source(kinds, [rank])) for _ in range(2)]
    dim = draw.pick(parts[0][1].dims)
    low, high = sorted([draw.integer(0, parts[1][1].sizes[dim]), draw.integer(0, parts[1][1].sizes[dim])])
    parts[1] = part(*parts[1], dim, (low, high))
    expected = joined([p[1] for p in parts], dim, parts[0][1].dims)
    return Case(f"append({parts[0][0]}, {parts[1][0]}, {dim})", expected)


@row("hstack vstack dstack")
def side_by_side(draw, name):
    view, rank = draw.view(), draw.pick([1, 2, 3])
    kinds = draw.pick(["biuf", "biufc", "M"])
    parts = [view(*draw.source(kinds, [rank])) for _ in range(draw.integer(1, 3))]
    axis = {"hstack": min(rank - 1, 1), "vstack": 0 if rank > 1 else None, "dstack": 2 if rank > 2 else None}[name]
    dims = list(parts[0][1].dims)
    if axis is not None:
        dim = dims[axis]
        for i, (text, value) in enumerate(parts):
            low, high = sorted([draw.integer(0, value.sizes[dim]), draw.integer(0, value.sizes[dim])])
            parts[i] = part(text, value, dim, (low, high))
        expected = joined([p[1] for p in parts], dim, dims)
    else:
        before = ["dim_0"] if rank == 1 else []
        dims = [*before, *dims] if name == "vstack" else [*before, *dims, f"dim_{2 - rank}"]
        common([p[1] for p in parts])
        values = getattr(np, name)([p[1].values for p in parts])
        first = parts[0][1]
        expected = xr.DataArray(values, dims=dims, coords={d: first[d] for d in first.dims})
    return Case(f"{name}([{', '.join(p[0] for p in parts)}])", expected)


@row("block")
def blocks(draw, _name):
    """Lists of lists of arrays, whose rows are of the same widths."""
    text, value = draw.array("biufcM", least=1)
    depth = draw.integer(1, value.ndim)
    if draw.chance(0.15) and value.ndim == 1:
        count = draw.integer(1, 3)
        values = np.block([[value.values]] * count)
        expected = xr.DataArray(values, dims=["dim_0", *value.dims], coords={d: value[d] for d in value.dims})
        return Case(f"block([{', '.join([f'[{text}]'] * count)}])", expected)
    dims = value.dims[value.ndim - depth :]
    cuts = [cuts_of(draw, value, dim) for dim in dims]

    def nested(text, value, level):
        if level == depth:
            return text, value
        made = [nested(*part(text, value, dims[level], cut), level + 1) for cut in cuts[level]]
        return f"[{', '.join(m[0] for m in made)}]", joined([m[1] for m in made], dims[level], value.dims)

    written, expected = nested(text, value, 0)
    return Case(f"block({written})", expected)


@row("broadcast_arrays")
def alike(draw, _name):
    a_text, a, b_text, b = draw.pair("biufcM")
    which = draw.pick([0, 1])
    return Case(f"broadcast_arrays({a_text}, {b_text})[{which}]", xr.broadcast(a, b)[which])


@row("meshgrid")
def grids(draw, _name):
    arrays = []
    view = draw.view(least=1)
    for dim in draw.subset("tyx"):
        text, value = draw.source("biufc", (3,))
        others = [d for d in value.dims if d != dim]
        places = {d: draw.integer(0, value.sizes[d] - 1) for d in others}
        text = f"isel({text}, {', '.join(f'{d}: {n}' for d, n in places.items())})"
        arrays.append(view(text, value.isel(places, drop=True)))
    indexing = draw.pick(["xy", "ij"])
    which = draw.integer(0, len(arrays) - 1)
    dims = [value.dims[0] for _, value in arrays]
    if indexing == "xy" and len(dims) > 1:
        dims[:2] = dims[1::-1]
    values = np.meshgrid(*(value.values for _, value in arrays), indexing=indexing)[which]
    expected = xr.DataArray(values, dims=dims, coords={value.dims[0]: value[value.dims[0]] for _, value in arrays})
    option = "" if indexing == "xy" and draw.chance(0.5) else f", indexing: {indexing}"
    return Case(f"meshgrid({', '.join(text for text, _ in arrays)}{option})[{which}]", expected)


@row("atleast_1d atleast_2d atleast_3d")
def of_rank(draw, name):
    text, value = draw.array("biufcM")
    if draw.chance(0.3):
        if value.size == 0:
            raise Skip
        places = {d: draw.integer(0, value.sizes[d] - 1) for d in draw.subset(value.dims)}
        text = f"isel({text}, {', '.join(f'{d}: {n}' for d, n in places.items())})"
        value = value.isel(places, drop=True)
    result = getattr(np, name)(value.values)
    new = [f"dim_{i}" for i in range(result.ndim - value.ndim)]
    if name == "atleast_3d" and value.ndim > 0:
        dims = [*new[: 2 - value.ndim], *value.dims, *new[max(2 - value.ndim, 0) :]]
    else:
        dims = [*new, *value.dims]
    return Case(f"{name}({text})", xr.DataArray(result, dims=dims, coords={d: value[d] for d in value.dims}))


@row("diag diagonal")
def diagonals(draw, name):
    text, value = draw.array("biufc" if name == "diag" else "biufcM", ranks=(1, 2) if name == "diag" else (2, 3))
    if name == "diag":
        k = draw.integer(-5, 5)
        option = "" if k == 0 else draw.pick([f", {k}", f", k: {k}"])
        dims = list(value.dims[:1])
        if value.ndim == 1:
            columns = draw.pick([None, "q"])
            option += "" if columns is None else f", columns: {columns}"
            dims.append(columns or f"{dims[0]}_2")
        return Case(f"diag({text}{option})", xr.DataArray(np.diag(value.values, k), dims=dims))
    rows, columns = draw.subset(value.dims, 2)[:2]
    offset, dim = draw.integer(-9, 9), draw.pick([None, "q"])
    options = "" if offset == 0 and draw.chance(0.5) else f", offset: {offset}"
    if draw.chance(0.4):
        rows, columns = value.dims[-2:]
    else:
        options += f", rows: {rows}, columns: {columns}"
    options += "" if dim is None else f", dim: {dim}"
    result = np.diagonal(value.values, offset, value.get_axis_num(rows), value.get_axis_num(columns))
    kept = [d for d in value.dims if d not in (rows, columns)]
    expected = xr.DataArray(result, dims=[*kept, dim or rows], coords={d: value[d] for d in kept})
    return Case(f"diagonal({text}{options})", expected)


@row("ediff1d")
def differences(draw, _name):
    text, value = draw.array("iufcM")
    if value.ndim == 1:
        return Case(f"ediff1d({text})", value.diff(value.dims[0]))
    return Case(f"ediff1d({text})", xr.DataArray(np.ediff1d(value.values), dims="dim_0"))


@row("tri")
def triangle(draw, _name):
    n, m, k = draw.integer(0, 7), draw.pick([None, 0, 1, 3, 8]), draw.integer(-9, 9)
    code = draw.pick(["b1", "i2", "i8", "u1", "f2", "f4", "f8", "c8"])
    options = [f"m: {m}"] if m is not None else []
    options += [f"k: {k}", f"dtype: {NAMES[code]}"]
    return Case(f"tri({n}, {', '.join(options)})", xr.DataArray(np.tri(n, m, k, code), dims=("dim_0", "dim_1")))


@row("indices")
def positions(draw, _name):
    shape = {d: draw.integer(0, 6) for d in draw.subset("abc")}
    code = draw.pick([None, "i2", "u1", "f4", "i8"])
    named = draw.chance(0.6)
    dims = list(shape) if named else [f"dim_{i}" for i in range(len(shape))]
    written = "{" + ", ".join(f"{d}: {n}" for d, n in shape.items()) + "}" if named else str(list(shape.values()))
    result = np.indices(list(shape.values()), code or "i8")
    option = "" if code is None else f", {NAMES[code]}"
    # The labels of the first dim are texts, the names of the others.
    return Case(f"indices({written}{option})", xr.DataArray(result, dims=["axis", *dims]), labels=False)
