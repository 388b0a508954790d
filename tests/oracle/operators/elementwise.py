"""Elementwise operators against NumPy; tests/oracle/elementwise.py goes through their special values one by one."""

import numpy as np
import xarray as xr
from scipy import special

from inputs import KINDS, NAMES, Skip, ff_name, lit
from table import Case, row

REAL = {name: getattr(np, name) for name in "sqrt cbrt exp exp2 expm1 log log2 log10 log1p sin cos tan radians degrees sinh cosh tanh rint fabs".split()}
REAL |= {f"a{name}": getattr(np, f"arc{name}") for name in "sin cos tan sinh cosh tanh".split()}
COMPLEX = "sqrt exp log log2 log10 sin cos tan sinh cosh tanh asin acos atan asinh acosh atanh".split()
EXACT = {name: getattr(np, name) for name in "sign square isnan isinf isfinite real imag isreal iscomplex logical_not floor ceil trunc fix".split()}
EXACT |= {"abs": np.abs, "neg": np.negative, "positive": np.positive, "conj": np.conj, "invert": np.invert, "signbit": np.signbit,
          "isposinf": np.isposinf, "isneginf": np.isneginf, "isnull": np.isnan, "notnull": lambda x: ~np.isnan(x), "not": np.logical_not}
TAKES = {
    "neg": "iufcm", "positive": "iufcm", "sign": "iuf", "square": "iufc", "invert": "biu", "signbit": "f", "isposinf": "f", "isneginf": "f",
    "floor": "iuf", "ceil": "iuf", "trunc": "iuf", "fix": "iuf", "not": "b", "isinf": "iufc", "isfinite": "iufcMm",
    "isnan": "fcMm", "isnull": "fcMm", "notnull": "fcMm", "abs": "biufcm", "logical_not": "biufc",
}
BINARY = {
    "add": np.add, "sub": np.subtract, "mul": np.multiply, "div": np.divide, "floordiv": np.floor_divide, "mod": np.remainder, "pow": np.power,
    "float_power": np.float_power, "fmod": np.fmod, "atan2": np.arctan2, "hypot": np.hypot, "copysign": np.copysign, "maximum": np.maximum,
    "minimum": np.minimum, "fmax": np.fmax, "fmin": np.fmin, "logaddexp": np.logaddexp, "logaddexp2": np.logaddexp2, "nextafter": np.nextafter,
    "eq": np.equal, "ne": np.not_equal, "lt": np.less, "le": np.less_equal, "gt": np.greater, "ge": np.greater_equal,
    "logical_and": np.logical_and, "logical_or": np.logical_or, "logical_xor": np.logical_xor, "and": np.logical_and, "or": np.logical_or,
    "bit_and": np.bitwise_and, "bit_or": np.bitwise_or, "bit_xor": np.bitwise_xor, "shl": np.left_shift, "shr": np.right_shift,
}
SIGNS = {"add": "+", "sub": "-", "mul": "*", "div": "/", "floordiv": "//", "mod": "%", "pow": "**", "eq": "==", "ne": "!=", "lt": "<", "le": "<=",
         "gt": ">", "ge": ">=", "and": "and", "or": "or", "bit_and": "&", "bit_or": "|", "bit_xor": "^", "shl": "<<", "shr": ">>"}
PAIRS = {
    "add": "biufc", "sub": "iufc", "mul": "biufc", "div": "biufc", "floordiv": "iuf", "mod": "iuf", "pow": "f", "float_power": "f", "fmod": "f",
    "bit_and": "biu", "bit_or": "biu", "bit_xor": "biu", "shl": "i", "shr": "i", "and": "b", "or": "b",
    "eq": "biufc", "ne": "biufc", "logical_and": "biufc", "logical_or": "biufc", "logical_xor": "biufc", "maximum": "biuf", "minimum": "biuf",
    "fmax": "biuf", "fmin": "biuf", "lt": "biuf", "le": "biuf", "gt": "biuf", "ge": "biuf",
}


def plain(function, *arrays):
    """A function of DataArrays that broadcast by name."""
    return xr.apply_ufunc(function, *arrays)


