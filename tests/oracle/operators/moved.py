"""Shape, arrangement, labels, packing, and arrays made from nothing."""

import numpy as np
import xarray as xr

from inputs import SIZES, NAMES, Skip, ff_name, lit
from table import Case, row


@row("transpose expand_dims squeeze flip broadcast rechunk")
def shapes(draw, name):
    text, value = draw.array("biufcM")
    if name == "transpose":
        order = [str(d) for d in draw.rng.permutation(value.dims)]
        if draw.chance(0.2):
            return Case(f"transpose({text})", value.transpose())
        if draw.chance(0.3):
            return Case(f"transpose({text}, .., {order[0]})", value.transpose(..., order[0]))
        return Case(f"transpose({text}, {', '.join(order)})", value.transpose(*order))
    if name == "expand_dims":
        axis = draw.integer(-value.ndim - 1, value.ndim)
        label = draw.pick([None, 5])
        expected = value.expand_dims("n" if label is None else {"n": [label]}, axis)
        return Case(f"expand_dims({text}, n, axis: {axis}{'' if label is None else ', label: 5'})", expected)
    if name == "squeeze":
        dim = draw.pick(value.dims)
        if value.sizes[dim] == 0:
            raise Skip
        text, value = f"isel({text}, {dim}: [0])", value.isel({dim: [0]})
        named = draw.pick([True, False])
        return Case(f"squeeze({text}{', ' + dim if named else ''})", value.squeeze(dim if named else None, drop=True))
    if name == "flip":
        dims = draw.subset(value.dims, 0)
        return Case(f"flip({', '.join([text, *dims])})", value.isel({d: slice(None, None, -1) for d in dims or value.dims}))
    if name == "broadcast":
        n = draw.integer(0, 4)
        expected = value.expand_dims({"n": n}).transpose(..., "n")
        return Case(f"broadcast({text}, {{n: {n}}})", expected)
    chunks = {d: draw.pick([1, 2, 3, -1, value.sizes[d] + 4]) for d in draw.subset(value.dims)}
    return Case(f"rechunk({text}, {', '.join(f'{d}: {n}' for d, n in chunks.items())})", value)


@row("concat stack")
def joined(draw, name):
    text, value = draw.array("biufcM", least=1)
    dim = draw.pick(value.dims)
    size = value.sizes[dim]
    if name == "concat":
        cuts = [sorted([draw.integer(0, size), draw.integer(0, size)]) for _ in range(draw.integer(1, 4))]
        parts = [value.isel({dim: slice(*cut)}) for cut in cuts]
        texts = [f"isel({text}, {dim}: {a}..<{b})" for a, b in cuts]
        return Case(f"concat([{', '.join(texts)}], {dim})", xr.concat(parts, dim).transpose(*value.dims))
    if draw.chance(0.5):
        count = draw.integer(1, 4)
        labels = draw.pick([None, list(range(10, 10 + count))])
        expected = xr.concat([value] * count, "n")
        expected = expected if labels is None else expected.assign_coords(n=labels)
        return Case(f"stack([{', '.join([text] * count)}], n{'' if labels is None else f', labels: {labels}'})", expected)
    dims = draw.subset(value.dims)
    kept = [d for d in value.dims if d not in dims]
    values = value.transpose(*kept, *dims).values.reshape([value.sizes[d] for d in kept] + [int(np.prod([value.sizes[d] for d in dims]))])
    return Case(f"stack({text}, cell: [{', '.join(dims)}])", xr.DataArray(values, dims=[*kept, "cell"], coords={d: value[d] for d in kept}))


def factors(draw, size):
    """A size as a product of one to three."""
    parts = []
    while len(parts) < 2 and size > 1 and draw.chance(0.7):
        part = draw.pick([n for n in range(1, size + 1) if size % n == 0])
        parts.append(part)
        size //= part
    return [*parts, size]


