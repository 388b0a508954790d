"""Calendars, parts of times and packing conventions beside xarray and numcodecs: python calendars.py FFRUN FOLDER"""

import re
import subprocess
import sys
import warnings

import cftime
import numpy as np
import pandas as pd
import xarray as xr

warnings.simplefilter("ignore")
ffrun, folder = sys.argv[1], sys.argv[2]
CALENDARS = ["standard", "proleptic_gregorian", "noleap", "all_leap", "360_day", "julian"]
rng = np.random.default_rng(0)


def series(calendar, freq, n):
    time = xr.date_range("1999-11-20T06:00", periods=n, freq=freq, calendar=calendar, use_cftime=calendar not in ("standard", "proleptic_gregorian") or None)
    return xr.DataArray(rng.normal(size=(n, 2)), dims=("time", "x"), coords={"time": time}, name="v")


data = {}
for calendar in CALENDARS:
    for freq, n in [("D", 900), ("7h", 400)]:
        v = series(calendar, freq, n)
        data[calendar, freq] = v
        xr.Dataset({"v": v, "fixed": ("x", [1.0, 2.0])}).to_netcdf(
            f"{folder}/{calendar}_{freq}.nc", engine="h5netcdf", encoding={"time": {"units": "minutes since 1990-01-01", "calendar": calendar}})

script, checks = [], []


def case(source, expression, expected):
    name = f"{folder}/out/{len(checks)}.nc"
    ours = re.sub(r"\bv\b", source, expression, count=1)
    script.append(f'sink {{v: {ours}}} to netcdf("{name}")')
    checks.append((expression, source, name, expected))


for calendar, freq in data:
    script.append(f'source s_{calendar}_{freq} = open("{folder}/{calendar}_{freq}.nc")')
for (calendar, freq), v in data.items():
    source = f"s_{calendar}_{freq}.v"
    for target in ["standard", "noleap", "all_leap", "360_day"]:
        for align in [None, "date", "year"]:
            if align is None and "360_day" in (calendar, target):
                continue
            try:
                expected = v.convert_calendar(target, align_on=align, use_cftime=True)
            except Exception:
                continue
            option = f", align_on: {align}" if align else ""
            case(source, f'convert_calendar(v, "{target}"{option})', expected)
    other = data["360_day", "D"].isel(time=slice(100, 500))
    case(source, "interp_calendar(v, s_360_day_D.v.time[100..<500])", None)
    checks[-1] = (*checks[-1][:3], (v, other))
for target in ["standard", "all_leap"]:
    case("s_noleap_D.v", f'convert_calendar(v, "{target}", missing: nan)', data["noleap", "D"].convert_calendar(target, missing=np.nan, use_cftime=True))

for (calendar, freq), v in data.items():
    source = f"s_{calendar}_{freq}.v"
    for how in ["floor", "ceil", "round"]:
        for every, alias in [("1d", "D"), ("6h", "6h"), ("45min", "45min")]:
            case(source, f"dt.{how}(v.time, {every})", getattr(v.time.dt, how)(alias))
    for part in ["year", "dayofweek", "days_in_month", "days_in_year", "is_leap_year", "dayofyear", "hour"]:
        expected = getattr(v.time.dt, part) if hasattr(v.time.dt, part) else None
        if expected is not None:
            case(source, f"v.time.{part}", expected)
    case(source, 'dt.strftime(v.time, "%Y-%m-%d %H:%M:%S day %j")', v.time.dt.strftime("%Y-%m-%d %H:%M:%S day %j"))

# Packing, both ways, and digits.
packed = xr.DataArray(np.array([-32767, 0, 1, 5, 100], "i2"), dims="x", name="p", attrs={"_FillValue": np.int16(-32767), "scale_factor": 0.5, "add_offset": 10.0})
packed.to_dataset().to_netcdf(f"{folder}/packed.nc", engine="h5netcdf")
script.append(f'source packed = open("{folder}/packed.nc") {{ decode: false }}')
p = np.where(packed == -32767, np.nan, packed.values.astype("f8"))
case("packed.p", "decode(v)", xr.DataArray(p * 0.5 + 10, dims="x"))
case("packed.p", "decode(v, packing: hdf)", xr.DataArray((p - 10) * 0.5, dims="x"))


