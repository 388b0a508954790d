"""The arrays that expressions are drawn over, and how they are drawn."""

import numpy as np
import xarray as xr

SIZES = {"t": 23, "y": 11, "x": 7}
NAMES = {
    "b1": "bool", "i1": "i8", "i2": "i16", "i4": "i32", "i8": "i64", "u1": "u8", "u2": "u16", "u4": "u32", "u8": "u64",
    "f2": "f16", "f4": "f32", "f8": "f64", "c8": "c64", "c16": "c128", "M8[us]": "datetime", "m8[us]": "duration",
}
KINDS = {"b": ["b1"], "i": ["i1", "i2", "i4", "i8"], "u": ["u1", "u2", "u4", "u8"], "f": ["f2", "f4", "f8"],
         "c": ["c8", "c16"], "M": ["M8[us]"], "m": ["m8[us]"]}


class Skip(Exception):
    """What was drawn has no answer to compare with."""


def ff_name(dtype):
    """The name of a NumPy dtype in the language."""
    return next(name for code, name in NAMES.items() if np.dtype(code) == dtype)


def lit(value):
    """A number as a script writes it."""
    if isinstance(value, (bool, np.bool_)):
        return "true" if value else "false"
    if isinstance(value, (list, tuple, np.ndarray)):
        return "[" + ", ".join(lit(v) for v in value) + "]"
    return repr(float(value)) if isinstance(value, (float, np.floating)) else str(int(value))


def coordinates():
    """Labels that ascend unevenly, that descend and that are in no order."""
    return {"t": np.cumsum([1, 2, 1, 4] * 5 + [1, 1, 3]), "y": np.linspace(60.0, 10.0, 11), "x": np.array([4, 2, 9, 0, 7, 1, 12], "i4")}


class Inputs:
    """A store with arrays of every dtype, of one to three dims, in chunks of odd sizes.

    Reals come in three flavours: `a` has missing values, a line of nothing else among them; `b` has ties, infinities and zeros of both signs
    besides; `c` has none of these.
    """

    def __init__(self, rng, folder):
        self.arrays = {}
        for code in [code for code in NAMES if code[0] != "m"]:
            for rank in (1, 2, 3):
                dims = [("t",), ("t", "x"), ("t", "y", "x")][rank - 1]
                for flavour in "abc":
                    values = make_values(rng, np.dtype(code), [SIZES[d] for d in dims], flavour)
                    name = f"{NAMES[code]}_{rank}{flavour}"
                    labels = {d: coordinates()[d] for d in dims}
                    self.arrays[name] = xr.DataArray(values, dims=dims, coords=labels)
        days = np.datetime64("2001-01-30", "us") + np.cumsum(rng.integers(1, 9, 31)) * np.timedelta64(12, "h")
        for code in ("f4", "f8"):
            values = make_values(rng, np.dtype(code), (31, 5), "a")
            self.arrays[f"{NAMES[code]}_time"] = xr.DataArray(values, dims=("time", "k"), coords={"time": days})
        data = xr.Dataset(self.arrays)
        encoding = {}
        for name, array in self.arrays.items():
            encoding[name] = {"chunks": tuple(int(rng.integers(1, n + 1)) for n in array.shape)}
            if array.dtype.kind == "M":
                encoding[name] |= {"units": "microseconds since 1970-01-01", "dtype": "i8", "_FillValue": -(2**63)}
            if array.dtype.kind in "fc":
                encoding[name]["_FillValue"] = None
        encoding["time"] = {"units": "microseconds since 1970-01-01", "dtype": "i8"}
        data.to_zarr(f"{folder}/in.zarr", encoding=encoding, mode="w")


def make_values(rng, dtype, shape, flavour):
    """Random values of a dtype: mostly small ones, and the greatest and least of integers in flavour `b`."""
    values = rng.normal(size=shape) * 10
    if dtype.kind == "b":
        return values > 0
    if dtype.kind in "iu":
        bounds = np.iinfo(dtype)
        whole = np.clip(np.round(values), bounds.min, None).astype(dtype)
        if flavour == "b":
            whole[rng.random(shape) < 0.08] = bounds.max
            whole[rng.random(shape) < 0.08] = bounds.min
        return whole
    if dtype.kind in "mM":
        counts = np.round(values * 3e11).astype("i8") + (978307200000000 if dtype.kind == "M" else 0)
        times = counts.astype(dtype)
        if flavour != "c":
            times[rng.random(shape) < 0.08] = np.array("NaT", dtype)
        return times
    if dtype.kind == "c":
        values = values + 1j * rng.normal(size=shape) * 10
    if flavour == "b":
        values = np.round(values / 4) / 2
        if dtype.kind == "f":
            values[rng.random(shape) < 0.04] = np.inf
            values[rng.random(shape) < 0.04] = -np.inf
            values[rng.random(shape) < 0.04] = -0.0
    if flavour != "c":
        values[rng.random(shape) < 0.08] = np.nan
        values[3] = np.nan
    return values.astype(dtype)