@row("unstack reshape ravel flatten")
def reshaped(draw, name):
    text, value = draw.array("biufcM")
    if name in ("ravel", "flatten"):
        expected = xr.DataArray(value.values.ravel(), dims="cell")
        return Case(f"{name}({text}, dim: cell)", expected)
    if value.size == 0:
        if name == "unstack":
            raise Skip
        return Case(f"reshape({text}, {{a: 0, b: 3}})", xr.DataArray(np.zeros((0, 3), value.dtype), dims=("a", "b")))
    if name == "unstack":
        dim = draw.pick(value.dims)
        sizes = factors(draw, value.sizes[dim])
        names = ["a", "b", "c"][: len(sizes)]
        kept = [d for d in value.dims if d != dim]
        values = value.transpose(*kept, dim).values.reshape([value.sizes[d] for d in kept] + sizes)
        asked = list(sizes)
        if draw.chance(0.3):
            asked[draw.integer(0, len(asked) - 1)] = -1
        written = ", ".join(f"{n}: {s}" for n, s in zip(names, asked))
        return Case(f"unstack({text}, {dim}: {{{written}}})", xr.DataArray(values, dims=kept + names, coords={d: value[d] for d in kept}))
    sizes = factors(draw, value.size)
    asked = list(sizes)
    if draw.chance(0.4):
        asked[draw.integer(0, len(asked) - 1)] = -1
    if draw.chance(0.5):
        written = "{" + ", ".join(f"{n}: {s}" for n, s in zip("abc", asked)) + "}"
        return Case(f"reshape({text}, {written})", xr.DataArray(value.values.reshape(sizes), dims=list("abc"[: len(sizes)])))
    dims = [f"dim_{i}" for i in range(len(sizes))]
    return Case(f"reshape({text}, {asked})", xr.DataArray(value.values.reshape(sizes), dims=dims))


@row("shift roll diff")
def moves(draw, name):
    text, value = draw.array("f" if name != "roll" else "biufcM", flavours="abc")
    dims = draw.subset(value.dims)
    if name == "diff":
        dim, n, label = dims[0], draw.integer(0, 3), draw.pick(["upper", "lower"])
        if value.sizes[dim] < n:
            raise Skip
        # xarray takes the later labels from the second difference on, whatever `label` says.
        labels = n < 2 or label == "upper"
        return Case(f"diff({text}, {dim}, n: {n}, label: {label})", value.diff(dim, n, label=label) if n else value, labels=labels)
    by = {d: draw.integer(-value.sizes[d] - 2, value.sizes[d] + 2) for d in dims}
    written = ", ".join(f"{d}: {n}" for d, n in by.items())
    if name == "roll":
        return Case(f"roll({text}, {written})", value.roll({d: n % max(value.sizes[d], 1) for d, n in by.items()}))
    fill = draw.pick([None, 9])
    expected = value.shift(by, **({} if fill is None else {"fill_value": value.dtype.type(9)}))
    return Case(f"shift({text}, {written}{'' if fill is None else ', fill: 9'})", expected)


@row("shift diff")
def moves_of_integers(draw, name):
    text, value = draw.array("iu", flavours="abc")
    dim = draw.pick(value.dims)
    if name == "diff":
        return Case(f"diff({text}, {dim})", value.diff(dim))
    by = draw.integer(-4, 4)
    return Case(f"shift({text}, {dim}: {by}, fill: 3)", value.shift({dim: by}, fill_value=value.dtype.type(3)))


@row("pad")
def padded(draw, _name):
    text, value = draw.array("iufc", least=1)
    mode = draw.pick(["constant", "edge", "reflect", "symmetric", "wrap"])
    dims = draw.subset(value.dims)
    width = {}
    for dim in dims:
        most = {"reflect": value.sizes[dim] - 1, "constant": 4, "edge": 4}.get(mode, value.sizes[dim])
        width[dim] = (draw.integer(0, min(most, 4)), draw.integer(0, min(most, 4)))
    if min(value.shape) == 0:
        raise Skip
    axes = [width.get(d, (0, 0)) for d in value.dims]
    options = {"constant_values": 7} if mode == "constant" else {}
    result = np.pad(value.values, axes, mode=mode, **options)
    written = ", ".join(f"{d}: [{a}, {b}]" for d, (a, b) in width.items())
    expected = xr.DataArray(result, dims=value.dims)
    return Case(f"pad({text}, {written}, mode: {mode}{', value: 7' if mode == 'constant' else ''})", expected, labels=False)


@row("tile repeat rot90 tril triu")
def arranged(draw, name):
    text, value = draw.array("biufcM")
    coords = dict(value.coords)
    if name in ("tile", "repeat"):
        counts = {d: draw.integer(0, 3) for d in draw.subset(value.dims)}
        values = value.values
        if name == "tile":
            values = np.tile(values, [counts.get(d, 1) for d in value.dims])
        for axis, dim in enumerate(value.dims) if name == "repeat" else []:
            values = np.repeat(values, counts.get(dim, 1), axis)
        kept = {d: value[d] for d in value.dims if d not in counts}
        return Case(f"{name}({text}, {', '.join(f'{d}: {n}' for d, n in counts.items())})", xr.DataArray(values, dims=value.dims, coords=kept))
    if value.ndim < 2:
        raise Skip
    if name == "rot90":
        first, second = draw.subset(value.dims, 2)[:2]
        k = draw.integer(-5, 5)
        axes = (value.get_axis_num(first), value.get_axis_num(second))
        names = list(value.dims)
        if k % 2:
            names[axes[0]], names[axes[1]] = second, first
        return Case(f"rot90({text}, {first}, {second}, k: {k})", xr.DataArray(np.rot90(value.values, k, axes), dims=names), labels=False)
    if value.dtype.kind == "M":
        raise Skip
    k = draw.integer(-4, 4)
    rows, columns = draw.subset(value.dims, 2)[:2] if draw.chance(0.4) else value.dims[-2:]
    moved = value.transpose(..., rows, columns)
    result = moved.copy(data=getattr(np, name)(moved.values, k)).transpose(*value.dims)
    return Case(f"{name}({text}, {rows}, {columns}, k: {k})", result)


