"""Reductions, scans, groups, windows and histograms."""

import numpy as np
import xarray as xr

from inputs import Skip, ff_name, lit
from table import Case, row

REDUCTIONS = "sum prod mean std var min max any all count count_nan argmin argmax ptp first last median mode quantile".split()
TAKES = {"sum": "biufc", "prod": "iufc", "mean": "biufc", "std": "biuf", "var": "biuf", "any": "biuf", "all": "biuf", "ptp": "iuf", "median": "iuf",
         "quantile": "iuf", "count": "biufcMm", "count_nan": "biufcMm", "first": "biufcMm", "last": "biufcMm", "min": "biufMm", "max": "biufMm",
         "argmin": "biufMm", "argmax": "biufMm", "mode": "biufMm"}


def missing(values):
    return np.isnat(values) if values.dtype.kind in "mM" else np.isnan(values) if values.dtype.kind in "fc" else np.zeros(values.shape, bool)


def nothing(dtype):
    return np.array("NaT", dtype) if dtype.kind in "mM" else dtype.type(np.nan) if dtype.kind in "fc" else None


def reduce_line(name, line, skipna=True, q=0.5, ddof=0):
    """What a reduction makes of one line, as a NumPy scalar."""
    absent = missing(line)
    kept = line[~absent] if skipna else line
    lost = not skipna and absent.any()
    like = line.dtype
    if name == "count":
        return np.int64((~absent).sum())
    if name == "count_nan":
        return np.int64(absent.sum())
    if name in ("any", "all"):
        return getattr(line, name)()
    if name in ("argmin", "argmax"):
        if lost:
            return np.int64(np.flatnonzero(absent)[0])
        return np.int64(np.flatnonzero(~absent)[getattr(kept, name)()]) if kept.size else np.int64(-1)
    if like.kind in "fc" and name in ("sum", "prod"):
        wide = kept.astype("c16" if like.kind == "c" else "f8")
        return like.type(getattr(wide, name)())
    if name in ("sum", "prod"):
        return getattr(kept, name)()
    result = like if like.kind in "fcmM" else np.dtype("f8") if name in ("mean", "std", "var", "median", "quantile") else like
    if lost and name not in ("first", "last"):
        return nothing(like)
    if kept.size == 0 or name in ("std", "var") and kept.size - ddof <= 0:
        if nothing(result) is None:
            raise Skip
        return nothing(result)
    if name in ("first", "last"):
        return kept[0 if name == "first" else -1]
    if name == "mode":
        values, counts = np.unique(kept, return_counts=True)
        return values[counts.argmax()]
    if name in ("min", "max"):
        return getattr(kept, name)()
    if name == "ptp":
        return kept.max() - kept.min()
    wide = kept.astype("c16" if like.kind == "c" else "f8")
    options = {"ddof": ddof} if name in ("std", "var") else {}
    if name == "quantile":
        return result.type(np.quantile(wide, q))
    return result.type(getattr(np, name)(wide, **options))


def reduced(name, value, dims, keepdims=False, **options):
    """A reduction of a DataArray over dims."""
    dims = [d for d in value.dims if d in dims]
    kept = [d for d in value.dims if d not in dims]
    length = int(np.prod([value.sizes[d] for d in dims]))
    lines = value.transpose(*kept, *dims).values.reshape([value.sizes[d] for d in kept] + [length])
    shape = lines.shape[:-1]
    cells = [reduce_line(name, line, **options) for line in lines.reshape(int(np.prod(shape)), length)]
    dtype = cells[0].dtype if cells else reduce_line(name, np.ones(3).astype(value.dtype), **options).dtype
    out = np.array(cells, dtype).reshape(shape)
    result = xr.DataArray(out, dims=kept, coords={d: value[d] for d in kept if d in value.coords})
    if keepdims:
        result = result.expand_dims(dims).transpose(*value.dims)
    return result


def tolerance(value, name):
    """Sums cancel, so their error is one of the terms."""
    size = value.dtype.itemsize // (2 if value.dtype.kind == "c" else 1)
    inexact = value.dtype.kind in "fc" and name in ("sum", "mean", "std", "var")
    return {2: 2e-3, 4: 1e-5, 8: 1e-11}.get(size, 0) if inexact else 1e-12 if name in ("mean", "std", "var") else 0.0


