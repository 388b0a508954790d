"""What is chosen by masks and by positions."""

import dask.array as da
import numpy as np
import xarray as xr

from inputs import Skip, lit
from reduced import missing
from table import Case, row


def filled(draw, found, like):
    """How many elements there is room for and what fills it, as text, and the elements along the first axis."""
    if draw.chance(0.5):
        return "", found
    size = draw.integer(0, len(found) + 5)
    if like.kind in "fcM" and draw.chance(0.5):
        fill, option = np.array("NaT", like) if like.kind == "M" else like.type(np.nan), ""
    elif like.kind == "M":
        raise Skip
    else:
        fill = like.type(draw.integer(0, 1) if like.kind == "b" else draw.integer(0, 90))
        option = f", fill: {lit(fill.real)}"
    result = np.full((size, *found.shape[1:]), fill, like)
    result[: len(found)] = found[:size]
    return f", size: {size}{option}", result


def some_mask(draw, value):
    """A mask over some of the dims of an array, as text and as values in the order of these dims."""
    over = draw.subset(value.dims)
    dims = [d for d in value.dims if d in over]
    kind = draw.pick(["values", "few", "labels", "none"])
    others = {d: 0 for d in value.dims if d not in dims}
    if kind == "labels" or value.dtype.kind not in "iuf" or any(value.sizes[d] == 0 for d in others):
        dim, bound = dims[0], draw.integer(-2, 30)
        return f"%s.{dim} > {bound}", value[dim] > bound
    bound = {"values": 0, "few": 12, "none": 200}[kind]
    if np.issubdtype(value.dtype, np.integer) and bound > np.iinfo(value.dtype).max:
        raise Skip
    chosen = value.isel(others, drop=True)
    inner = "%s" if not others else f"isel(%s, {', '.join(f'{d}: 0' for d in others)})"
    return f"{inner} > {bound}", chosen > bound


@row("compress extract")
def by_mask(draw, name):
    text, value = draw.array("biufcM")
    if name == "compress":
        dim = draw.pick(value.dims)
        axis = value.get_axis_num(dim)
        if draw.chance(0.5):
            mask = draw.rng.random(value.sizes[dim]) < draw.pick([0.0, 0.3, 0.6, 1.0])
            if not mask.size:
                raise Skip
            written = lit(list(mask))
        else:
            bound = draw.integer(-2, 30)
            mask, written = value[dim].values > bound, f"({text}).{dim} > {bound}"
        found = np.moveaxis(np.compress(mask, value.values, axis), axis, 0)
        option, result = filled(draw, found, value.dtype)
        coords = {d: value[d] for d in value.dims if d != dim or not option}
        if not option:
            coords[dim] = value[dim][mask]
        expected = xr.DataArray(np.moveaxis(result, 0, axis), dims=value.dims, coords=coords)
        return Case(f"compress({text}, {written}, {dim}{option})", expected)
    written, mask = some_mask(draw, value)
    kept = [d for d in value.dims if d not in mask.dims]
    moved = value.transpose(*mask.dims, *kept)
    option, result = filled(draw, moved.values[mask.values], value.dtype)
    new = draw.pick([None, "chosen"])
    option += "" if new is None else f", dim: {new}"
    expected = xr.DataArray(result, dims=[new or "point", *kept], coords={d: value[d] for d in kept})
    # Dims beside those of the mask stay where they are.
    return Case(f"extract({text}, {written % f'({text})'}{option})", expected, order=False)


@row("nonzero flatnonzero argwhere")
def where_not_zero(draw, name):
    text, value = draw.array("biufc", flavours="abc")
    if draw.chance(0.5) and value.dtype.kind in "iuf":
        bound = draw.pick([0, 5, 12, 100])
        text, value = f"({text} > {bound})", value > bound
    size, fill = draw.pick([None, 0, 3, 40]), draw.pick([None, 0, -9])
    options = "" if size is None else f", size: {size}" + ("" if fill is None else f", fill: {fill}")
    new = draw.pick([None, "at"])
    options += "" if new is None else f", dim: {new}"
    found = np.argwhere(value.values)
    if name == "flatnonzero":
        found = np.flatnonzero(value.values)
    which = None
    if name == "nonzero":
        which = draw.integer(0, value.ndim - 1)
        found = found[:, which]
    if size is not None:
        room = np.full((size, *found.shape[1:]), -1 if fill is None else fill)
        room[: len(found)] = found[:size]
        found = room
    dims = [new or "point", "axis"][: found.ndim]
    member = f".{value.dims[which]}" if name == "nonzero" else ""
    expected = xr.DataArray(found.astype("i8"), dims=dims)
    # The labels of `axis` are texts, the names of the dims.
    return Case(f"{name}({text}{options}){member}", expected, labels=name != "argwhere")


