"""Functions of whole axes, Fourier transforms, stencils and filters by order."""

import numpy as np
import xarray as xr
from scipy import ndimage, stats

from inputs import Skip, lit
from reduced import missing, reduced, tolerance
from table import Case, row


def like_input(value, like):
    return value.astype(like.dtype if like.dtype.kind in "fc" else "f8")


@row("quantile percentile median mode")
def ordered(draw, name):
    text, value = draw.array({"mode": "biufMm"}.get(name, "iuf"), flavours="abc" if name == "mode" else "ac", least=1)
    if value.dtype.kind in "iu" and value.dtype.itemsize == 8 and value.size and abs(value.astype("f8")).max() > 1e6 and name != "mode":
        raise Skip
    dims = draw.subset(value.dims)
    options, args = "", {}
    if value.dtype.kind == "f" and draw.chance(0.3):
        options, args = ", skipna: false", {"skipna": False}
    keepdims = draw.chance(0.25)
    if keepdims:
        options += ", keepdims: true"
    if name in ("mode", "median"):
        return Case(f"{name}({text}, {', '.join(dims)}{options})", reduced(name, value, dims, keepdims, **args))
    method = draw.pick(["linear", "lower", "higher", "nearest", "midpoint"])
    levels = [round(draw.rng.random(), 2) for _ in range(draw.integer(1, 3))] + [draw.pick([0.0, 1.0, 0.5])]
    single = draw.chance(0.5)
    exact = value.astype("f8").quantile(levels[0] if single else levels, dims, method=method, keep_attrs=False, **args)
    picked = method in ("lower", "higher", "nearest")
    expected = exact.astype(value.dtype) if picked or value.dtype.kind == "f" else exact
    if single:
        expected = expected.drop_vars("quantile")
    if keepdims:
        kept = expected.expand_dims([d for d in value.dims if d in dims])
        expected = kept.transpose(*([] if single else ["quantile"]), *value.dims)
    asked = levels[0] if single else levels
    if name == "percentile":
        asked = round(levels[0] * 100, 6) if single else [round(q * 100, 6) for q in levels]
    return Case(f"{name}({text}, {lit(asked)}, {', '.join(dims)}, method: {method}{options})", expected, atol=1e-6 if value.dtype == "f4" else 2e-3 if value.dtype == "f2" else 1e-12)


def descending(values, axis):
    """The order that puts the greatest first, of equals the first, missing ones last."""
    order = np.argsort(np.flip(values, axis), axis=axis, kind="stable")
    order = np.flip(values.shape[axis] - 1 - order, axis)
    gaps = np.take_along_axis(missing(values), order, axis)
    last = np.argsort(gaps, axis=axis, kind="stable")
    order = np.take_along_axis(order, last, axis)
    # Missing ones stay in their order.
    count = gaps.sum(axis, keepdims=True)
    place = np.expand_dims(np.arange(values.shape[axis]), [a for a in range(values.ndim) if a != axis])
    tail = place >= values.shape[axis] - count
    rising = np.argsort(~missing(values), axis=axis, kind="stable")
    shifted = np.take_along_axis(rising, np.clip(place - (values.shape[axis] - count), 0, None) + np.zeros(values.shape, int), axis) if values.size else order
    return np.where(tail, shifted, order)


@row("sort argsort topk argtopk rank")
def orders(draw, name):
    text, value = draw.array("biufMm", least=1 if "top" in name or name == "rank" else 0)
    if name == "rank" and value.dtype.kind in "Mm":
        raise Skip
    dim = draw.pick(value.dims)
    axis = value.get_axis_num(dim)
    coords = {d: value[d] for d in value.dims if d != dim}
    of = lambda values: xr.DataArray(values, dims=value.dims, coords=coords)
    if name == "rank":
        pct = draw.pick([True, False])
        ranks = stats.rankdata(value.values.astype("f8") if value.dtype.kind == "b" else value.values, axis=axis, nan_policy="omit")
        ranks = np.where(missing(value.values), np.nan, ranks)
        if pct:
            ranks = ranks / (~missing(value.values)).sum(axis, keepdims=True)
        return Case(f"rank({text}, {dim}, pct: {lit(pct)})", value.copy(data=ranks.astype("f8")))
    down = descending(value.values, axis)
    up = np.argsort(value.values, axis=axis, kind="stable")
    if "top" in name:
        k = draw.integer(1, value.sizes[dim])
        down = down.take(np.arange(k), axis)
        result = down.astype("i8") if name == "argtopk" else np.take_along_axis(value.values, down, axis)
        return Case(f"{name}({text}, {k}, {dim})", of(result))
    reverse = draw.pick([True, False])
    order = down if reverse else up
    result = order.astype("i8") if name == "argsort" else np.take_along_axis(value.values, order, axis)
    return Case(f"{name}({text}, {dim}, descending: {lit(reverse)})", of(result))