@row("sum prod mean std var min max any all count count_nan argmin argmax ptp first last")
def reduction(draw, name):
    flavours = "c" if name in ("sum", "mean") and draw.chance(0.2) else "ac" if name in ("prod", "mean", "std", "var", "ptp") else "abc"
    text, value = draw.array(TAKES[name], flavours=flavours)
    if name == "prod":
        if value.dtype.kind == "c" or value.dtype == "f2":
            raise Skip
        if value.dtype.kind in "fi":
            low = -1
            text, value = f"clip({text}, {low}, 1)", value.clip(low, 1)
    if value.dtype.itemsize == 8 and value.dtype.kind in "iu" and name in ("mean", "std", "var") and value.size and abs(value.astype("f8")).max() > 1e6:
        raise Skip
    dims = draw.subset(value.dims, 0 if draw.chance(0.3) else 1)
    if name in ("argmin", "argmax"):
        dims = dims[:1]
    over = dims or list(value.dims)
    options, args = "", {}
    if value.dtype.kind in "fcMm" and name not in ("any", "all", "count", "count_nan") and draw.chance(0.3):
        options, args = ", skipna: false", {"skipna": False}
    if name in ("std", "var") and draw.chance(0.3):
        options, args = options + ", ddof: 1", {**args, "ddof": 1}
    keepdims = draw.chance(0.3)
    if keepdims:
        options += ", keepdims: true"
    size = int(np.prod([value.sizes[d] for d in over]))
    if size == 0 and name in ("min", "max", "ptp", "first", "last", "argmin", "argmax"):
        raise Skip
    if value.dtype.kind in "M" and name in ("ptp",):
        raise Skip
    expected = reduced(name, value, over, keepdims, **args)
    call = draw.pick([f"{name}({text}{''.join(', ' + d for d in dims)}{options})", f"({text} |> {name}({', '.join(dims + [options[2:]]) if options else ', '.join(dims)}))"])
    return Case(call, expected, atol=tolerance(value, name))


@row("sum mean std var")
def weighted(draw, name):
    view = draw.view(least=1)
    text, value = view(*draw.source("iuf", flavours="ac"))
    w_text, w = view(*draw.source("f", ranks=[1], flavours="c"))
    if value.dtype == "f2" or w.dtype == "f2" or value.dtype.kind in "iu" and value.dtype.itemsize == 8:
        raise Skip
    w_text, w = f"abs({w_text})", abs(w)
    dims = list({"t", *draw.subset(value.dims)})
    wide = value.astype("f8").weighted(w.astype("f8"))
    expected = getattr(wide, name)(dims)
    like = value.dtype if value.dtype.kind == "f" else np.dtype("f8")  # xarray widens to the dtype of the weights.
    return Case(f"{name}({text}, {', '.join(dims)}, weights: {w_text})", expected.astype(like), rtol=1e-5 if like == "f4" else 1e-9, atol=1e-5 if like == "f4" else 1e-11)


@row("sum prod min max mean std var ptp")
def with_least(draw, name):
    text, value = draw.array("f", flavours="a" if name != "min" else "ab")
    if value.size == 0 or value.dtype == "f2" and name == "prod":
        raise Skip
    if name == "prod":
        text, value = f"clip({text}, -1, 1)", value.clip(-1, 1)
    dims = draw.subset(value.dims)
    least = draw.integer(1, 8)
    there = value.notnull().sum(dims) >= least
    expected = reduced(name, value, dims).where(there)
    return Case(f"{name}({text}, {', '.join(dims)}, min_count: {least})", expected, atol=tolerance(value, name))


@row("cumsum cumprod cummin cummax")
def scan(draw, name):
    text, value = draw.array({"cumsum": "biufc", "cumprod": "iufc"}.get(name, "biuf"), flavours="ac" if "sum" in name or "prod" in name else "abc")
    if value.dtype.kind == "c" and value.dtype == "c8" or value.dtype == "f2" and name == "cumprod":
        raise Skip
    if name == "cumprod":
        if value.dtype.kind == "c":
            raise Skip
        low = 0 if value.dtype.kind == "u" else -1
        text, value = f"clip({text}, {low}, 1)", value.clip(low, 1)
    skipna = not draw.chance(0.3)
    dims = draw.subset(value.dims) if name in ("cumsum", "cumprod") else draw.subset(value.dims)[:1]
    wide = value.values
    if wide.dtype.kind == "f" and name in ("cumsum", "cumprod"):
        wide = wide.astype("f8")
    for dim in dims:
        wide = scanned(name, wide, value.get_axis_num(dim), skipna)
        if value.dtype.kind == "f" and len(dims) > 1:
            wide = wide.astype(value.dtype).astype(wide.dtype)  # Each run gives its dtype.
    like = value.dtype if value.dtype.kind in "fc" or name in ("cummin", "cummax") else wide.dtype
    option = "" if skipna else ", skipna: false"
    expected = value.copy(data=wide.astype(like))
    return Case(f"{name}({text}, {', '.join(dims)}{option})", expected, atol=tolerance(value, "sum") if name == "cumsum" else 0.0)