def some_positions(draw, size, repeated=True):
    """Positions as a script writes them and as NumPy takes them: one, several or a range."""
    if size == 0:
        raise Skip
    form = draw.pick(["one", "list", "range"])
    if form == "one":
        index = draw.integer(-size, size - 1)
        return str(index), index
    if form == "list":
        index = [draw.integer(-size, size - 1) for _ in range(draw.integer(1, 6))]
        return lit(index), np.array(index if repeated else list(dict.fromkeys(index)))
    low, high = sorted([draw.integer(0, size), draw.integer(0, size)])
    return f"{low}..<{high}", np.arange(low, high)


@row("take")
def taken(draw, _name):
    text, value = draw.array("biufcM")
    flat = draw.chance(0.3)
    dim = draw.pick(value.dims)
    axis = None if flat else value.get_axis_num(dim)
    size = value.size if flat else value.sizes[dim]
    written, index = some_positions(draw, size)
    mode = draw.pick([None, "raise", "wrap", "clip"])
    if mode in ("wrap", "clip"):
        index = np.array([draw.integer(-3 * size, 3 * size) for _ in range(draw.integer(1, 6))])
        written = lit(index)
        index = index % size if mode == "wrap" else index.clip(0, size - 1)
    option = ("" if flat else f", {dim}") + ("" if mode is None else f", mode: {mode}")
    result = np.take(value.values, index, axis)
    if flat:
        if value.ndim == 1:
            return Case(f"take({text}, {written}{option})", value.isel({dim: index}, drop=True))
        return Case(f"take({text}, {written}{option})", xr.DataArray(result, dims=["dim_0"][: np.ndim(index)]))
    return Case(f"take({text}, {written}{option})", value.isel({dim: index}, drop=True))


@row("delete")
def deleted(draw, _name):
    text, value = draw.array("biufcM")
    dim = draw.pick(value.dims)
    written, index = some_positions(draw, value.sizes[dim])
    left = np.delete(np.arange(value.sizes[dim]), index)
    return Case(f"delete({text}, {written}, {dim})", value.isel({dim: left}))


@row("insert")
def inserted(draw, _name):
    text, value = draw.array("iufc", least=1)
    dim = draw.pick(value.dims)
    axis, size = value.get_axis_num(dim), value.sizes[dim]
    written, index = some_positions(draw, size)
    if draw.chance(0.2):
        written, index = str(size), size  # After the last one.
    count = np.size(index)
    kind = draw.pick(["number", "with", "without"])
    if kind == "number":
        number = draw.integer(0, 90)
        put, values = str(number), np.array(number, value.dtype)
    elif kind == "without":
        put, values = f"isel({text}, {dim}: 0)", np.expand_dims(np.take(value.values, 0, axis), axis)
    else:
        if np.ndim(index) == 0:
            count = draw.integer(1, min(3, size))
        if count > size:
            raise Skip
        put = f"drop_coords(isel({text}, {dim}: 0..<{count}), {dim})"
        values = np.take(value.values, np.arange(count), axis)
    at = np.full(count, index) if np.ndim(index) == 0 else index
    shape = [count if i == axis else n for i, n in enumerate(value.shape)]
    result = np.insert(value.values, at, np.broadcast_to(values, shape), axis)
    expected = xr.DataArray(result, dims=value.dims, coords={d: value[d] for d in value.dims if d != dim})
    return Case(f"insert({text}, {written}, {put}, {dim})", expected)


@row("ravel_multi_index unravel_index")
def places(draw, name):
    shape = {d: draw.integer(1, 9) for d in draw.subset("abc")}
    sizes, named = list(shape.values()), draw.chance(0.5)
    written = "{" + ", ".join(f"{d}: {n}" for d, n in shape.items()) + "}" if named else lit(sizes)
    view = draw.view()
    if name == "unravel_index":
        text, value = view(*draw.source("iu", flavours="c"))
        count = int(np.prod(sizes))
        if count > np.iinfo(value.dtype).max:
            raise Skip
        which = draw.integer(0, len(sizes) - 1)
        found = np.unravel_index((value.values % value.dtype.type(count)).astype("i8"), sizes)[which]
        member = f".{list(shape)[which]}" if named else f"[{which}]"
        return Case(f"unravel_index({text} % {count}, {written}){member}", value.copy(data=np.asarray(found, "i8")))
    mode = draw.pick(["raise", "wrap", "clip"])
    rank = draw.pick([1, 2, 3])
    parts = [view(*draw.source("iu", [rank], "c")) for _ in sizes]
    if mode == "raise":
        parts = [(f"({t} % {n})", v % v.dtype.type(n)) for (t, v), n in zip(parts, sizes)]
    wide = [v.values.astype("i8") for _, v in parts]
    result = np.ravel_multi_index(wide, sizes, mode)
    texts = [t for t, _ in parts]
    given = "{" + ", ".join(f"{d}: {t}" for d, t in zip(shape, texts)) + "}" if named else f"[{', '.join(texts)}]"
    option = "" if mode == "raise" and draw.chance(0.5) else f", mode: {mode}"
    return Case(f"ravel_multi_index({given}, {written}{option})", parts[0][1].copy(data=np.asarray(result, "i8")))


