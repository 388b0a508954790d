"""Products, matrices, fits and interpolation."""

import numpy as np
import xarray as xr
from scipy import interpolate, linalg

from inputs import Skip, lit
from table import Case, row


def promoted(value):
    """Values in double precision, and the dtype of the result: that of floats, f32 for f16, f64 for integers."""
    like = np.dtype("f8") if value.dtype.kind in "iub" or value.dtype == "f8" else np.dtype("f4")
    return value.values.astype("f8"), like


def bounds(like):
    return {"rtol": 1e-4, "atol": 1e-4} if like in ("f4", "c8") else {"rtol": 5e-2, "atol": 5e-3} if like == "f2" else {"rtol": 1e-9, "atol": 1e-10}


@row("matmul dot tensordot einsum outer vdot")
def products(draw, name):
    view = draw.view(empty=name != "outer")
    kinds = draw.pick(["f", "iu", "c", "b", "f"])
    a_text, a = view(*draw.source(kinds, flavours="c"))
    b_text, b = view(*draw.source(kinds, flavours="c"))
    if a.dtype != b.dtype:
        raise Skip
    if a.dtype.kind in "iu":
        a_text, a, b_text, b = f"clip({a_text}, 0, 9)", a.clip(0, 9), f"clip({b_text}, 0, 9)", b.clip(0, 9)
    if a.dtype == "f2":
        a_text, a, b_text, b = f"clip({a_text}, -2, 2)", a.clip(-2, 2), f"clip({b_text}, -2, 2)", b.clip(-2, 2)
    like = a.dtype
    wide = {"f": "f8", "c": "c16", "b": "?"}.get(like.kind, like)
    a, b = a.astype(wide), b.astype(wide)
    plain = lambda dims, values: xr.DataArray(np.asarray(values, dtype=like), dims=dims)
    shared = [d for d in a.dims if d in b.dims]
    if name in ("dot", "vdot"):
        over = shared if name == "vdot" or draw.chance(0.2) else draw.subset(shared)
        if not shared or name == "vdot" and a.dims != b.dims:
            raise Skip
        left = a.conj() if name == "vdot" and a.dtype.kind == "c" else a
        result = xr.dot(left, b, dim=over)
        extra = "".join(f", {d}" for d in over) if name == "dot" else ""
        order = [d for d in [*a.dims, *b.dims] if d not in over]
        result = result.transpose(*dict.fromkeys(order)).astype(like)
        return Case(f"{name}({a_text}, {b_text}{extra})", result, **bounds(like))
    if name == "matmul":
        last = a.dims[-1]
        if last not in b.dims:
            raise Skip
        result = xr.dot(a, b, dim=[last])
        order = list(dict.fromkeys(d for d in [*a.dims, *b.dims] if d != last))
        return Case(f"matmul({a_text}, {b_text})", result.transpose(*order).astype(like), order=False, **bounds(like))
    if name == "outer":
        if a.size * b.size > 60000:
            raise Skip
        dims = list(a.dims)
        for d in b.dims:
            dims.append(d if d not in a.dims else f"{d}_2")
        return Case(f"outer({a_text}, {b_text})", plain(dims, np.multiply.outer(a.values, b.values)), labels=False, **bounds(like))
    letters = dict(zip(a.dims, "abc"))
    others = {d: letters[d] if d in letters and draw.chance(0.6) else f"{'xyz'[i]}" for i, d in enumerate(b.dims)}
    if name == "tensordot":
        over = draw.subset(shared)
        result = np.tensordot(a.values, b.values, ([a.get_axis_num(d) for d in over], [b.get_axis_num(d) for d in over]))
        left = [d for d in a.dims if d not in over]
        dims = left + [d if d not in left else f"{d}_2" for d in b.dims if d not in over]
        axes = "[[" + ", ".join(f'"{d}"' for d in over) + "], [" + ", ".join(f'"{d}"' for d in over) + "]]"
        return Case(f"tensordot({a_text}, {b_text}, axes: {axes})", plain(dims, result), labels=False, **bounds(like))
    first, second = "".join(letters.values()), "".join(others.values())
    out = draw.subset(list(dict.fromkeys(first + second)), 0)
    if np.prod([dict(zip(first + second, a.shape + b.shape))[c] for c in out] or [1]) > 60000:
        raise Skip
    result = np.einsum(f"{first},{second}->{''.join(out)}", a.values, b.values)
    meaning = {v: k for k, v in reversed([*letters.items(), *others.items()])}
    dims = []
    for letter in out:
        dim = letters and next((d for d, c in letters.items() if c == letter), None) or meaning[letter]
        dims.append(dim if dim not in dims else f"{dim}_2")
    return Case(f'einsum("{first},{second}->{"".join(out)}", {a_text}, {b_text})', plain(dims, result), labels=False, order=False, **bounds(like))