def bitround(x, bits, most, kind):
    gone = most - bits
    b = x.view(kind).copy()
    if gone:
        one = np.array(1, kind)
        b += ((b >> kind(gone)) & one) + kind((1 << (gone - 1)) - 1)
        b &= kind(((1 << (8 * np.dtype(kind).itemsize)) - 1) >> gone << gone)
    return b.view(x.dtype)


for (dtype, kind, most) in [("f4", np.uint32, 23), ("f8", np.uint64, 52)]:
    x = rng.normal(size=1000).astype(dtype) * 10.0 ** rng.integers(-8, 8, 1000).astype(dtype)
    x = x.astype(dtype)
    xr.Dataset({"x": ("i", x)}).to_netcdf(f"{folder}/x{dtype}.nc", engine="h5netcdf")
    script.append(f'source x{dtype} = open("{folder}/x{dtype}.nc")')
    for bits in [0, 1, 7, most - 1, most]:
        case(f"x{dtype}.x", f"bitround(v, {bits})", xr.DataArray(bitround(x, bits, most, kind), dims="i"))
    for digits in [-2, 0, 1, 3]:
        scale = 2.0 ** np.ceil(np.log2(10.0**digits))
        case(f"x{dtype}.x", f"quantize(v, {digits})", xr.DataArray((np.around(x.astype(dtype) * x.dtype.type(scale)) / x.dtype.type(scale)), dims="i"))

import os
os.makedirs(f"{folder}/out")
sources = [line for line in script if line.startswith("source")]
open(f"{folder}/s.ff", "w").write("\n".join(sources + [line for line in script if not line.startswith("source")]))
done = subprocess.run([ffrun, f"{folder}/s.ff", "--threads", "2"], capture_output=True, text=True)
assert done.returncode == 0, done.stderr[-3000:]

same_date = lambda a, b: (a.year, a.month, a.day, a.hour, a.minute, a.second) == (b.year, b.month, b.day, b.hour, b.minute, b.second)
decoder = xr.coders.CFDatetimeCoder(use_cftime=True)


def dates(values):
    return [cftime.DatetimeProlepticGregorian(*pd.Timestamp(d).timetuple()[:6]) if isinstance(d, np.datetime64) else d for d in values.ravel()]


for expression, source, name, expected in checks:
    ours = xr.open_dataset(name, engine="h5netcdf", decode_times=decoder)
    told = f"{expression} of {source}"
    if isinstance(expected, tuple):
        v, other = expected
        years = lambda times: np.array([t.year + (t - type(t)(t.year, 1, 1)).total_seconds() / 86400 / (360 if t.calendar == "360_day" else (type(t)(t.year + 1, 1, 1) - type(t)(t.year, 1, 1)).days) for t in times])
        own = v.time.values if v.time.dtype == "O" else np.array([cftime.DatetimeGregorian(*pd.Timestamp(t).timetuple()[:6]) for t in v.time.values])
        at = years(other.time.values)
        expected = np.stack([np.interp(at, years(own), v.values[:, k], left=np.nan, right=np.nan) for k in range(2)], 1)
        np.testing.assert_allclose(ours.v.values, expected, rtol=1e-6, atol=1e-7, err_msg=told)
        assert ours.time.dt.calendar == "360_day", told
        continue
    assert ours.v.shape == expected.shape, (told, ours.v.shape, expected.shape)
    if "strftime" in expression:
        assert list(map(str, ours.v.values)) == list(map(str, expected.values)), told
    elif expected.dtype.kind in "OM":
        assert all(map(same_date, dates(ours.v.values), dates(expected.values))), told
    else:
        np.testing.assert_allclose(ours.v.values.astype("f8"), expected.values.astype("f8"), rtol=1e-6 if "f4" in str(expected.dtype) and "bitround" not in expression else 1e-14, err_msg=told)
    if "convert_calendar" in expression:
        assert all(map(same_date, dates(ours.time.values), dates(expected.time.values))), told
print("calendars agree:", len(checks))