@row(REAL)
def real(draw, name):
    if name in COMPLEX and draw.chance(0.2):
        text, value = draw.array("c", flavours="ac")
        return Case(f"{name}({text})", plain(REAL[name], value), rtol=2e-5 if value.dtype == "c8" else 1e-11)
    text, value = draw.array("biuf" if name != "fabs" else "iuf")
    return Case(f"{name}({text})", plain(REAL[name], value))


@row(EXACT)
def exact(draw, name):
    text, value = draw.array(TAKES.get(name, "iufc"))
    if name == "not":
        return Case(f"(not {text})", np.logical_not(value))
    return Case(f"{name}({text})", plain(EXACT[name], value))


@row("reciprocal spacing sinc i0 angle")
def with_bounds(draw, name):
    text, value = draw.array({"spacing": "f", "sinc": "biuf", "i0": "biuf", "angle": "fc"}.get(name, "fc"), flavours="ac" if name in ("i0", "reciprocal") else "abc")
    if name == "spacing":
        ignore = value.values < 0 if value.dtype == "f2" else None  # NumPy's has no sign there, and nowhere else.
        return Case(f"spacing({text})", plain(np.spacing, value), ignore=ignore)
    if name == "sinc":
        wide = value.astype("f8")
        like = value.dtype if value.dtype.kind == "f" else "f8"
        # NumPy's is a tiny number and not zero at integers.
        whole = (wide == wide.round()) & (wide != 0) & np.isfinite(wide)
        return Case(f"sinc({text})", xr.where(whole, 0.0, plain(np.sinc, wide)).transpose(*value.dims).astype(like), atol=1e-14 if like == "f8" else 1e-7)
    if name == "i0":
        like = value.dtype if value.dtype.kind == "f" else "f8"
        return Case(f"i0({text})", plain(lambda v: special.i0(v.astype("f8")).astype(like), value))
    if name == "angle":
        deg = draw.pick([True, False])
        return Case(f"angle({text}, deg: {lit(deg)})", plain(lambda v: np.angle(v, deg), value))
    return Case(f"reciprocal({text})", plain(np.reciprocal, value))


@row(BINARY)
def binary(draw, name):
    flavours = "ac" if name in ("logaddexp", "logaddexp2", "fmod", "mod", "floordiv", "pow", "float_power") else "abc"
    a_text, a, b_text, b = draw.pair(PAIRS.get(name, "f"), flavours=flavours)
    kinds = {a.dtype.kind, b.dtype.kind}
    if name in ("sub", "neg") and kinds == {"b"} or name.startswith("bit_") and "f" in kinds:
        raise Skip
    if name in ("shl", "shr"):
        b_text, b = f"(abs({b_text}) % 5)", abs(b) % np.array(5, b.dtype)
        if np.any(b < 0):
            raise Skip
    if name in ("mul", "div") and "c" in kinds:
        a_text, a, b_text, b = f"fillna({a_text}, 1)", a.fillna(1), f"fillna({b_text}, 1)", b.fillna(1)
    if "u" in kinds and "i" in kinds and name in ("bit_and", "bit_or", "bit_xor") and np.result_type(a, b).kind == "f":
        raise Skip
    exchange = draw.chance(0.2) and name not in ("and", "or", "shl", "shr") and a.dtype.kind in "if"
    if exchange:  # A literal is weak.
        number = draw.pick([1, 2, 3])
        b_text, b = lit(number), number
    text = f"({a_text} {SIGNS[name]} {b_text})" if name in SIGNS and (draw.chance(0.5) or name in ("and", "or")) else f"{name}({a_text}, {b_text})"
    result = plain(BINARY[name], a, b)
    # Complex quotients and products round their parts, which cancel.
    return Case(text, result, rtol=2e-5 if result.dtype == "c8" else None)