@row("zeros_like ones_like full_like")
def alike(draw, name):
    text, value = draw.array("biufc")
    dtype = draw.pick([None, "f4", "i2", "u8", "c16"])
    like = np.dtype(dtype) if dtype else value.dtype
    number = {"zeros_like": 0, "ones_like": 1}.get(name, 3 if like.kind != "b" else True)
    first = f", {lit(number)}" if name == "full_like" else ""
    return Case(f"{name}({text}{first}{'' if dtype is None else f', dtype: {NAMES[dtype]}'})", value.copy(data=np.full(value.shape, number, like)))


@row("rename assign_coords drop_coords with_attrs")
def relabelled(draw, name):
    text, value = draw.array("biufcM")
    dims = draw.subset(value.dims)
    if name == "rename":
        names = {d: draw.pick([f"{d}_new", f"other_{d}"]) for d in dims}
        return Case(f"rename({text}, {', '.join(f'{a}: {b}' for a, b in names.items())})", value.rename(names))
    if name == "assign_coords":
        labels = {d: draw.pick([draw.rng.integers(0, 99, value.sizes[d]), np.round(draw.rng.random(value.sizes[d]), 3)]) for d in dims}
        if any(len(v) == 0 for v in labels.values()):
            raise Skip
        return Case(f"assign_coords({text}, {', '.join(f'{d}: {lit(v)}' for d, v in labels.items())})", value.assign_coords({d: (d, v) for d, v in labels.items()}))
    if name == "drop_coords":
        return Case(f"drop_coords({text}, {', '.join(dims)})", value.drop_vars(dims))
    return Case(f'with_attrs({text}, units: "K", n: 3)', value)


@row("encode decode")
def packed(draw, name):
    text, value = draw.array("f", flavours="ac")
    if value.dtype == "f2":
        raise Skip
    scale, offset, code = draw.pick([0.5, 0.25, 2.0]), draw.pick([None, 0.0, 100.0, -8.0]), draw.pick(["i2", "i4", "u1", "i1"])
    info = np.iinfo(code)
    fill = draw.pick([int(info.max), 77])
    whole = np.round((value.values.astype("f8") - (offset or 0)) / scale)
    kept = np.clip(np.nan_to_num(whole), info.min, info.max)
    # What would come out as the fill value becomes the integer beside it.
    if (kept[~np.isnan(whole)] == fill).any():
        raise Skip
    stored = np.where(np.isnan(whole), fill, kept).astype(code)
    call = f"encode({text}, dtype: {NAMES[code]}, scale_factor: {scale}{'' if offset is None else f', add_offset: {offset}'}, fill_value: {fill})"
    if name == "encode":
        return Case(call, value.copy(data=stored))
    opened = np.where(np.isnan(whole), np.nan, kept * scale + (offset or 0))
    return Case(f"decode({call})", value.copy(data=opened))  # A scale in f64 makes f64, as in xarray.


@row("zeros ones full arange linspace eye")
def made(draw, name):
    code = draw.pick(["b1", "i2", "i8", "u1", "f2", "f4", "f8", "c8"])
    if name in ("zeros", "ones", "full"):
        shape = {d: draw.integer(0, 9) for d in draw.subset("abc")}
        number = {"zeros": 0, "ones": 1}.get(name, draw.integer(0, 9))
        if code == "b1" and name == "full":
            raise Skip
        dims = list(shape) if draw.chance(0.6) else [f"dim_{i}" for i in range(len(shape))]
        written = "{" + ", ".join(f"{d}: {n}" for d, n in shape.items()) + "}" if dims == list(shape) else lit(list(shape.values()))
        middle = f"{number}, " if name == "full" else ""
        return Case(f"{name}({written}, {middle}{NAMES[code]})", xr.DataArray(np.full(list(shape.values()), number, code), dims=dims))
    if name == "arange":
        start, stop, step = draw.integer(-9, 9), draw.integer(-9, 9), draw.pick([1, 2, 3, -1, -2])
        if draw.chance(0.4):
            step = draw.pick([0.5, -0.25, 1.5])
        return Case(f"arange({start}, {stop}, {step}, dim: n)", xr.DataArray(np.arange(start, stop, step), dims="n"), rtol=1e-14)
    if name == "linspace":
        start, stop, n = draw.integer(-9, 9), draw.integer(-9, 9), draw.integer(0, 9)
        return Case(f"linspace({start}, {stop}, {n}, dim: n)", xr.DataArray(np.linspace(start, stop, n), dims="n"), rtol=1e-14, atol=1e-16)
    n, m, k = draw.integer(0, 6), draw.integer(0, 6), draw.integer(-7, 7)
    return Case(f"eye({n}, {m}, {k}, {NAMES[code]})", xr.DataArray(np.eye(n, m, k, code), dims=("dim_0", "dim_1")))


