"""What NumPy gives for elementwise functions.

Reads `jobs.txt` in the working directory: one line a job, a function and its inputs, which are dtypes (their values
are in `DTYPE.bin`) or Python scalars. Two arrays are combined each with each. Writes to `out.txt` a line a job, the
dtype of the result or `refused`, and to `out.bin` the elements of each result, then a byte for each that says
whether it counts: what NumPy refuses to compute or C leaves undefined does not.
"""
import sys

import numpy as np

np.seterr(all="ignore")

DTYPES = {
    "bool": "?", "i8": "i1", "i16": "i2", "i32": "i4", "i64": "i8", "u8": "u1", "u16": "u2", "u32": "u4", "u64": "u8",
    "f16": "f2", "f32": "f4", "f64": "f8", "c64": "c8", "c128": "c16", "datetime": "M8[us]", "duration": "m8[us]",
}
NAMES = {np.dtype(code): name for name, code in DTYPES.items()}

SAME = (
    "sign sqrt cbrt square reciprocal exp exp2 expm1 log log2 log10 log1p sin cos tan sinh cosh tanh hypot radians "
    "degrees floor ceil trunc minimum maximum fmin fmax fmod copysign isnan isinf isfinite real imag conj angle "
    "invert positive signbit spacing rint fix i0 isposinf isneginf isreal iscomplex logical_not float_power "
    "nextafter logaddexp logaddexp2 logical_and logical_or logical_xor ldexp isclose fabs"
)
OTHER = {
    "abs": np.absolute, "asin": np.arcsin, "acos": np.arccos, "atan": np.arctan, "asinh": np.arcsinh,
    "acosh": np.arccosh, "atanh": np.arctanh, "atan2": np.arctan2, "add": np.add, "sub": np.subtract,
    "mul": np.multiply, "div": np.divide, "floordiv": np.floor_divide, "mod": np.remainder, "pow": np.power,
    "neg": np.negative, "bit_and": np.bitwise_and, "bit_or": np.bitwise_or, "bit_xor": np.bitwise_xor,
    "shl": np.left_shift, "shr": np.right_shift, "eq": np.equal, "ne": np.not_equal, "lt": np.less,
    "le": np.less_equal, "gt": np.greater, "ge": np.greater_equal, "and": np.logical_and, "or": np.logical_or,
    "not": np.logical_not,
    "round": np.round, "round 1": lambda x: np.round(x, 1), "round -1": lambda x: np.round(x, -1),
    "sinc": lambda x: np.sinc(x.astype("f8") if x.dtype.kind == "f" else x).astype(x.dtype if x.dtype.kind == "f" else "f8"),
    "isnull": np.isnan, "notnull": lambda x: ~np.isnan(x),
    "modf": lambda x: np.modf(x)[0], "modf 1": lambda x: np.modf(x)[1],
    "frexp": lambda x: np.frexp(x)[0], "frexp 1": lambda x: np.frexp(x)[1],
    "divmod": lambda x: np.divmod(x, 3)[0], "divmod 1": lambda x: np.divmod(x, 3)[1],
    "allclose": lambda x: np.isclose(x, x, equal_nan=True),
    "select": lambda x: np.where(np.isnan(x), 1, x),
    "choose": lambda x: np.choose(x, [10, 20, 30], mode="clip"),
    "choose wrap": lambda x: np.choose(np.mod(x, 3), [10, 20, 30], mode="clip"),
    "clip": lambda x: np.clip(x, -2, 3),
    "nan_to_num": lambda x: np.nan_to_num(x, nan=-1.0, posinf=9.0),
    "fillna": lambda a, b: np.where(np.isnan(a), b, a),
    "isin": lambda x: np.isin(x, np.array([0, 1, 7, 100]).astype(x.dtype)),
}
FUNCTIONS = {name: getattr(np, name) for name in SAME.split()} | OTHER


