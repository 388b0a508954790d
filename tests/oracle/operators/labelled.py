"""Selection and what goes by labels."""

import numpy as np
import xarray as xr

from inputs import Skip, lit
from table import Case, row


@row("isel")
def by_position(draw, _name):
    text, value = draw.source("biufcM")
    parts, indexers = [], {}
    for dim in draw.subset(value.dims):
        size = value.sizes[dim]
        low, high, step = draw.integer(-size, size), draw.integer(-size, size), draw.integer(1, 4)
        form = draw.pick(["one", "range", "open", "step", "list", "mask"])
        if form == "one":
            index = draw.integer(-size, size - 1)
            parts.append(f"{dim}: {index}")
            indexers[dim] = index
        elif form == "range":
            parts.append(f"{dim}: {low}..<{high}")
            indexers[dim] = slice(low, high)
        elif form == "open":
            parts.append(f"{dim}: {low}..")
            indexers[dim] = slice(low, None)
        elif form == "step":
            start, stop = draw.integer(0, size), draw.integer(0, size)
            parts.append(f"{dim}: ({min(start, stop)}..<{max(start, stop)}) step {step}")
            indexers[dim] = slice(min(start, stop), max(start, stop), step)
        elif form == "list":
            index = [draw.integer(-size, size - 1) for _ in range(draw.integer(1, 6))]
            parts.append(f"{dim}: {index}")
            indexers[dim] = index
        else:
            mask = draw.rng.random(size) < 0.5
            parts.append(f"{dim}: {lit(list(mask))}")
            indexers[dim] = mask
    expected = value.isel(indexers, drop=True)
    written = ", ".join(parts)
    return Case(draw.pick([f"isel({text}, {written})", f"{text}[{written}]"]), expected)


@row("sel")
def by_label(draw, _name):
    text, value = draw.source("fi", (1, 2, 3))
    dim = draw.pick(value.dims)
    labels = value[dim].values
    form = draw.pick(["one", "list", "range", "nearest", "pad", "backfill"])
    if form == "one":
        label = draw.pick(labels)
        return Case(f"sel({text}, {dim}: {lit(label)})", value.sel({dim: label}, drop=True))
    if form == "list":
        wanted = [draw.pick(labels) for _ in range(draw.integer(1, 5))]
        return Case(f"sel({text}, {dim}: {lit(wanted)})", value.sel({dim: wanted}))
    if dim == "x":
        raise Skip
    low, high = sorted([draw.rng.random() * 70 - 5, draw.rng.random() * 70 - 5])
    low, high = round(low, 1), round(high, 1)
    if form == "range":
        ends = (high, low) if dim == "y" else (low, high)
        chosen = value.sel({dim: slice(*ends)})
        return Case(f"sel({text}, {dim}: {ends[0]}..{ends[1]})", chosen)
    wanted = [round(draw.rng.random() * 45 + 11, 1) for _ in range(draw.integer(1, 5))]
    try:
        return Case(f"sel({text}, {dim}: {wanted}, method: {form})", value.sel({dim: wanted}, method=form))
    except KeyError:
        raise Skip from None


def relabelled(draw, value, dim):
    """Labels of a dim, some of them and others that it has not, in random order."""
    labels = value[dim].values.astype("f8")
    others = [float(draw.integer(-5, 70)) for _ in range(draw.integer(0, 4))]
    return np.array(draw.subset(dict.fromkeys([*labels.tolist(), *others])))


@row("reindex reindex_like")
def reindexed(draw, name):
    text, value = draw.array("fib", least=1, empty=False)
    dim = draw.pick(value.dims)
    labels = relabelled(draw, value, dim)
    method = draw.pick([None, None, "nearest", "pad", "backfill"])
    if method and dim == "x":
        raise Skip
    fill = draw.pick([None, 7]) if value.dtype.kind != "b" else None
    if value.dtype.kind == "b":
        raise Skip
    options = "" if method is None else f", method: {method}"
    options += "" if fill is None else f", fill: {fill}"
    expected = value.reindex({dim: labels}, method=method, **({} if fill is None else {"fill_value": value.dtype.type(fill)}))
    call = f"reindex({text}, {dim}: {lit(labels)}{options})"
    if name == "reindex_like":
        call = f"reindex_like({text}, assign_coords(zeros({{{dim}: {len(labels)}}}), {dim}: {lit(labels)}){options})"
    return Case(call, expected)


