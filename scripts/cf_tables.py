"""Writes tests/tables/cf/decoded.txt: what xarray makes of packed values by their attributes.

Run it in an environment with numpy and xarray; the output is the same at every run.
"""

import itertools
import warnings
from pathlib import Path

import numpy as np
import xarray as xr

warnings.simplefilter("ignore")
OUT = Path(__file__).parent.parent / "tests" / "tables" / "cf" / "decoded.txt"
NAMES = {"int8": "i8", "int16": "i16", "int32": "i32", "int64": "i64", "uint8": "u8", "uint16": "u16",
         "uint32": "u32", "uint64": "u64", "float16": "f16", "float32": "f32", "float64": "f64", "bool": "bool"}
RAW = {"int8": [0, 1, -1, 100, -128], "int16": [0, 1, -1, 31000, -32767], "int32": [0, 7, -1, 20000001, -2147483647],
       "int64": [0, 7, -1, 20000001, -9], "uint8": [0, 1, 200, 255], "uint16": [0, 1, 65535, 300],
       "uint32": [0, 1, 4294967295], "float16": [0.5, 1.5, -9.0], "float32": [0.1, 1.5, -9.0, np.nan],
       "float64": [0.1, 1.5, -9.0, np.nan]}


def shown(value):
    """A number that reads back as it is."""
    return repr(value.item()) if isinstance(value, np.generic) else repr(value)


def row(raw, attrs):
    """Raw values, attributes and what they mean, on one line."""
    decoded = xr.conventions.decode_cf_variable("v", xr.Variable(["x"], raw, dict(attrs)))
    values = decoded.load()
    columns = [
        NAMES[raw.dtype.name], " ".join(map(shown, raw)),
        " ".join(f"{name}={value if isinstance(value, str) else NAMES[value.dtype.name] + ':' + shown(value)}"
                 for name, value in attrs.items()),
        NAMES[values.dtype.name], " ".join(map(shown, values.values)),
    ]
    return " | ".join(columns)


def rows():
    """Every combination that is of use."""
    for dtype, raw in RAW.items():
        raw = np.array(raw, dtype)
        fills = [{}, {"_FillValue": raw[-1]}, {"missing_value": raw[1]}, {"_FillValue": raw[-1], "missing_value": raw[1]}]
        if raw.dtype.kind == "f":
            fills.append({"_FillValue": np.array(np.nan, dtype)[()]})
            fills.append({"_FillValue": np.float64(-9.0)})
        packs = [{}]
        for a, b in itertools.product([None, np.float32, np.float64], repeat=2):
            pack = {}
            if a:
                pack["scale_factor"] = a(0.01)
            if b:
                pack["add_offset"] = b(273.15)
            if pack:
                packs.append(pack)
        for fill, pack in itertools.product(fills, packs):
            # xarray rounds these to f32 before it looks for the fill value, and misses it; ours does not.
            loses_fill = raw.dtype.kind in "iu" and raw.dtype.itemsize == 4 and fill and list(pack) == ["scale_factor"]
            if not (loses_fill and pack["scale_factor"].dtype == np.float32):
                yield row(raw, {**fill, **pack})
        if raw.dtype.kind in "iu":
            other = "true" if raw.dtype.kind == "i" else "false"
            for unsigned, fill, pack in itertools.product([other], fills[:2], packs[:2] + packs[-1:]):
                yield row(raw, {"_Unsigned": unsigned, **fill, **pack})
    yield row(np.array([0, 1, 1], "i1"), {"dtype": "bool"})


def main():
    """Writes the table."""
    OUT.parent.mkdir(parents=True, exist_ok=True)
    lines = [f"raw dtype | raw values | attributes | dtype | values, by xarray {xr.__version__}", *rows()]
    OUT.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