def scanned(name, values, axis, skipna):
    absent = missing(values)
    start = {"cumsum": 0, "cumprod": 1}.get(name)
    if start is not None:
        filled = np.where(absent, np.array(start, values.dtype), values) if skipna else values
        return getattr(np, name)(filled, axis=axis)
    function = np.fmin if name == "cummin" else np.fmax
    run = (function if skipna else {"cummin": np.minimum, "cummax": np.maximum}[name]).accumulate(values, axis=axis)
    return np.where(absent, values, run) if skipna else run


@row("ffill bfill push")
def fill(draw, name):
    text, value = draw.array("fMmi", flavours="ac")
    dim = draw.pick(value.dims)
    limit = draw.pick([None, 1, 2, 5])
    expected = value if value.dtype.kind == "i" or value.size == 0 else getattr(value, name.replace("push", "ffill"))(dim, limit=limit)
    option = "n" if name == "push" else "limit"
    return Case(f"{name}({text}, {dim}{'' if limit is None else f', {option}: {limit}'})", expected.transpose(*value.dims))


def grouped(name, value, dim, codes, labels, **options):
    """A reduction of groups: codes say of which group each position is, -1 of none."""
    parts = []
    for code in range(len(labels)):
        part = value.isel({dim: np.flatnonzero(codes == code)})
        parts.append(reduced(name, part, [dim], **options))
    return xr.concat(parts, dim="GROUP").transpose(*["GROUP" if d == dim else d for d in value.dims])


GROUP_REDUCTIONS = ["sum", "mean", "std", "var", "min", "max", "count", "count_nan", "argmin", "argmax", "ptp", "first", "last", "median", "quantile", "any", "all"]


def with_reduction(draw, value):
    """A reduction's name, its options as text and as arguments."""
    name = draw.pick([n for n in GROUP_REDUCTIONS if value.dtype.kind in TAKES[n]])
    options, args = [], {}
    if name == "quantile":
        args["q"] = round(draw.rng.random(), 2)
        options.append(str(args["q"]))
    if value.dtype.kind == "f" and name not in ("any", "all", "count", "count_nan", "first", "last") and draw.chance(0.25):
        options.append("skipna: false")
        args["skipna"] = False
    return name, ", ".join(options), args


@row("groupby")
def groups(draw, _name):
    text, value = draw.array(draw.pick(["f", "iu", "fiub"]), flavours="ac", least=1, empty=False)
    if value.dtype.kind in "iu" and value.dtype.itemsize == 8:
        raise Skip
    dim = draw.pick(value.dims)
    if list(value.shape).count(value.sizes[dim]) > 1:
        raise Skip  # Which dim a list belongs to is told by its length.
    keys = draw.rng.integers(0, 4, value.sizes[dim])
    name, options, args = with_reduction(draw, value)
    labels = np.unique(keys)
    expected = grouped(name, value, dim, np.searchsorted(labels, keys), labels, **args)
    written = f"{keys.tolist()}"
    new = "group"
    if dim == "t" and draw.chance(0.5):
        labels, codes = np.unique(value.t.values % 3, return_inverse=True)
        expected, written = grouped(name, value, dim, codes, labels, **args), "t % 3"
    elif dim == "t" and draw.chance(0.3):
        labels, codes = np.unique(value.t.values, return_inverse=True)
        expected, written, new = grouped(name, value, dim, codes, labels, **args), "t", "t"
    expected = expected.rename(GROUP=new).assign_coords({new: labels})
    return Case(f"({text} |> groupby({written}) |> {name}({options}))", expected, atol=tolerance(value, name), order=False)