@row("unique")
def unique(draw, _name):
    text, value = draw.array("biufM")
    found = np.unique(value.values)
    if value.dtype.kind in "fM":
        found = np.concatenate([found[~missing(found)], found[missing(found)][:1]])
    known = draw.chance(0.4)
    if known:
        return Case(f"unique({text})", xr.DataArray(found, dims="unique"))
    size = draw.integer(1, 40)
    filler = {"f": np.nan, "M": np.datetime64("NaT"), "b": False}.get(value.dtype.kind, 7)
    option = "" if value.dtype.kind in "fM" else f", fill: {lit(filler)}"
    padded = np.full(size, filler, value.dtype)
    padded[: min(size, len(found))] = found[:size]
    return Case(f"unique({text}, size: {size}{option})", xr.DataArray(padded, dims="unique"))


@row("fft ifft rfft irfft hfft ihfft fft2 ifft2 rfft2 irfft2 fftn ifftn rfftn irfftn")
def transforms(draw, name):
    kind = name.rstrip("2n")
    text, value = draw.array("iuf" if kind in ("rfft", "ihfft") else "iufc", (2, 3) if name[-1] == "2" else (1, 2, 3), "c", least=1)
    if value.dtype.kind in "iu" and value.dtype.itemsize == 8 and draw.chance(0.5):
        raise Skip
    dims = draw.subset(value.dims)
    if name in ("hfft", "ihfft"):
        dims = dims[:1]
    written = "".join(f", {d}" for d in dims)
    if name != kind and draw.chance(0.4):
        dims, written = list(value.dims[-2:] if name[-1] == "2" else value.dims), ""
    elif name[-1] == "2":
        dims = draw.subset(value.dims, 2)[:2]
        written = "".join(f", {d}" for d in dims)
    axes = [value.get_axis_num(d) for d in dims]
    norm = draw.pick(["backward", "ortho", "forward"])
    n = [draw.integer(1, 25) for _ in dims] if draw.chance(0.4) else None
    if n is None and kind in ("irfft", "hfft") and value.sizes[dims[-1]] < 2:
        raise Skip
    wide = value.values.astype("c16" if value.dtype.kind == "c" else "f8")
    if name in ("hfft", "ihfft"):
        result = getattr(np.fft, name)(wide, n[0] if n else None, axes[0], norm)
    else:
        result = getattr(np.fft, kind + "n")(wide, n, axes, norm)
    single = value.dtype in ("f2", "f4", "c8")
    result = result.astype({"c": "c8", "f": "f4"}[result.dtype.kind]) if single else result
    coords = {d: value[d] for d in value.dims if d not in dims}
    option = "" if n is None else f", n: {n[0] if len(n) == 1 and draw.chance(0.5) else n}"
    return Case(f"{name}({text}{written}{option}, norm: {norm})", xr.DataArray(result, dims=value.dims, coords=coords),
                atol=1e-6 if single else 1e-14, rtol=1e-6 if single else 1e-13)


@row("fftshift ifftshift fftfreq rfftfreq")
def frequencies(draw, name):
    if name.endswith("freq"):
        n, d = draw.integer(1, 30), draw.pick([1.0, 0.5, 0.1])
        return Case(f"{name}({n}, {d}, dim: f)", xr.DataArray(getattr(np.fft, name)(n, d), dims="f"), rtol=1e-15)
    text, value = draw.array("biufcM")
    dims = draw.subset(value.dims, 0)
    moved = value
    for dim in dims or value.dims:
        half = value.sizes[dim] // 2 if name == "fftshift" else -(value.sizes[dim] // 2)
        moved = moved.roll({dim: half}, roll_coords=True)
    return Case(f"{name}({', '.join([text, *dims])})", moved)


def boundary(draw):
    mode = draw.pick(["reflect", "nearest", "mirror", "wrap", "constant"])
    value = draw.pick([0, 2]) if mode == "constant" else 0
    return mode, value, f", boundary: {mode}" + (f", value: {value}" if value else "")


def named(dims, values):
    return ", ".join(f"{d}: {v}" for d, v in zip(dims, values))


def spread(function, values):
    """A filter of values with gaps, as if sums were made afresh everywhere."""
    return function(values)