@row("divmod modf frexp")
def parts(draw, name):
    if name == "divmod":
        a_text, a, b_text, b = draw.pair("iuf", flavours="ac")
        which = draw.pick([0, 1])
        return Case(f"divmod({a_text}, {b_text}).{['quotient', 'remainder'][which]}", plain([np.floor_divide, np.remainder][which], a, b))
    text, value = draw.array("f", flavours="ac" if name == "frexp" else "abc")
    which = draw.pick([0, 1])
    member = {"modf": ["fraction", "integer"], "frexp": ["mantissa", "exponent"]}[name][which]
    ignore = np.isnan(value.values) if name == "frexp" and which == 1 else None  # The exponent of NaN is anything in C.
    return Case(f"{name}({text}).{member}", plain(lambda v: getattr(np, name)(v)[which], value), ignore=ignore)


@row("ldexp")
def ldexp(draw, _name):
    a_text, a, b_text, b = draw.pair("f", "i")
    b_text, b = f"clip({b_text}, -7, 7)", b.clip(-7, 7)
    return Case(f"ldexp({a_text}, {b_text})", plain(lambda u, v: np.ldexp(u, v.astype("i4")), a, b))


@row("round clip")
def bounds(draw, name):
    text, value = draw.array("iuf")
    if name == "round":
        decimals = draw.integer(-1, 3) if value.dtype.kind == "f" else draw.integer(0, 2)
        if value.dtype == "f2" and decimals:
            raise Skip  # NumPy multiplies in f16.
        return Case(f"round({text}, {decimals})", plain(lambda v: np.round(v, decimals), value))
    low, high = sorted([draw.integer(0, 9), draw.integer(0, 9)])
    which = draw.pick(["both", "lo", "hi", "array"])
    if which == "array" and value.ndim > 1:
        bound = f"isel({text}, {value.dims[0]}: 0)"
        if value.sizes[value.dims[0]] == 0 or value.dtype.kind != "f":
            raise Skip
        return Case(f"clip({text}, {bound}, {high})", plain(lambda v, b: np.clip(v, b, high), value, value[0]))
    call = {"lo": f"clip({text}, {low})", "hi": f"clip({text}, hi: {high})"}.get(which, f"clip({text}, {low}, {high})")
    return Case(call, plain(lambda v: np.clip(v, None if which == "hi" else low, None if which == "lo" else high), value))


@row("isin where fillna nan_to_num select choose isclose allclose cast")
def choices(draw, name):
    return globals()[f"draw_{name}"](draw)


def draw_isin(draw):
    text, value = draw.array("iuf")
    values = [draw.integer(0, 5) for _ in range(draw.integer(0, 4))]
    if not values:
        raise Skip
    call = draw.pick([f"isin({text}, {values})", f"({text} in {values})"])
    return Case(call, plain(lambda v: np.isin(v, np.array(values, v.dtype)), value))


def draw_where(draw):
    a_text, a, b_text, b = draw.pair(draw.pick(["biufcMm", "f"]))
    if a.dtype != b.dtype and {a.dtype.kind, b.dtype.kind} & set("Mm"):
        raise Skip
    condition_text, condition = f"isnull({a_text})", a.isnull()
    if a.dtype.kind in "if":
        condition_text, condition = f"({a_text} > 0)", a > 0
    elif a.dtype.kind not in "fcMm":
        raise Skip
    if draw.chance(0.4) and a.dtype.kind in "fcMm":
        return Case(draw.pick([f"({a_text} where {condition_text})", f"where({condition_text}, {a_text})"]), a.where(condition))
    result = plain(lambda c, u, v: np.where(c, u, v), condition, a, b)
    return Case(f"where({condition_text}, {a_text}, {b_text})", result)


def draw_fillna(draw):
    a_text, a, b_text, b = draw.pair("f")
    if np.result_type(a, b) != a.dtype or draw.chance(0.3):
        return Case(f"fillna({a_text}, 1.5)", a.fillna(np.array(1.5, a.dtype)))
    return Case(f"fillna({a_text}, {b_text})", plain(lambda u, v: np.where(np.isnan(u), v, u), a, b))


def draw_nan_to_num(draw):
    text, value = draw.array("f")
    nan, posinf, neginf = draw.integer(-3, 3), draw.pick([None, 7]), draw.pick([None, -8])
    options = "".join(f", {n}: {v}" for n, v in (("posinf", posinf), ("neginf", neginf)) if v is not None)
    return Case(f"nan_to_num({text}, nan: {nan}{options})", plain(lambda v: np.nan_to_num(v, nan=nan, posinf=posinf, neginf=neginf), value))


