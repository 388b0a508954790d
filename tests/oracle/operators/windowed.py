"""Windows that grow, exponential windows, windows laid out, and quantiles with weights."""

import numpy as np
import xarray as xr

from inputs import Skip, lit
from reduced import TAKES, reduced, tolerance
from table import Case, row


def decayed(name, line, alpha, least, skipna):
    """A statistic of each element and all before it, each weighing `1 - alpha` of the next; as numbagg's `move_exp_nan…`."""
    out = np.full(len(line), np.nan)
    for i in range(len(line)):
        there = ~np.isnan(line[: i + 1])
        if not skipna and not there.all():
            continue
        x, w = line[: i + 1][there], ((1 - alpha) ** np.arange(i, -1, -1.0))[there]
        if x.size == 0 or alpha * w.sum() < least:
            continue
        mean = (x * w).sum() / w.sum()
        pairs = 2 * (np.cumsum(w)[:-1] * w[1:]).sum()
        if name in ("var", "std") and pairs > 0:
            out[i] = (w * (x - mean) ** 2).sum() * w.sum() / pairs
        elif name in ("mean", "sum"):
            out[i] = mean if name == "mean" else (x * w).sum()
    return np.sqrt(out) if name == "std" else out


@row("rolling_exp")
def exponential(draw, _name):
    text, value = draw.array("biuf", flavours="ac", least=1)
    if value.dtype.kind in "iu" and value.dtype.itemsize == 8:
        raise Skip
    dim = draw.pick(value.dims)
    name = draw.pick(["mean", "sum", "std", "var"])
    kind = draw.pick(["", "span", "com", "halflife", "alpha"])
    window = {"com": draw.pick([0, 1, 2.5]), "halflife": draw.pick([0.7, 2, 9]), "alpha": draw.pick([0.2, 0.9, 1])}.get(kind, draw.pick([1, 2, 5.5]))
    alphas = {"com": lambda w: 1 / (1 + w), "halflife": lambda w: 1 - 0.5 ** (1 / w), "alpha": lambda w: w}
    alpha = alphas.get(kind, lambda w: 2 / (w + 1))(window)
    least = draw.pick([0, 0.3137, 0.77])
    skipna = not draw.chance(0.2)
    axis = value.get_axis_num(dim)
    wide = np.apply_along_axis(lambda line: decayed(name, line, alpha, least, skipna), axis, value.values.astype("f8")) if value.size else value.values.astype("f8")
    expected = value.copy(data=wide).astype(value.dtype if value.dtype.kind == "f" else "f8")
    options = (f", window_type: {kind}" if kind else "") + (f", min_weight: {least}" if least else "")
    text = f"({text} |> rolling_exp({dim}: {window}{options}) |> {name}({'' if skipna else 'skipna: false'}))"
    return Case(text, expected, rtol={2: 4e-3, 4: 4e-6}.get(expected.dtype.itemsize, 1e-9), atol=max(tolerance(expected, name), 1e-10))


@row("cov corr")
def exponential_pairs(draw, name):
    view = draw.view(least=1)
    text, value = view(*draw.source("biuf", flavours="ac"))
    other_text, other = view(*draw.source("f", ranks=[1], flavours="ac"))
    if value.dtype.kind in "iu" and value.dtype.itemsize == 8 or "f2" in (value.dtype, other.dtype):
        raise Skip
    window = draw.pick([1.5, 2, 6])
    decay = 1 - 2 / (window + 1)
    a, b = xr.broadcast(value.astype("f8"), other.astype("f8"))
    a, b = a.transpose("t", ...), b.transpose("t", ...)
    out = np.full(a.shape, np.nan)
    for at in np.ndindex(a.shape):
        line = (slice(0, at[0] + 1), *at[1:])
        x, y = a.values[line], b.values[line]
        there = ~np.isnan(x) & ~np.isnan(y)
        w = decay ** np.arange(at[0], -1, -1.0)[there]
        x, y = x[there], y[there]
        if x.size > 1:
            x, y = x - (x * w).sum() / w.sum(), y - (y * w).sum() / w.sum()
            common = (w * x * y).sum()
            spread = np.sqrt((w * x * x).sum() * (w * y * y).sum())
            out[at] = common * w.sum() / (2 * (np.cumsum(w)[:-1] * w[1:]).sum()) if name == "cov" else common / spread if spread > 1e-9 else np.nan
            if name == "corr" and spread < 1e-6:
                raise Skip
    like = np.result_type(*[v.dtype if v.dtype.kind == "f" else "f8" for v in (value, other)])
    expected = a.copy(data=out).transpose(*value.dims).astype(like)
    return Case(f"({text} |> rolling_exp(t: {window}) |> {name}({other_text}))", expected, rtol=1e-5 if like == "f4" else 1e-8, atol=1e-6 if like == "f4" else 1e-10)