def square(draw):
    """A stack of well-conditioned square matrices, over `x` and `k`, perhaps for each `t`."""
    size = draw.integer(1, 7)
    code = draw.pick(["f64", "f32", "f16", "i16", "u8"])
    low = draw.integer(0, 20)
    many = draw.chance(0.5)
    value = draw.inputs.arrays[f"{code}_3c"]
    cut = f"isel(d.{code}_3c, t: {low}..<{low + 3}, y: 0..<{size}, x: 0..<{size})"
    value = value.isel(t=slice(low, low + 3), y=slice(0, size), x=slice(0, size))
    if not many:
        cut, value = f"isel({cut}, t: 0)", value.isel(t=0, drop=True)
    text = f"({cut} + rename(eye({size}, dtype: {'f16' if code == 'f16' else 'f32' if code == 'f32' else 'i32'}) * 200, dim_0: y, dim_1: x))"
    add = np.eye(size, dtype="f2" if code == "f16" else "f4" if code == "f32" else "i4") * 200
    return text, value + xr.DataArray(add, dims=("y", "x"), coords={d: value[d] for d in ("y", "x")})


def bare(values, dims, like):
    return xr.DataArray(np.asarray(values).astype(like), dims=dims)


@row("inv det solve cholesky eigh trace")
def matrices(draw, name):
    text, value = square(draw)
    text, value = f"drop_coords({text})", value.drop_vars(list(value.coords))
    wide, like = promoted(value)
    if name == "inv":
        return Case(f"inv({text})", bare(np.linalg.inv(wide), value.dims, like), **bounds(like))
    if name == "det":
        return Case(f"det({text}, y, x)", bare(np.linalg.det(wide), value.dims[:-2], like), **bounds(like))
    if name == "trace":
        result = np.trace(wide if value.dtype.kind == "f" else value.values, axis1=-2, axis2=-1)
        like = value.dtype if value.dtype.kind == "f" else result.dtype
        return Case(f"trace({text})", bare(result, value.dims[:-2], like), **bounds(like))
    if name == "solve":
        right = wide.sum(-1)
        return Case(f"solve({text}, sum({text} as f64, x))", bare(np.linalg.solve(wide, right[..., None])[..., 0], [*value.dims[:-2], "x"], "f8"), rtol=1e-8, atol=1e-8)
    swapped = f"rename({text}, y: x, x: y)"
    symmetric = wide + np.swapaxes(wide, -1, -2)
    text = f"(({text} as f64) + transpose({swapped} as f64, .., y, x))"
    if name == "cholesky":
        # The order of dims of a sum of two is that of the first.
        return Case(f"cholesky({text})", bare(np.linalg.cholesky(symmetric), value.dims, "f8"), rtol=1e-9, atol=1e-11)
    which = draw.pick(["w", "again"])
    if which == "w":
        return Case(f"eigh({text}).w", bare(np.linalg.eigvalsh(symmetric), [*value.dims[:-2], "component"], "f8"), rtol=1e-10, atol=1e-12)
    vectors = f"eigh({text}).v"
    again = f"matmul({vectors} * eigh({text}).w, rename({vectors}, y: x))"
    return Case(again, bare(symmetric, value.dims, "f8"), rtol=1e-9, atol=1e-11, labels=False)


@row("lu")
def triangles(draw, _name):
    """Rows change places for the greatest element of a column, as LAPACK has it; products of the parts are the matrix."""
    text, value = square(draw)
    text, value = f"drop_coords({text})", value.drop_vars(list(value.coords))
    if draw.chance(0.6):
        by = draw.integer(0, value.sizes["y"] - 1)
        text, value = f"roll({text}, y: {by})", value.roll(y=by)
    if draw.chance(0.3):
        text, value = f"flip({text}, x)", value.isel(x=slice(None, None, -1))
    wide, like = promoted(value)
    name = draw.pick("plu")
    result = linalg.lu(wide)["plu".index(name)]
    dims = {"p": ["y", "component_2"], "l": ["component_2", "component"], "u": ["component", "x"]}[name]
    return Case(f"lu({text}).{name}", bare(result, [*value.dims[:-2], *dims], like), labels=False, **bounds(like))