@row("align")
def aligned(draw, _name):
    text, value = draw.source("f")
    dim = draw.pick(value.dims)
    size = value.sizes[dim]
    cuts = [sorted([draw.integer(0, size), draw.integer(0, size)]) for _ in range(2)]
    if any(a == b for a, b in cuts):
        raise Skip
    join = draw.pick(["inner", "outer", "left", "right"])
    parts = [value.isel({dim: slice(*cut)}) for cut in cuts]
    texts = [f"isel({text}, {dim}: {a}..<{b})" for a, b in cuts]
    which = draw.pick([0, 1])
    expected = xr.align(*parts, join=join)[which]
    if join == "inner" and dim == "x":
        raise Skip
    return Case(f"align({', '.join(texts)}, join: {join})[{which}]", expected)


@row("idxmin idxmax")
def labels_of_extremes(draw, name):
    text, value = draw.array("biuf", least=1)
    dim = draw.pick(value.dims)
    if value.size == 0:
        raise Skip
    skipna = not draw.chance(0.3)
    if value.dtype.kind != "f":
        # xarray knows no missing label where nothing is missing.
        found = value[dim].values[getattr(value.values, name.replace("idx", "arg"))(value.get_axis_num(dim))]
        kept = [d for d in value.dims if d != dim]
        expected = xr.DataArray(found, dims=kept, coords={d: value[d] for d in kept})
    else:
        expected = getattr(value, name)(dim, skipna=skipna)
        expected = expected.astype("f8") if expected.dtype.kind == "i" else expected
    return Case(f"{name}({text}, {dim}{'' if skipna else ', skipna: false'})", expected)


@row("sortby")
def sorted_by(draw, _name):
    text, value = draw.array("biufcM")
    dim = draw.pick(value.dims)
    reverse = draw.pick([True, False])
    option = ", descending: true" if reverse else ""
    if draw.chance(0.5):
        return Case(f"sortby({text}, {dim}{option})", value.sortby(dim, ascending=not reverse))
    key = draw.rng.integers(0, 5, value.sizes[dim])
    if list(value.shape).count(value.sizes[dim]) > 1 or value.sizes[dim] == 0:
        raise Skip
    return Case(f"sortby({text}, {key.tolist()}{option})", value.sortby(xr.DataArray(key, dims=dim), ascending=not reverse))


@row("dropna")
def without_gaps(draw, _name):
    text, value = draw.array("fiM", flavours="ac")
    dim = draw.pick(value.dims)
    if draw.chance(0.4):
        least = draw.integer(0, 9)
        return Case(f"dropna({text}, {dim}, thresh: {least})", value.dropna(dim, thresh=least))
    how = draw.pick(["any", "all"])
    return Case(f"dropna({text}, {dim}, how: {how})", value.dropna(dim, how=how))


@row("combine_first")
def combined(draw, _name):
    text, value = draw.source("f")
    other_text, other = draw.source("f", (value.ndim,))
    if other.dtype != value.dtype:
        raise Skip
    dim = draw.pick(value.dims)
    size = value.sizes[dim]
    cuts = [sorted([draw.integer(0, size), draw.integer(0, size)]) for _ in range(2)]
    if any(a == b for a, b in cuts):
        raise Skip
    one, two = value.isel({dim: slice(*cuts[0])}), other.isel({dim: slice(*cuts[1])})
    texts = [f"isel({t}, {dim}: {a}..<{b})" for t, (a, b) in zip((text, other_text), cuts)]
    return Case(f"combine_first({', '.join(texts)})", one.combine_first(two))


@row("integrate cumulative_integrate")
def integrals(draw, name):
    text, value = draw.array("iuf", flavours="ac", least=1, empty=False)
    if value.dtype == "f2" or value.dtype.kind in "iu" and value.dtype.itemsize == 8:
        raise Skip
    dims = draw.subset(value.dims) if name == "integrate" else [draw.pick(value.dims)]
    wide = value.astype("f8")
    for dim in dims:
        wide = wide.integrate(dim) if name == "integrate" else wide.cumulative_integrate(dim)
    return Case(f"{name}({text}, {', '.join(dims)})", wide, rtol=1e-10, atol=1e-11)


@row("integrate cumulative_integrate")
def integrals_by_time(draw, name):
    code, unit = draw.pick(["f32", "f64"]), draw.pick(["D", "h", "s", "ms"])
    value = draw.inputs.arrays[f"{code}_time"].astype("f8")
    return Case(f"{name}(d.{code}_time, time, datetime_unit: {unit})", getattr(value, name)("time", datetime_unit=unit), rtol=1e-10, atol=1e-11)