@row("groupby_bins bins")
def bins(draw, key):
    text, value = draw.array("f", flavours="ac", least=1, empty=False)
    dim = draw.pick(value.dims)
    if list(value.shape).count(value.sizes[dim]) > 1:
        raise Skip
    keys = draw.rng.integers(0, 12, value.sizes[dim])
    edges = np.unique(draw.rng.integers(0, 13, 5))
    if len(edges) < 2:
        raise Skip
    right = draw.pick([True, False])
    codes = np.searchsorted(edges, keys, side="left" if right else "right") - 1
    codes[codes >= len(edges) - 1] = -1
    name, options, args = with_reduction(draw, value)
    if name in ("count", "count_nan", "sum", "any", "all") or name in ("first", "last"):
        name, options, args = "mean", "", {}  # Of an empty bin xarray has nothing to say.
    expected = grouped(name, value, dim, codes, edges[1:], **args)
    if name in ("argmin", "argmax"):
        raise Skip
    expected = expected.rename(GROUP="group" if key == "bins" else "group_bins")
    call = f"({keys.tolist()}, {edges.tolist()}, right: {lit(right)})"
    call = f"groupby(bins{call})" if key == "bins" else f"groupby_bins{call}"
    return Case(f"({text} |> {call} |> {name}({options}))", expected,
                atol=tolerance(value, name), order=False, labels=False)


@row("resample")
def periods(draw, _name):
    code = draw.pick(["f32", "f64"])
    value = draw.inputs.arrays[f"{code}_time"]
    text = f"d.{code}_time"
    low, high = draw.integer(0, 12), draw.integer(18, 31)
    text, value = f"isel({text}, time: {low}..<{high})", value.isel(time=slice(low, high))
    period, theirs = draw.pick([("1d", "1D"), ("3d", "3D"), ("12h", "12h"), ("1mo", "MS"), ("2mo", "2MS"), ("1y", "YS"), ("5d", "5D"), ("36h", "36h")])
    name = draw.pick(["sum", "mean", "min", "max", "count", "std", "var", "median", "first", "last"])
    resampled = value.astype("f8" if name in ("sum", "mean", "std", "var") else value.dtype).resample(time=theirs)
    expected = getattr(resampled, name)()
    if name not in ("count", "sum"):
        expected = expected.astype(value.dtype)
    if name in ("count", "sum"):
        raise Skip  # Where xarray has zeros in empty periods and where not depends on its version.
    return Case(f"({text} |> resample(time: {period}) |> {name}())", expected.transpose(*value.dims), rtol=1e-5, atol=1e-6)


@row("rolling")
def windows(draw, _name):
    text, value = draw.array("f", flavours="ac", least=1, empty=False)
    dims = draw.subset(value.dims)[:2]
    lengths = {d: draw.integer(1, 5) for d in dims}
    center, least = draw.pick([True, False]), draw.pick([None, 1, 2])
    name = draw.pick(["sum", "mean", "std", "var", "min", "max", "count", "ptp", "argmin", "argmax"])
    if any(lengths[d] > value.sizes[d] for d in dims):
        raise Skip
    whole = int(np.prod(list(lengths.values())))
    needed = whole if least is None else min(least, whole)
    built = value.rolling(lengths, center=center).construct({d: f"{d}_w" for d in dims})
    built = built.transpose(*value.dims, *[f"{d}_w" for d in value.dims if d in dims])
    there = built.notnull().sum([f"{d}_w" for d in dims])
    expected = reduced(name, built, [f"{d}_w" for d in dims])
    if name == "count":
        raise Skip
    expected = expected.where(there >= needed, -1) if name.startswith("arg") else expected.where(there >= needed)
    expected = expected.astype("i8") if name.startswith("arg") else expected.astype(value.dtype)
    expected = expected.assign_coords({d: value[d] for d in value.dims})
    written = ", ".join(f"{d}: {n}" for d, n in lengths.items()) + (", center: true" if center else "") + (f", min_periods: {least}" if least and least <= whole else "")
    if least and least > whole:
        raise Skip
    return Case(f"({text} |> rolling({written}) |> {name}())", expected, atol=tolerance(value, name))