@row("convolve gaussian uniform sobel laplace")
def stencils(draw, name):
    text, value = draw.array("iuf", flavours="ac", least=1)
    if value.dtype.kind in "iu" and value.dtype.itemsize == 8:
        raise Skip
    dims = draw.subset(value.dims)[:2]
    axes = tuple(value.get_axis_num(d) for d in dims)
    mode, fill, ends = boundary(draw)
    wide = value.values.astype("f8")
    size = [draw.integer(1, 6) for _ in dims]
    if name == "gaussian":
        sigma, truncate = [draw.pick([0.4, 0.7, 1, 2.5]) for _ in dims], draw.pick([2, 3, 4])
        result = wide
        for axis, s in zip(axes, sigma):
            result = ndimage.gaussian_filter1d(result, s, axis, mode=mode, cval=fill, truncate=truncate)
        text = f"gaussian({text}, {named(dims, sigma)}, truncate: {truncate}{ends})"
    elif name == "uniform":
        result = wide
        for axis, n in zip(axes, size):
            result = ndimage.correlate1d(result, [1 / n] * n, axis, mode=mode, cval=fill)
        text = f"uniform({text}, {named(dims, size)}{ends})"
    elif name == "laplace":
        result = ndimage.laplace(wide, mode=mode, cval=fill, axes=axes)
        text = f"laplace({text}, {', '.join(dims)}{ends})"
    elif name == "sobel":
        result = ndimage.sobel(wide, axes[0], mode=mode, cval=fill)
        text = f"sobel({text}, {dims[0]}{ends})"
    else:
        weights = draw.rng.integers(1, 4, size=size)
        order = np.argsort(axes)
        kernel = weights.transpose(order).reshape([weights.shape[axes.index(a)] if a in axes else 1 for a in range(value.ndim)])
        result = ndimage.convolve(wide, kernel, mode=mode, cval=fill)
        text = f"convolve({text}, {weights.tolist()}, {', '.join(dims)}{ends})"
    if name in ("gaussian", "laplace", "sobel") and np.isnan(wide).any():
        raise Skip  # A weight of zero meets a missing value in some of scipy's.
    result = value.copy(data=result.astype(value.dtype if value.dtype.kind == "f" else "f8"))
    return Case(text, result, atol=tolerance(value, "sum") or 1e-12)


@row("minimum_filter maximum_filter median_filter percentile_filter erode dilate")
def by_order(draw, name):
    text, value = draw.array("biuf", flavours="bc" if draw.chance(0.5) else "c", least=1)
    if value.dtype.kind == "f" and np.isnan(value.values).any():
        text, value = f"fillna({text}, -2)", value.fillna(np.array(-2, value.dtype))
    dims = draw.subset(value.dims)[:2]
    mode, fill, ends = boundary(draw)
    if value.dtype.kind == "b" and fill:
        ends, fill = ends.replace(", value: 2", ", value: true"), 1
    if value.dtype == "u8" and value.size and value.max() > 2**53 or value.dtype == "i8" and value.size and abs(value.values.astype("f8")).max() > 2**53:
        raise Skip  # scipy computes in doubles.
    size = {d: draw.integer(1, 4) for d in dims}
    if mode == "mirror" and 1 in value.shape:
        raise Skip  # scipy's median of one element and its mirror image is zero.
    shape = [size.get(d, 1) for d in value.dims]
    wide = value.values.astype("f8")
    percent = draw.pick([0, 20, 50, 75, 100, -30])
    functions = {
        "minimum_filter": lambda: ndimage.minimum_filter(wide, size=shape, mode=mode, cval=fill),
        "maximum_filter": lambda: ndimage.maximum_filter(wide, size=shape, mode=mode, cval=fill),
        "median_filter": lambda: ndimage.median_filter(wide, size=shape, mode=mode, cval=fill),
        "percentile_filter": lambda: ndimage.percentile_filter(wide, percent, size=shape, mode=mode, cval=fill),
        "erode": lambda: ndimage.grey_erosion(wide, size=shape, mode=mode, cval=fill),
        "dilate": lambda: ndimage.grey_dilation(wide, size=shape, mode=mode, cval=fill),
    }
    result = value.copy(data=functions[name]().astype(value.dtype))
    first = f"{percent}, " if name == "percentile_filter" else ""
    return Case(f"{name}({text}, {first}{named(size, size.values())}{ends})", result)


@row("gradient differentiate")
def gradient(draw, name):
    text, value = draw.array("iuf", flavours="c", least=3)
    if value.dtype.kind in "iu" and value.dtype.itemsize == 8 or min(value.shape) < 3:
        raise Skip
    dim, order = draw.pick(value.dims), draw.pick([1, 2])
    result = np.gradient(value.values.astype("f8"), value[dim].values.astype("f8"), axis=value.get_axis_num(dim), edge_order=order)
    result = value.copy(data=result.astype(value.dtype if value.dtype.kind == "f" else "f8"))
    return Case(f"{name}({text}, {dim}, edge_order: {order})", result, atol=tolerance(value, "sum") or 1e-12)


@row("gradient differentiate")
def gradient_by_time(draw, name):
    code = draw.pick(["f32", "f64"])
    value, unit = draw.inputs.arrays[f"{code}_time"], draw.pick(["D", "h", "s"])
    order = draw.pick([1, 2])
    expected = value.astype("f8").differentiate("time", order, datetime_unit=unit)
    # xarray divides f32 by positions in f32.
    return Case(f"{name}(d.{code}_time, time, edge_order: {order}, datetime_unit: {unit})", expected.astype(value.dtype), rtol=1e-5, atol=1e-6)