def prefixes(name, value, dims, least, **options):
    """A reduction of all elements up to each along dims, which lie in the order of the array's."""
    there = value.notnull()
    out = np.empty(value.shape, object)
    for at in np.ndindex(*[value.sizes[d] for d in dims]):
        part = value.isel({d: slice(0, i + 1) for d, i in zip(dims, at)})
        kept = reduced(name, part.drop_vars(list(part.coords)), dims, **options)
        enough = part.notnull().sum(dims) >= least
        if name.startswith("arg"):  # Positions are those among all elements, in C order.
            places = np.unravel_index(np.maximum(kept.values, 0), [part.sizes[d] for d in dims])
            kept = kept.copy(data=np.where(kept < 0, -1, np.ravel_multi_index(places, [value.sizes[d] for d in dims])))
        out[tuple(at[dims.index(d)] if d in dims else slice(None) for d in value.dims)] = kept.where(enough, -1 if name.startswith("arg") else np.nan).values
    return out


@row("cumulative")
def cumulative(draw, _name):
    text, value = draw.array("iuf", flavours="ac", least=1, empty=False)
    if value.dtype.kind in "iu" and value.dtype.itemsize == 8:
        raise Skip
    chosen = draw.subset(value.dims)[: draw.pick([1, 1, 2, 3])]
    dims = [d for d in value.dims if d in chosen]
    if np.prod([value.sizes[d] for d in dims]) > 300:
        raise Skip
    names = ["sum", "mean", "std", "var", "min", "max", "count", "count_nan", "argmin", "argmax", "ptp", "first", "last", "median", "quantile"]
    name = draw.pick([n for n in names if value.dtype.kind in TAKES[n]])
    least = draw.pick([1, 1, 2, 3])
    options, args = [], {}
    if name == "quantile":
        args["q"] = round(draw.rng.random(), 2)
        options.append(str(args["q"]))
    if value.dtype.kind == "f" and name not in ("count", "count_nan", "first", "last") and draw.chance(0.2):
        options.append("skipna: false")
        args["skipna"] = False
    if name in ("std", "var") and draw.chance(0.3):
        options.append("ddof: 1")
        args["ddof"] = 1
    whole = reduced(name, value, dims, **args).dtype
    wide = {"i1": "f4", "u1": "f4", "i2": "f4", "u2": "f4"}.get(whole.str[1:], "f8") if whole.kind in "iu" else whole
    expected = value.copy(data=prefixes(name, value, dims, least, **args).astype("i8" if name.startswith("arg") else wide))
    least = f", min_periods: {least}" if least > 1 else ""
    return Case(f"({text} |> cumulative({', '.join(chosen)}{least}) |> {name}({', '.join(options)}))", expected, atol=max(tolerance(value, name), 1e-12))