@row("coarsen")
def blocks(draw, _name):
    text, value = draw.array("iuf", flavours="ac", least=1, empty=False)
    if value.dtype.kind in "iu" and value.dtype.itemsize == 8:
        raise Skip
    dims = draw.subset(value.dims)[:2]
    lengths = {d: draw.integer(1, 4) for d in dims}
    boundary = draw.pick(["trim", "pad"])
    name, options, args = with_reduction(draw, value)
    if name in ("mode", "median", "quantile", "argmin", "argmax", "first", "last", "any", "all") or boundary == "trim" and any(lengths[d] > value.sizes[d] for d in dims):
        raise Skip
    parts = value if boundary == "pad" else value.isel({d: slice(0, value.sizes[d] // n * n) for d, n in lengths.items()})
    if boundary == "pad" and (args.get("skipna") is False or value.dtype.kind != "f" or name == "count_nan"):
        raise Skip
    expected = parts
    grid = {d: -(-parts.sizes[d] // n) for d, n in lengths.items()}
    padded = parts.pad({d: (0, grid[d] * n - parts.sizes[d]) for d, n in lengths.items()}) if boundary == "pad" else parts
    built = padded.drop_vars(list(padded.coords)).coarsen(lengths).construct({d: (d, f"{d}_w") for d in dims})
    built = built.transpose(*value.dims, *[f"{d}_w" for d in value.dims if d in dims])
    expected = reduced(name, built, [f"{d}_w" for d in dims], **args)
    written = ", ".join(f"{d}: {n}" for d, n in lengths.items())
    return Case(f"({text} |> coarsen({written}, boundary: {boundary}) |> {name}({options}))", expected, atol=tolerance(value, name), labels=False)


@row("histogram")
def histogram(draw, _name):
    text, value = draw.array("iuf", flavours="abc")
    if value.dtype == "f2" or value.dtype.kind in "iu" and value.dtype.itemsize > 4:
        raise Skip
    dims = draw.subset(value.dims)
    low = draw.integer(-20, 5)
    edges = np.unique(np.round(draw.rng.normal(size=draw.integer(2, 6)) * 8)) if draw.chance(0.5) else None
    density = draw.chance(0.3)
    if edges is not None and len(edges) < 2:
        raise Skip
    count = draw.integer(1, 9)
    used = np.linspace(low, low + 13, count + 1) if edges is None else edges
    exact = used.astype(value.dtype if value.dtype.kind == "f" else "f8")
    kept = [d for d in value.dims if d not in dims]
    lines = value.transpose(*kept, *[d for d in value.dims if d in dims]).values
    lines = lines.reshape([value.sizes[d] for d in kept] + [int(np.prod([value.sizes[d] for d in dims]))])
    counts = np.zeros(lines.shape[:-1] + (len(used) - 1,), "f8" if density else "i8")
    for cell in np.ndindex(lines.shape[:-1]):
        counts[cell] = np.histogram(lines[cell], exact, density=density)[0]
    expected = xr.DataArray(counts, dims=kept + ["bin"], coords={d: value[d] for d in kept} | {"bin": (used[1:] + used[:-1]) / 2})
    option = f"bins: {count}, range: [{low}, {low + 13}]" if edges is None else f"bins: {lit(edges)}"
    return Case(f"histogram({text}, {', '.join(dims)}, {option}{', density: true' if density else ''})", expected, rtol=1e-6 if density else None)


@row("bincount digitize searchsorted")
def counting(draw, name):
    if name == "bincount":
        text, value = draw.array("iu", flavours="abc")
        dims, length = draw.subset(value.dims), draw.integer(1, 9)
        kept = [d for d in value.dims if d not in dims]
        hits = xr.concat([(value == n).sum(dims) for n in range(length)], dim="bin").astype("i8").transpose(*kept, "bin")
        return Case(f"bincount({text}, {', '.join(dims)}, length: {length})", hits.assign_coords(bin=np.arange(length)))
    text, value = draw.array("iuf")
    if value.dtype == "f2" or value.dtype.kind in "iu" and value.dtype.itemsize > 4:
        raise Skip
    edges = np.sort(np.round(draw.rng.normal(size=draw.integer(1, 6)) * 8))
    if name == "searchsorted":
        side = draw.pick(["left", "right"])
        return Case(f"searchsorted({lit(edges)}, {text}, side: {side})", value.copy(data=np.searchsorted(edges, value.values, side).astype("i8")))
    edges = np.unique(edges)[:: draw.pick([1, -1])]
    right = draw.pick([True, False])
    return Case(f"digitize({text}, {lit(edges)}, right: {lit(right)})", value.copy(data=np.digitize(value.values, edges, right).astype("i8")))