class Draw:
    """Draws arguments from one stream of random numbers."""

    def __init__(self, rng, inputs):
        self.rng, self.inputs = rng, inputs

    def chance(self, probability):
        return self.rng.random() < probability

    def integer(self, low, high):
        """An integer from `low` to `high`, both included."""
        return int(self.rng.integers(low, high + 1))

    def pick(self, options):
        options = list(options)
        return options[int(self.rng.integers(len(options)))]

    def subset(self, options, least=1):
        """Some of the options, at least so many, in random order."""
        options = list(options)
        if len(options) < least:
            raise Skip
        count = self.integer(least, len(options))
        return [options[int(i)] for i in self.rng.permutation(len(options))[:count]]

    def source(self, kinds="f", ranks=(1, 2, 3), flavours="abc"):
        """A stored array as text and values."""
        code = self.pick(KINDS[self.pick(kinds)])
        which = f"{self.pick(ranks)}{self.pick(flavours)}"
        name = f"{NAMES[code]}_{which}"
        if code == "m8[us]":  # Stored times are read as numbers, so durations are differences.
            start = np.datetime64("2000-01-01", "us")
            return f'(d.datetime_{which} - ("2000-01-01" as datetime))', self.inputs.arrays[f"datetime_{which}"] - start
        return f"d.{name}", self.inputs.arrays[name]

    def view(self, empty=True, least=0):
        """A selection along each dim, to apply to several arrays alike: a function of text and values."""
        choices = {}
        for dim, size in SIZES.items():
            kind = self.rng.random()
            if kind < 0.5:
                continue
            low = self.integer(0, size - max(least, 1))
            high = self.integer(min(low + max(least, 1), size), size)
            if kind < 0.55 and least <= 1:
                choices[dim] = (f"{low}..<{low + 1}", slice(low, low + 1))
            elif kind < 0.59 and empty and least == 0:
                choices[dim] = (f"{low}..<{low}", slice(low, low))
            elif kind < 0.66 and least == 0:
                choices[dim] = (f"({low}..<{high}) step 2", slice(low, high, 2))
            elif kind < 0.76:
                choices[dim] = ("flip", slice(None, None, -1))
            else:
                choices[dim] = (f"{low}..<{high}", slice(low, high))

        def apply(text, value):
            for dim, (index, positions) in choices.items():
                if dim in value.dims:
                    text = f"flip({text}, {dim})" if index == "flip" else f"isel({text}, {dim}: {index})"
                    value = value.isel({dim: positions})
            return text, value

        return apply

    def array(self, kinds="f", ranks=(1, 2, 3), flavours="abc", least=0, empty=True):
        """A stored array, or a part of one, with its dims in any order."""
        text, value = self.view(empty, least)(*self.source(kinds, ranks, flavours))
        if value.ndim > 1 and self.chance(0.25):
            order = [str(d) for d in self.rng.permutation(value.dims)]
            text, value = f"transpose({text}, {', '.join(order)})", value.transpose(*order)
        return self.disguised(text, value), value

    def disguised(self, text, value):
        """The same values by another way: in other chunks, put together of parts, moved there and back."""
        dim = self.pick(value.dims)
        size = value.sizes[dim]
        way = self.integer(0, 19)
        if way < 3:
            return f"rechunk({text}, {dim}: {self.integer(1, size + 1)})"
        if way == 3 and size > 1:
            at = self.integer(1, size - 1)
            return f"concat([isel({text}, {dim}: 0..<{at}), isel({text}, {dim}: {at}..)], {dim})"
        if way == 4:
            return f"roll(roll({text}, {dim}: 3), {dim}: -3)"
        if way == 5 and value.dtype.kind in "iufc":
            return f"({text} * 1)"
        return text

    def pair(self, first, second=None, flavours="abc", least=0):
        """Two arrays that broadcast: alike, or the second with fewer dims."""
        view = self.view(least=least)
        ranks = self.pick([(3, 3), (2, 2), (1, 1), (3, 2), (3, 1), (2, 3), (2, 1)])
        a = view(*self.source(first, ranks[:1], flavours))
        b = view(*self.source(second or first, ranks[1:], flavours))
        return self.disguised(*a), a[1], self.disguised(*b), b[1]