def cast(x, to):
    """`astype`, and where it is defined: C leaves reals beyond an integer's range to the machine."""
    real = x.real if x.dtype.kind == "c" else x
    counts = np.ones(x.shape, bool)
    if to.kind in "iu" and real.dtype.kind == "f":
        low, high = np.iinfo(to).min, np.iinfo(to).max
        whole = np.trunc(real.astype("f8"))
        counts = np.isfinite(real) & (whole >= low) & (whole <= high) & (whole < 2.0**63)
    if to.kind == "m" and real.dtype.kind == "f":
        counts = ~np.isinf(real) & ~(np.abs(real.astype("f8")) >= 2.0**63)
    if x.dtype.kind in "mM" and to.kind in "fc":
        counts = ~np.isnat(x)
    return x.astype(to), counts


def counting(name, inputs, result):
    """Which elements of a result are defined, and computed by NumPy as they should be."""
    finite = lambda x: np.isfinite(x) if np.asarray(x).dtype.kind in "fc" else True
    kinds = [np.asarray(x).dtype.kind for x in inputs]
    first, last = np.asarray(inputs[0]), np.asarray(inputs[-1])
    counts = np.ones(result.shape, bool)
    if name == "reciprocal" and kinds[0] in "iu":
        counts &= first != 0
    if name == "spacing" and result.dtype == "f2":  # NumPy's has no sign there, and nowhere else.
        counts &= first >= 0
    if name == "sinc":  # NumPy's is not zero at integers, and less exact near them and beyond.
        size = abs(first.astype("f8"))
        counts &= (size < 2) & (abs(size - 1) > 0.1)
    if name == "i0":  # NumPy's is missing at infinity.
        counts &= np.isfinite(first)
    if name == "sign" and kinds[0] == "m":
        counts &= ~np.isnat(first)
    if name == "round -1" and kinds[0] in "iu":
        bounds = np.iinfo(first.dtype)
        counts &= (first > bounds.min // 2 - 1) & (first < bounds.max // 2) & (abs(first.astype("f8")) < 1e15)
    if name in ("pow", "float_power") and result.dtype.kind == "c":
        counts &= np.isfinite(result) & finite(first) & finite(last)
    if name == "div" and result.dtype.kind == "c":
        counts &= np.isfinite(result)
    if name == "floordiv" and result.dtype.kind == "m":  # NumPy truncates these; `//` rounds down.
        counts &= first.astype("i8") * last.astype("f8") > 0
    if "m" in kinds:  # NumPy takes u64 for i64 beside durations.
        for x in (first, last):
            counts &= x.astype("u8") < 2**63 if x.dtype == "u8" else True
    return counts


def compute(name, inputs):
    """A result, and which of its elements count."""
    if name.startswith("cast "):
        return cast(inputs[0], np.dtype(DTYPES[name.split()[1]]))
    if len(inputs) == 2 and all(isinstance(x, np.ndarray) for x in inputs):
        inputs = [inputs[0][:, None], inputs[1][None, :]]
    if name == "pow" and isinstance(inputs[1], np.ndarray) and all(np.asarray(x).dtype.kind in "iub" for x in inputs):
        # NumPy refuses negative exponents of integers, wherever one is.
        result, counts = compute_allowed(name, [inputs[0], np.where(inputs[1] >= 0, inputs[1], 0).astype(inputs[1].dtype)])
        return result, counts & (inputs[1] >= 0)
    return compute_allowed(name, inputs)


def compute_allowed(name, inputs):
    result = np.asarray(FUNCTIONS[name](*inputs))
    return result, counting(name, inputs, result)


def argument(word):
    if word in DTYPES:
        return np.fromfile(f"{word}.bin", DTYPES[word])
    return True if word == "True" else float(word) if "." in word else int(word)


def main():
    with open("jobs.txt") as jobs, open("out.txt", "w") as told, open("out.bin", "wb") as out:
        for job in jobs:
            name, *words = job.rstrip("\n").split("\t")
            try:
                result, counts = compute(name, [argument(word) for word in words])
            except (TypeError, OverflowError, ValueError):
                told.write("refused\n")
                continue
            told.write(NAMES[result.dtype] + "\n")
            out.write(np.ascontiguousarray(result).tobytes())
            out.write(np.ascontiguousarray(counts).astype("u1").tobytes())


sys.exit(main())