def draw_select(draw):
    a_text, a, b_text, b = draw.pair("fi")
    bounds = [draw.integer(-5, 5) for _ in range(draw.integer(1, 4))]
    conditions = ", ".join(f"{a_text} < {n}" if n else f"isnan({a_text} * 1.0)" for n in bounds)
    taken = draw.pick([b_text, "1.5"])
    choice_texts = [taken if i % 2 else b_text for i in range(len(bounds))]
    values = [(a < n) if n else np.isnan(a * 1.0) for n in bounds]
    arrays = [1.5 if t == "1.5" else b for t in choice_texts]
    default = draw.pick([0, 9])
    wide = np.result_type(*[np.array(v).dtype if not isinstance(v, float) else v for v in arrays], default)
    result = xr.zeros_like(a + b).astype(wide) + wide.type(default)
    for condition, array in reversed(list(zip(values, arrays))):
        result = plain(lambda c, u, v: np.where(c, u, v), condition, array, result).transpose(*result.dims).astype(wide)
    return Case(f"select([{conditions}], [{', '.join(choice_texts)}], {default})", result)


def draw_choose(draw):
    a_text, a, b_text, b = draw.pair("iub", "f")
    mode = draw.pick(["clip", "wrap"])
    count = draw.integer(1, 4)
    text = ", ".join([b_text, "0", f"-{b_text}", f"{b_text} * 2"][:count])
    if a.dtype == "u8":
        raise Skip  # NumPy has no index of u64.
    whole = a.astype("i8") % count if mode == "wrap" else a.astype("i8")
    array = lambda i, v: np.choose(i, [v, np.zeros_like(v), -v, v * v.dtype.type(2)][:count], mode=mode)
    return Case(f"choose({a_text}, [{text}], mode: {mode})", plain(array, whole, b))


def draw_isclose(draw):
    a_text, a, b_text, b = draw.pair("fi", flavours="b")
    rtol, atol, equal = draw.pick([1e-5, 0.3]), draw.pick([1e-8, 0.75]), draw.pick([True, False])
    call = f"isclose({a_text}, {b_text}, rtol: {rtol}, atol: {atol}, equal_nan: {lit(equal)})"
    if "f2" in (a.dtype.str[1:], b.dtype.str[1:]) or a.dtype.kind == "i" and a.dtype.itemsize > 4 or b.dtype.kind == "i" and b.dtype.itemsize > 4:
        raise Skip
    return Case(call, plain(lambda u, v: np.isclose(u, v, rtol, atol, equal), a, b))


def draw_allclose(draw):
    text, value = draw.array("f")
    shift, equal = draw.pick([0, 1e-9, 1]), draw.pick([True, False])
    expected = np.allclose(value.values, value.values + value.dtype.type(shift), equal_nan=equal)
    return Case(f"allclose({text}, {text} + {shift}, equal_nan: {lit(equal)})", xr.DataArray(np.array(expected)))


def draw_cast(draw):
    text, value = draw.array("biufcMm", flavours="abc")
    kind = value.dtype.kind
    allowed = {"b": "biufc", "i": "biufc", "u": "biufc", "f": "bfc", "c": "c", "M": "i", "m": "i"}[kind]
    code = "i8" if kind in "Mm" else draw.pick(KINDS[draw.pick(allowed)])
    to = np.dtype(code)
    if kind == "f" and draw.chance(0.5):
        to = np.dtype(draw.pick(KINDS[draw.pick("iu")]))
        info = np.iinfo(to)
        text, value = f"fillna(clip({text}, -1e4, 1e4), 0)", value.clip(-1e4, 1e4).fillna(0)
        whole = np.clip(np.round(value.values.astype("f8")), info.min, info.max)
        return Case(f"cast({text}, {ff_name(to)}, round: true, clip: true)", value.copy(data=whole.astype(to)))
    return Case(draw.pick([f"({text} as {NAMES[code]})", f"cast({text}, {NAMES[code]})"]), value.astype(to))