@row("solve_triangular")
def by_substitution(draw, _name):
    text, value = square(draw)
    text, value = f"drop_coords({text})", value.drop_vars(list(value.coords))
    wide, _ = promoted(value)
    lower, unit = draw.chance(0.5), draw.chance(0.5)
    part = np.tril(wide) if lower else np.triu(wide)
    if unit:
        part = part - part * np.eye(part.shape[-1]) + np.eye(part.shape[-1])
    right = wide.sum(-1)
    result = np.linalg.solve(part, right[..., None])[..., 0]
    options = (", lower: true" if lower else "") + (", unit_diagonal: true" if unit else "")
    call = f"solve_triangular({text} as f64, sum({text} as f64, x){options})"
    return Case(call, bare(result, [*value.dims[:-2], "x"], "f8"), rtol=1e-7, atol=1e-8)


@row("qr svd lstsq")
def tall(draw, name):
    code, many = draw.pick(["f64", "f32", "f16", "i16"]), draw.chance(0.4)
    n = draw.integer(1, 7)
    if many:
        value = draw.inputs.arrays[f"{code}_3c"].isel(x=slice(0, n), t=slice(0, 4))
        text, rows = f"isel(d.{code}_3c, x: 0..<{n}, t: 0..<4)", "y"
    else:
        value = draw.inputs.arrays[f"{code}_2c"].isel(x=slice(0, n))
        text, rows = f"isel(d.{code}_2c, x: 0..<{n})", "t"
    if draw.chance(0.2) and name != "lstsq":
        text, value = f"transpose({text}, .., x, {rows})", value.transpose(..., "x", rows)
    wide, like = promoted(value)
    outer = list(value.dims[:-2])
    size = min(value.shape[-2:])
    if name == "qr":
        q, r = np.linalg.qr(wide)
        signs = np.sign(np.diagonal(r, axis1=-2, axis2=-1))
        which = draw.pick(["q", "r"])
        result = q * signs[..., None, :] if which == "q" else r * signs[..., None]
        dims = [*outer, value.dims[-2], "component"] if which == "q" else [*outer, "component", value.dims[-1]]
        return Case(f"qr({text}).{which}", bare(result, dims, like), labels=False, **bounds(like))
    if name == "svd":
        u, s, vt = np.linalg.svd(wide, full_matrices=False)
        leading = np.take_along_axis(vt, np.abs(vt).argmax(-1)[..., None], -1)
        if value.shape[-2] < value.shape[-1]:
            leading = np.swapaxes(np.take_along_axis(u, np.abs(u).argmax(-2)[..., None, :], -2), -1, -2)
        sign = np.sign(leading)
        which = draw.pick(["u", "s", "vt"])
        result = {"u": u * np.swapaxes(sign, -1, -2), "s": s, "vt": vt * sign}[which]
        dims = {"u": [*outer, value.dims[-2], "component"], "s": [*outer, "component"], "vt": [*outer, "component", value.dims[-1]]}[which]
        return Case(f"svd({text}).{which}", bare(result, dims, like), labels=False, **bounds(like))
    if many or size < n:
        raise Skip
    right = draw.inputs.arrays[f"{code}_1c"]
    result = np.linalg.lstsq(wide, right.values.astype("f8"), rcond=None)[0]
    return Case(f"lstsq({text}, d.{code}_1c)", bare(result, ["x"], like), labels=False, **bounds(like))


