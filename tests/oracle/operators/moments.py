"""Moments, correlations, and counts of several arrays together."""

import numpy as np
import xarray as xr
from scipy import stats

from inputs import Skip, lit
from reduced import reduced
from table import Case, row


def moment_line(name, line, skipna, options):
    """A moment of one line in double precision; missing where there is none."""
    line = line.astype("f8")
    gaps = np.isnan(line)
    if gaps.any() and not skipna:
        return np.nan
    line = line[~gaps]
    if line.size == 0:
        return np.nan
    if name == "moment":
        center = line.mean() if options["center"] is None else options["center"]
        return ((line - center) ** options["order"]).mean()
    if (line == line[0]).all():
        return np.nan
    return getattr(stats, name)(line, **options)


@row("moment skew kurtosis")
def moments(draw, name):
    text, value = draw.array("biuf", flavours="ac")
    if value.dtype.kind in "iu" and value.dtype.itemsize == 8:
        raise Skip
    dims = draw.subset(value.dims, 0 if draw.chance(0.2) else 1)
    over = [d for d in value.dims if d in (dims or value.dims)]
    keepdims, skipna = draw.chance(0.3), not draw.chance(0.3)
    written, first = "", ""
    if name == "moment":
        options = {"order": draw.integer(0, 4), "center": draw.pick([None, None, 2.0])}
        first = f", {options['order']}"
        written += "" if options["center"] is None else f", center: {options['center']}"
    else:
        options = {"bias": not draw.chance(0.4)}
        written += "" if options["bias"] else ", bias: false"
        if name == "kurtosis":
            options["fisher"] = not draw.chance(0.3)
            written += "" if options["fisher"] else ", fisher: false"
    written += ("" if skipna else ", skipna: false") + (", keepdims: true" if keepdims else "")
    kept = [d for d in value.dims if d not in over]
    shape = [value.sizes[d] for d in kept] + [int(np.prod([value.sizes[d] for d in over]))]
    lines = value.transpose(*kept, *over).values.reshape(shape)
    cells = np.empty(lines.shape[:-1])
    for cell in np.ndindex(cells.shape):
        cells[cell] = moment_line(name, lines[cell], skipna, options)
    like = value.dtype if value.dtype.kind == "f" else np.dtype("f8")
    with np.errstate(all="ignore"):
        expected = xr.DataArray(cells.astype(like), dims=kept, coords={d: value[d] for d in kept})
    if keepdims:
        expected = expected.expand_dims(over).transpose(*value.dims)
    exact = {2: 4e-3, 4: 1e-6}.get(like.itemsize, 1e-10)
    call = f"{name}({text}{first}{''.join(', ' + d for d in dims)}{written})"
    if name == "moment" and options["order"] == 1:
        call, expected = f"round({call}, 3)", expected.round(3)  # Without a center nothing but rounding is left.
    return Case(call, expected, rtol=exact, atol=exact)


@row("average")
def plain_average(draw, _name):
    text, value = draw.array("biufc", flavours="ac")
    if value.dtype.kind in "iu" and value.dtype.itemsize == 8:
        raise Skip
    dims = draw.subset(value.dims, 0)
    skipna, keepdims = value.dtype.kind not in "fc" or not draw.chance(0.3), draw.chance(0.3)
    options = ("" if skipna else ", skipna: false") + (", keepdims: true" if keepdims else "")
    expected = reduced("mean", value, dims or list(value.dims), keepdims, skipna=skipna)
    size = value.dtype.itemsize // (2 if value.dtype.kind == "c" else 1)
    exact = 1e-11 if value.dtype.kind not in "fc" else {2: 2e-3, 4: 1e-5}.get(size, 1e-11)
    return Case(f"average({text}{''.join(', ' + d for d in dims)}{options})", expected, atol=exact)


@row("average")
def weighted_average(draw, _name):
    view = draw.view(least=1)
    text, value = view(*draw.source("iuf", flavours="ac"))
    w_text, w = view(*draw.source("f", ranks=[draw.integer(1, value.ndim)], flavours="c"))
    if value.dtype == "f2" or w.dtype == "f2" or value.dtype.kind in "iu" and value.dtype.itemsize == 8:
        raise Skip
    dims = list({*w.dims, *draw.subset(value.dims)})
    expected = value.astype("f8").weighted(abs(w).astype("f8")).mean(dims)
    like = value.dtype if value.dtype.kind == "f" else np.dtype("f8")  # xarray gives that of the weights, where wider.
    exact = 1e-5 if like == "f4" else 1e-11
    call = f"average({text}, {', '.join(dims)}, weights: abs({w_text}))"
    return Case(call, expected.astype(like), rtol=exact * 10, atol=exact)