@row("construct")
def moving(draw, _name):
    text, value = draw.array("biufM", flavours="ac", least=1, empty=False)
    dims = draw.subset(value.dims)[:2]
    lengths = {d: draw.integer(1, 5) for d in dims}
    strides = {d: draw.pick([1, 1, 2, 3]) for d in dims}
    center = draw.pick([True, False])
    filled = value.dtype.kind in "biuM" if value.dtype.kind in "bM" else draw.chance(0.4)
    if value.dtype.kind == "M":
        filled = False
    fill = {"b": False, "u": 7}.get(value.dtype.kind, -3)
    options = {"fill_value": value.dtype.type(fill)} if filled else {}
    expected = value.rolling(lengths, center=center).construct({d: f"{d}_w" for d in dims}, stride=strides, **options)
    if not filled and value.dtype.kind in "iu":
        expected = expected.astype("f4" if value.dtype.itemsize < 4 else "f8")
    named = f"{dims[0]}_w" if len(dims) == 1 and draw.chance(0.5) else ", ".join(f"{d}: {d}_w" for d in dims)
    stride = next(iter(strides.values())) if len(set(strides.values())) == 1 else "{" + ", ".join(f"{d}: {n}" for d, n in strides.items()) + "}"
    more = ("" if stride == 1 else f", stride: {stride}") + (f", fill_value: {lit(fill)}" if filled else "")
    written = ", ".join(f"{d}: {n}" for d, n in lengths.items()) + (", center: true" if center else "")
    return Case(f"({text} |> rolling({written}) |> construct({named}{more}))", expected)


@row("construct")
def side_by_side(draw, _name):
    text, value = draw.array("biufcM", flavours="ac", least=1, empty=False)
    dims = draw.subset(value.dims)[:2]
    lengths = {d: draw.integer(1, 4) for d in dims}
    boundary = draw.pick(["trim", "pad"]) if value.dtype.kind != "b" else "trim"
    names = {d: draw.pick([(f"{d}_a", f"{d}_b"), (d, f"{d}_b"), (f"{d}_a", d)]) for d in dims}
    bare = value.drop_vars([d for d in dims if d in value.coords])
    if boundary == "trim" and any(lengths[d] > value.sizes[d] for d in dims):
        raise Skip
    expected = bare.coarsen(lengths, boundary=boundary).construct(names)
    if expected.dtype.kind == "f" and value.dtype.kind in "iu":
        expected = expected.astype("f4" if value.dtype.itemsize < 4 else "f8")
    split = ", ".join(f"{d}: [{a}, {b}]" for d, (a, b) in names.items())
    written = ", ".join(f"{d}: {n}" for d, n in lengths.items())
    return Case(f"({text} |> coarsen({written}, boundary: {boundary}) |> construct({split}))", expected)


@row("quantile percentile median")
def weighted(draw, name):
    view = draw.view(least=1)
    text, value = view(*draw.source("biuf" if name == "median" else "iuf", flavours="ac"))
    w_text, w = view(*draw.source("f", ranks=[1], flavours="c"))
    if value.dtype == "f2" or w.dtype == "f2" or value.dtype.kind in "iu" and value.dtype.itemsize == 8:
        raise Skip
    dim = "t"
    w_text, w = f"maximum({w_text}, 0)", np.maximum(w, 0)  # Some weigh nothing.
    dims = list(dict.fromkeys([*draw.subset(value.dims), dim]))
    levels = [round(draw.rng.random(), 2) for _ in range(draw.integer(1, 3))] + [draw.pick([0.0, 1.0, 0.5])]
    single = name == "median" or draw.chance(0.5)
    q = 0.5 if name == "median" else levels[0] if single else levels
    options, args = "", {}
    if value.dtype.kind == "f" and draw.chance(0.3):
        options, args = ", skipna: false", {"skipna": False}
    expected = value.astype("f8").weighted(w.astype("f8")).quantile(np.atleast_1d(q), dim=dims, **args)
    if "quantile" not in expected.dims:
        expected = expected.expand_dims("quantile")
    expected = expected.isel(quantile=0, drop=True) if single else expected
    kept = [d for d in value.dims if d not in dims]
    for d in kept:
        if d not in expected.dims:
            expected = expected.expand_dims(d)
    expected = expected.transpose(*([] if single else ["quantile"]), *kept)
    expected = expected.astype(value.dtype if value.dtype.kind == "f" else "f8").assign_coords({d: value[d] for d in kept if d in value.coords})
    asked = "" if name == "median" else f", {lit(q if name == 'quantile' else round(q * 100, 6) if single else [round(v * 100, 6) for v in q])}"
    return Case(f"{name}({text}{asked}, {', '.join(dims)}, weights: {w_text}{options})", expected, rtol=1e-5 if expected.dtype == "f4" else 1e-9, atol=1e-6)