@row("norm cross cov corr")
def lengths(draw, name):
    if name == "norm":
        text, value = draw.array("iuf", flavours="c", least=1)
        if value.dtype == "f2" or value.dtype.kind in "iu" and value.dtype.itemsize == 8:
            raise Skip
        dims = draw.subset(value.dims)
        order = draw.pick([2, 1, np.inf, -np.inf, 0, 3]) if len(dims) == 1 else 2
        axes = [value.get_axis_num(d) for d in dims]
        moved = np.moveaxis(value.values.astype("f8"), axes, range(-len(axes), 0))
        lines = moved.reshape(moved.shape[: value.ndim - len(axes)] + (-1,))
        result = np.linalg.norm(lines, order, axis=-1)
        kept = [d for d in value.dims if d not in dims]
        like = value.dtype if value.dtype.kind == "f" else np.dtype("f8")
        expected = xr.DataArray(result.astype(like), dims=kept, coords={d: value[d] for d in kept})
        option = "" if order == 2 and (draw.chance(0.5) or len(dims) > 1) else f", ord: {str(order)}"
        return Case(f"norm({text}, {', '.join(dims)}{option})", expected, **bounds(like))
    if name == "cross":
        view = draw.view(empty=False)
        a_text, a = draw.source("f", (2, 3), "ac")
        b_text, b = draw.source("f", (2, 3), "ac")
        low, other = draw.integer(0, 4), draw.integer(0, 4)
        a_text, a = f"drop_coords(isel({a_text}, x: {low}..<{low + 3}), x)", a.isel(x=slice(low, low + 3)).drop_vars("x")
        b_text, b = f"drop_coords(isel({b_text}, x: {other}..<{other + 3}), x)", b.isel(x=slice(other, other + 3)).drop_vars("x")
        if "f2" in (a.dtype.str[1:], b.dtype.str[1:]):
            raise Skip
        like = np.result_type(a, b)
        result = xr.cross(a.astype("f8"), b.astype("f8"), dim="x").transpose(*a.dims, *[d for d in b.dims if d not in a.dims])
        return Case(f"cross({a_text}, {b_text}, x)", result.astype(like), order=False, **bounds(like))
    a_text, a, b_text, b = draw.pair("fi", flavours="ac", least=2)
    if a.dtype.itemsize == 2 or b.dtype.itemsize == 2 or "i8" in (a.dtype.str[1:], b.dtype.str[1:]):
        raise Skip
    shared = [d for d in a.dims if d in b.dims]
    if set(shared) != set(b.dims) and set(shared) != set(a.dims):
        raise Skip
    dims = draw.subset(shared)
    ddof = draw.pick([0, 1])
    wide = [a.astype("f8"), b.astype("f8")]
    result = xr.cov(*wide, dim=dims, ddof=ddof) if name == "cov" else xr.corr(*wide, dim=dims)
    like = np.dtype("f4" if a.dtype == b.dtype == "f4" else "f8")
    count = (a.notnull() & b.notnull()).sum(dims)
    result = result.where(count > 1)
    if (count <= 1).any() or not result.size:
        raise Skip
    option = f", ddof: {ddof}" if name == "cov" else ""
    return Case(f"{name}({a_text}, {b_text}, {', '.join(dims)}{option})", result.astype(like), order=False, rtol=2e-4 if like == "f4" else 1e-7, atol=1e-5 if like == "f4" else 1e-9)


@row("polyfit polyval detrend")
def fits(draw, name):
    text, value = draw.array("iuf", flavours="ac", least=6)
    if value.dtype.kind in "iu" and value.dtype.itemsize == 8 or value.dtype == "f2" or value.size == 0:
        raise Skip
    dim, degree = draw.pick(value.dims), draw.integer(0, 2)
    if value.sizes[dim] <= degree + 1:
        raise Skip
    wide, labels = value.astype("f8"), value[dim].values.astype("f8")
    axis = value.get_axis_num(dim)
    lines = np.moveaxis(wide.values, axis, -1)
    coefficients = np.full(lines.shape[:-1] + (degree + 1,), np.nan)
    rest = np.full(lines.shape, np.nan)
    for cell in np.ndindex(lines.shape[:-1]):
        there = ~np.isnan(lines[cell])
        if there.sum() > degree:
            coefficients[cell] = np.polynomial.polynomial.polyfit(labels[there], lines[cell][there], degree)[::-1]
            rest[cell] = lines[cell] - np.polyval(coefficients[cell], labels)
    kept = [d for d in value.dims if d != dim]
    expected = xr.DataArray(coefficients, dims=[*kept, "degree"], coords={d: value[d] for d in kept} | {"degree": np.arange(degree, -1, -1)})
    expected = expected.transpose("degree", *kept)
    if name == "polyfit":
        return Case(f"polyfit({text}, {dim}, {degree})", expected, rtol=1e-6, atol=1e-8)
    if name == "detrend":
        like = value.dtype if value.dtype.kind == "f" else np.dtype("f8")
        moved = value.copy(data=np.moveaxis(rest, -1, axis).astype(like))
        return Case(f"detrend({text}, {dim}, {degree})", moved, rtol=1e-4 if like == "f4" else 1e-7, atol=1e-5 if like == "f4" else 1e-8)
    line = [draw.integer(-3, 3) for _ in range(draw.integer(1, 4))]
    return Case(f"polyval({text}, {line})", (value * 0 + np.polyval([float(c) for c in line], wide)).astype("f8"), rtol=1e-10, atol=1e-11)