@row("union1d")
def union(draw, _name):
    kinds = draw.pick(["M", "biuf"])
    (a_text, a), (b_text, b) = draw.array(kinds), draw.array(kinds)
    found = np.union1d(a.values.ravel(), b.values.ravel())
    if found.dtype.kind in "fM":
        found = np.concatenate([found[~missing(found)], found[missing(found)][:1]])
    if found.dtype.kind == "b" or found.size == 0:
        raise Skip
    option, result = filled(draw, found, found.dtype)
    if option.startswith(", size: 0"):
        raise Skip
    return Case(f"union1d({a_text}, {b_text}{option})", xr.DataArray(result, dims="unique"))


@row("piecewise")
def pieces(draw, _name):
    text, value, other_text, other = draw.pair("iuf")
    count = draw.integer(1, 3)
    bounds = [draw.integer(0, 20) for _ in range(count)]
    signs = [draw.pick("<>") for _ in range(count)]
    whose = [draw.pick([(text, value), (other_text, other)]) for _ in range(count)]
    if set(other.dims) - set(value.dims):
        whose = [(text, value)] * count
    holds = [(v < b if s == "<" else v > b) for (_, v), b, s in zip(whose, bounds, signs)]
    texts = [f"{t} {s} {b}" for (t, _), b, s in zip(whose, bounds, signs)]
    result = xr.zeros_like(value)
    values = [draw.pick([3, 7, "same"]) for _ in range(count + draw.integer(0, 1))]
    steps = list(zip(holds, values))
    for condition, put in [(None, values[-1]), *steps] if len(values) > count else steps:
        piece = value if put == "same" else xr.full_like(value, put)
        result = piece if condition is None else xr.where(condition, piece, result).transpose(*value.dims)
    written = [text if v == "same" else str(v) for v in values]
    call = f"piecewise({text}, [{', '.join(texts)}], [{', '.join(written)}])"
    return Case(call, result.astype(value.dtype))


@row("head tail thin")
def ends(draw, name):
    text, value = draw.array("biufcM", least=1)
    dim = draw.pick(value.dims)
    n = draw.integer(1, value.sizes[dim] + 2)
    return Case(f"{name}({text}, {dim}: {n})", getattr(value, name)({dim: n}))


@row("blocks")
def whole_chunks(draw, _name):
    """Chunks of a stated grid, of what a slice leaves of one, and of a stored one, as Dask picks them."""
    text, value = draw.array("biufcM", least=1)
    sizes = {d: draw.integer(1, value.sizes[d] + 1) for d in value.dims}
    text = f"rechunk({text}, {', '.join(f'{d}: {n}' for d, n in sizes.items())})"
    lengths = {d: [min(n, value.sizes[d] - at) for at in range(0, value.sizes[d], n)] for d, n in sizes.items()}
    if draw.chance(0.3):  # A slice keeps the boundaries of its source.
        dim = draw.pick(value.dims)
        at = draw.integer(0, value.sizes[dim] - 1)
        text, value = f"isel({text}, {dim}: {at}..)", value.isel({dim: slice(at, None)})
        whole = np.repeat(np.arange(len(lengths[dim])), lengths[dim])[at:]
        lengths[dim] = [int(n) for n in np.unique(whole, return_counts=True)[1]]
    blocks = da.from_array(np.asarray(value.values), tuple(tuple(lengths[d]) for d in value.dims)).blocks
    picks, index, listed = [], [slice(None)] * value.ndim, False
    for dim in draw.subset(value.dims):
        count = len(lengths[dim])
        kind = draw.pick(["number", "range", "list"])
        if kind == "range":
            start, stop, step = draw.integer(-count - 1, count + 1), draw.integer(-count - 1, count + 1), draw.pick([1, 1, 2, -1, -2])
            written, number = f"({start}..<{stop}) step {step}", slice(start, stop, step)
            if not range(count)[number]:  # Dask has no empty picks.
                raise Skip
        elif kind == "list" and not listed:  # Dask takes one list.
            number, listed = [draw.integer(-count, count - 1) for _ in range(draw.integer(1, count))], True
            written = lit(number)
        else:
            number = draw.integer(-count, count - 1)
            written = str(number)
        picks.append(f"{dim}: {written}")
        index[value.get_axis_num(dim)] = number
    result = blocks[tuple(index)]
    places = [da.from_array(np.arange(n), (tuple(lengths[d]),)).blocks[i].compute() for d, n, i in zip(value.dims, value.shape, index)]
    assert result.shape == tuple(len(p) for p in places)
    expected = value.isel(dict(zip(value.dims, places))).copy(data=result.compute())
    return Case(f"blocks({text}, {', '.join(picks)})", expected)