PHILOX = {
    "uniform": "", "normal": "", "exponential": "", "integers": "0, 1000, ", "poisson": "3.5, ", "binomial": "9, 0.3, ", "geometric": "0.02, ",
    "choice": "[3, 1, 9, 27], ", "beta": "2, 0.5, ", "chisquare": "3, ", "gamma": "2.5, 3, ", "gumbel": "1, 2, ", "laplace": "1, 2, ",
    "logistic": "1, 2, ", "lognormal": "0, 0.5, ", "pareto": "4, ", "rayleigh": "2, ", "standard_cauchy": "", "standard_t": "4, ",
    "triangular": "-1, 0, 2, ", "weibull": "1.5, ",
}


@row([f"random.{name}" for name in PHILOX])
def numbers(draw, name):
    """Numbers depend on their position in C order only: a part is the part of the whole, however it is cut (tests/oracle/draws.py looks at the distributions)."""
    shape = {d: draw.integer(1, 9) for d in ("a", "b")}
    args = PHILOX[name.removeprefix("random.")]
    written = ", ".join(f"{d}: {n}" for d, n in shape.items())
    seed, size = draw.integer(0, 99), shape["a"] * shape["b"]
    low = draw.integer(0, shape["a"] - 1)
    whole = f"{name}({{{written}}}, {args}seed: {seed})"
    flat = f"reshape({name}([{size}], {args}seed: {seed}), {{{written}}})"
    text = f"(isel({whole}, a: {low}..) == isel({flat}, a: {low}..))"
    return Case(text, xr.DataArray(np.ones((shape["a"] - low, shape["b"]), bool), dims=("a", "b")))


@row([f"random.{name}" for name in PHILOX])
def kinds_of_numbers(draw, name):
    """The shape and the dtype, with sizes of zero among them."""
    shape = {d: draw.integer(0, 6) for d in draw.subset("abc")}
    named = draw.chance(0.5)
    dims = list(shape) if named else [f"dim_{i}" for i in range(len(shape))]
    sizes = "{" + ", ".join(f"{d}: {n}" for d, n in shape.items()) + "}" if named else lit(list(shape.values()))
    whole = name.removeprefix("random.") in ("integers", "poisson", "binomial", "geometric", "choice")
    code = draw.pick([None, "f4", "f8"])
    option = "" if whole or code is None else f", dtype: {NAMES[code]}"
    text = f"{name}({sizes}, {PHILOX[name.removeprefix('random.')]}seed: {draw.integer(0, 99)}{option})"
    return Case(f"({text} * 0)", xr.DataArray(np.zeros(list(shape.values()), "i8" if whole else code or "f8"), dims=dims))


@row("random.permutation")
def permutation(draw, _name):
    """The elements are the same in some order, with their labels, whatever the chunks are."""
    text, value = draw.array("biufM")
    dim, seed = draw.pick(value.dims), draw.integer(0, 99)
    return Case(f"sortby(random.permutation({text}, {dim}, seed: {seed}), {dim})", value.sortby(dim))


@row("dt.floor dt.ceil dt.round")
def whole_periods(draw, name):
    text, value = draw.array("M")
    hours = draw.pick([1, 6, 24, 100])
    step = hours * 3_600_000_000
    counts = value.values.astype("M8[us]").astype("i8")
    low = counts // step * step
    rest = counts - low
    up = {"dt.floor": rest > step, "dt.ceil": rest > 0, "dt.round": (2 * rest > step) | ((2 * rest == step) & (low // step % 2 == 1))}
    result = (low + np.where(up[name], step, 0)).astype("M8[us]")
    result[np.isnat(value.values)] = np.datetime64("NaT")
    return Case(f"{name}({text}, {hours}h)", value.copy(data=result))