def interpolated(line, labels, at, method, extrapolate):
    """A line at new labels; a label that is there gives its value."""
    order = np.argsort(labels)
    labels, line = labels[order], line[order]
    out = np.full(len(at), np.nan)
    for i, x in enumerate(at):
        inside = labels[0] <= x <= labels[-1]
        if not inside and not extrapolate or np.isnan(x):
            continue
        j = int(np.clip(np.searchsorted(labels, x, "right") - 1, 0, len(labels) - 2))
        low, high = labels[j], labels[j + 1]
        if method == "nearest":
            out[i] = line[j] if x - low <= high - x else line[j + 1]
        elif x == low or x == high:
            out[i] = line[j] if x == low else line[j + 1]
        else:
            out[i] = line[j] + (line[j + 1] - line[j]) * ((x - low) / (high - low))
    return out


@row("interp interp_like")
def between(draw, name):
    text, value = draw.array("iuf", flavours="ac", least=4)
    if value.dtype.kind in "iu" and value.dtype.itemsize == 8 or value.dtype == "f2" or min(value.shape, default=0) < 4:
        raise Skip
    dim = draw.pick(value.dims)
    labels = value[dim].values.astype("f8")
    spread = labels.max() - labels.min()
    at = labels.min() - 0.2 * spread + draw.rng.random(draw.integer(1, 9)) * spread * 1.4
    at = np.round(at, 2)
    at[0] = labels[draw.integer(0, len(labels) - 1)]
    method, extrapolate = draw.pick(["linear", "nearest", "cubic"]), draw.chance(0.4)
    if method == "nearest":
        extrapolate = False
    axis = value.get_axis_num(dim)
    wide = value.values.astype("f8")
    if method == "cubic":
        order = np.argsort(labels)
        rising = np.take(wide, order, axis)
        holes = np.isnan(rising).any(axis, keepdims=True)
        spline = interpolate.CubicSpline(labels[order], np.where(holes, 0, rising), axis=axis, extrapolate=True)
        result = np.where(holes, np.nan, spline(at))
        outside = (at < labels.min()) | (at > labels.max())
        if not extrapolate:
            result = np.where(np.expand_dims(outside, [a for a in range(value.ndim) if a != axis]), np.nan, result)
    else:
        result = np.apply_along_axis(interpolated, axis, wide, labels, at, method, extrapolate)
    like = value.dtype if value.dtype.kind == "f" else np.dtype("f8")
    coords = {d: value[d] for d in value.dims if d != dim} | {dim: at}
    expected = xr.DataArray(result.astype(like), dims=value.dims, coords=coords)
    fill = ", fill: extrapolate" if extrapolate else ""
    call = f"interp({text}, {dim}: {lit(at)}, method: {method}{fill})"
    if name == "interp_like":
        call = f"interp_like({text}, assign_coords(zeros({{{dim}: {len(at)}}}), {dim}: {lit(at)}), method: {method}{fill})"
    return Case(call, expected, rtol=1e-5 if like == "f4" else 1e-9, atol=1e-5 if like == "f4" else 1e-10)


@row("interpolate_na")
def gaps(draw, _name):
    text, value = draw.array("f", flavours="ac", least=1, empty=False)
    if value.dtype == "f2" or "t" not in value.dims:
        raise Skip
    if (np.diff(value.t.values) < 0).any():
        raise Skip
    limit, use = draw.pick([None, 1, 3]), draw.pick([True, False])
    most = draw.pick([None, 2, 5]) if limit is None else None
    method = draw.pick(["linear", "nearest"])
    if method == "nearest" and value.sizes["t"] < 2:
        raise Skip
    axis = value.get_axis_num("t")
    at = value.t.values.astype("f8") if use else np.arange(value.sizes["t"], dtype="f8")

    def filled(line):
        there = ~np.isnan(line)
        out = line.copy()
        if there.sum() < 1:
            return out
        known, values = at[there], line[there]
        run = 0
        for i in range(len(line)):
            run = 0 if there[i] else run + 1
            before, after = known[known < at[i]], known[known > at[i]]
            if there[i] or not before.size or not after.size or limit is not None and run > limit or most is not None and after[0] - before[-1] > most:
                continue
            share = (at[i] - before[-1]) / (after[0] - before[-1])
            ends = values[known == before[-1]][0], values[known == after[0]][0]
            out[i] = ends[0] + (ends[1] - ends[0]) * share if method == "linear" else ends[0] if share <= 0.5 else ends[1]
        return out

    result = value.copy(data=np.apply_along_axis(filled, axis, value.values.astype("f8")).astype(value.dtype)) if value.size else value
    options = f", method: {method}, use_coordinate: {lit(use)}" + (f", limit: {limit}" if limit else "") + (f", max_gap: {most}" if most else "")
    return Case(f"interpolate_na({text}, t{options})", result, rtol=1e-5 if value.dtype == "f4" else 1e-12, atol=1e-6 if value.dtype == "f4" else 0)