@row("corrcoef")
def correlations(draw, _name):
    text, value = draw.array("biuf", ranks=(2,), flavours="ac", least=2)
    if value.dtype.kind in "iu" and value.dtype.itemsize == 8 or value.size == 0 or min(value.shape) < 2:
        raise Skip
    rows = draw.pick([None, *value.dims])
    first = rows or value.dims[0]
    lines = value.transpose(first, ...).values.astype("f8")
    if (np.ptp(lines, axis=1) == 0).any():
        raise Skip  # Rounding decides whether nothing is divided by nothing.
    like = value.dtype if value.dtype.kind == "f" else np.dtype("f8")
    expected = xr.DataArray(np.corrcoef(lines).astype(like), dims=[first, f"{first}_2"])
    exact = {2: 2e-3, 4: 1e-5, 8: 1e-10}[like.itemsize]
    option = "" if rows is None else f", rows: {rows}"
    return Case(f"corrcoef({text}{option})", expected, rtol=exact, atol=exact, labels=False)


def some_bins(draw):
    """Bins of one array: the argument, the outer edges of equal bins, and all edges."""
    low = draw.integer(-20, 5)
    if draw.chance(0.5):
        count = draw.integer(1, 5)
        return str(count), f"[{low}, {low + 13}]", np.linspace(low, low + 13, count + 1)
    edges = np.unique(np.round(draw.rng.normal(size=draw.integer(2, 5)) * 8))
    if len(edges) < 2:
        raise Skip
    return lit(edges), "none", edges


@row("histogram2d histogramdd")
def counted_together(draw, name):
    view = draw.view()
    count = 2 if name == "histogram2d" else draw.integer(1, 3)
    rank = draw.pick([1, 2, 3])
    arrays = [view(*draw.source("iuf", [rank])) for _ in range(count)]
    if any(v.dtype == "f2" or v.dtype.kind in "iu" and v.dtype.itemsize > 4 for _, v in arrays):
        raise Skip
    value = arrays[0][1]
    weights = view(*draw.source("f", [draw.integer(1, rank)], "c")) if draw.chance(0.3) else None
    if weights and weights[1].dtype == "f2":
        raise Skip
    bins = [some_bins(draw) for _ in arrays]
    dims = draw.subset(value.dims, 0)
    over = [d for d in value.dims if d in (dims or value.dims)]
    kept = [d for d in value.dims if d not in over]
    density = draw.chance(0.3)
    shape = [value.sizes[d] for d in kept] + [int(np.prod([value.sizes[d] for d in over]))]
    rowed = lambda v: v.broadcast_like(value).transpose(*kept, *over).values.reshape(shape).astype("f8")
    columns, heavy = [rowed(v) for _, v in arrays], rowed(weights[1]) if weights else None
    edges = [e.astype(v.dtype if v.dtype.kind == "f" else "f8").astype("f8") for (_, v), (_, _, e) in zip(arrays, bins)]
    result = np.zeros(shape[:-1] + [len(e) - 1 for e in edges], "f8" if weights or density else "i8")
    for cell in np.ndindex(*shape[:-1]):
        sample = np.stack([c[cell] for c in columns], -1)
        there = ~np.isnan(sample).any(-1)
        counts = None if heavy is None else heavy[cell][there]
        result[cell] = np.histogramdd(sample[there], edges, density=density, weights=counts)[0]
    named = name == "histogramdd" and draw.chance(0.5)
    new = [f"bin_{n}" for n in ("xy" if name == "histogram2d" else "pqr" if named else "012")[:count]]
    coords = {d: value[d] for d in kept} | {n: (e[1:] + e[:-1]) / 2 for n, (_, _, e) in zip(new, bins)}
    expected = xr.DataArray(result, dims=[*kept, *new], coords=coords)
    texts = [t for t, _ in arrays]
    given = "{" + ", ".join(f"{n}: {t}" for n, t in zip("pqr", texts)) + "}" if named else f"[{', '.join(texts)}]"
    given = ", ".join(texts) if name == "histogram2d" else given
    options = f", bins: [{', '.join(b for b, _, _ in bins)}], range: [{', '.join(r for _, r, _ in bins)}]"
    options += (f", weights: {weights[0]}" if weights else "") + (", density: true" if density else "")
    call = f"{name}({given}{''.join(', ' + d for d in dims)}{options})"
    return Case(call, expected, rtol=1e-6 if density or weights else None, atol=1e-12)


@row("aggregate")
def aggregated(draw, _name):
    text, value = draw.array("if", least=1)
    dim, which = draw.pick(value.dims), draw.pick(["n", "low", "high"])
    call = f"({text} |> aggregate(n: count({dim}), low: min({dim}), high: max({dim}))).{which}"
    return Case(call, {"n": value.count, "low": value.min, "high": value.max}[which](dim))


@row("anomalies")
def departures(draw, _name):
    text, value = draw.array("f", ranks=(1,), flavours="ac", least=1)
    if value.dtype.itemsize < 4:
        raise Skip
    (dim,) = value.dims
    key = np.array([draw.integer(0, 2) for _ in range(value.sizes[dim])])
    wide = value.astype("f8")
    groups = [wide.values[key == k] for k in range(3)]
    of_group = np.array([np.nan if np.isnan(g).all() else np.nanmean(g) for g in groups])
    expected = (wide - of_group[key]).astype(value.dtype)
    return Case(f"{text} |> groupby({lit(list(key))}) |> anomalies()", expected, atol=1e-6 if value.dtype == "f4" else 1e-13)
