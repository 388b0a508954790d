"""Writes the tables of tests/tables/time: what cftime, pandas and xarray say about calendars.

Run it in an environment with cftime, pandas and xarray; the output is the same at every run.
"""

import random
import warnings
from pathlib import Path

import cftime
import numpy as np
import pandas as pd
import xarray as xr
from xarray.coding import cftimeindex, times

warnings.simplefilter("ignore")
OUT = Path(__file__).parent.parent / "tests" / "tables" / "time"
CALENDARS = ["standard", "proleptic_gregorian", "julian", "noleap", "all_leap", "360_day"]
VERSIONS = f"cftime {cftime.__version__}, pandas {pd.__version__}, xarray {xr.__version__}"
rng = random.Random(1582)


def iso(t):
    """ISO 8601, as short as it can be, years beyond 0 to 9999 with a sign."""
    year = f"{t.year:04}" if 0 <= t.year <= 9999 else f"{'-' if t.year < 0 else '+'}{abs(t.year):04}"
    text = f"{year}-{t.month:02}-{t.day:02}"
    if t.hour or t.minute or t.second or t.microsecond:
        text += f"T{t.hour:02}:{t.minute:02}:{t.second:02}"
    if t.microsecond:
        text += f".{t.microsecond:06}".rstrip("0")
    return text


def date(calendar, *args):
    """A cftime date, or None where the calendar has no such day."""
    if args[0] == 0 and calendar in ("standard", "julian"):
        return None
    try:
        return cftime.datetime(*args, calendar=calendar)
    except ValueError:
        return None


def write(name, columns, rows):
    lines = [f"# {' | '.join(columns)} ({VERSIONS})", *(" | ".join(map(str, row)) for row in rows)]
    (OUT / name).write_text("\n".join(lines) + "\n")


def dates():
    years = [-9999, -401, -400, -101, -100, -5, -4, -1, 0, 1, 4, 100, 400, 1500, 1582, 1583, 1600, 1900, 1970, 2000, 2100, 9999]
    days = [(1, 1), (2, 28), (2, 29), (2, 30), (3, 1), (12, 30), (12, 31)]
    for calendar in CALENDARS:
        wanted = {(y, m, d) for y in years for m, d in days}
        wanted |= {(1582, 10, d) for d in (1, 4, 5, 14, 15, 31)}
        wanted |= {(rng.randint(-10000, 10000), rng.randint(1, 12), rng.randint(1, 30)) for _ in range(40)}
        for ymd in sorted(wanted):
            t = date(calendar, *ymd)
            if t is not None:
                number = int(cftime.date2num(t, "days since 1970-01-01", calendar=calendar))
                yield calendar, number, iso(t), t.dayofyr, t.dayofwk, t.daysinmonth


def decoded():
    epochs = ["1850-01-01", "1-1-1 00:00:0.0", "2000-1-1 06:30:00.5", "1582-10-15", "1999-12-30T23:59:59Z", "1900-01-01 00:00:00 +05:30"]
    sizes = {"days": 1.5e5, "hours": 3e6, "minutes": 2e8, "seconds": 1e10, "milliseconds": 1e13, "microseconds": 1e15}
    for calendar in CALENDARS:
        units = dict(sizes)
        if calendar == "360_day":
            units["months"] = 5e3
        if calendar == "noleap":
            units["common_years"] = 400
        for unit, size in units.items():
            for epoch in rng.sample(epochs, 2):
                text = f"{unit} since {epoch}"
                numbers = [rng.randint(-int(size), int(size)), rng.uniform(-size, size), round(rng.uniform(0, size), 2)]
                for number in [*numbers, rng.randint(0, 100) + 1 / 3]:
                    if unit == "microseconds":
                        number = int(number)
                    yield calendar, text, repr(number), iso(cftime.num2date(number, text, calendar=calendar))


def weeks():
    days = pd.to_datetime([f"{y}-{m:02}-{d:02}" for y in range(1999, 2028) for m, d in [(1, 1), (1, 4), (7, 17), (12, 28), (12, 31)]])
    for t in days:
        yield "proleptic_gregorian", iso(t), t.isocalendar().week, t.dayofweek, t.quarter


def ranges():
    texts = ["1991", "0850", "-0044", "1991-02", "1992-02", "1991-12", "1582-10", "1991-06-15", "1992-02-28", "1991-06-15T12",
             "1991-06-15T23:30", "1991-06-15T12:30:15", "1991-12-30T23:59:59"]
    for calendar in CALENDARS:
        kind = getattr(cftime, {"standard": "DatetimeGregorian", "proleptic_gregorian": "DatetimeProlepticGregorian",
                                "julian": "DatetimeJulian", "noleap": "DatetimeNoLeap", "all_leap": "DatetimeAllLeap",
                                "360_day": "Datetime360Day"}[calendar])
        for text in texts:
            parsed, resolution = times._parse_iso8601(kind, text)
            first, last = cftimeindex._parsed_string_to_bounds(kind, resolution, parsed)
            yield calendar, text, iso(first), iso(last)


def resampled():
    periods = {"1mo": "1MS", "3mo": "3MS", "5mo": "5MS", "1y": "1YS", "10y": "10YS", "1d": "1D", "5d": "5D", "6h": "6h", "7h": "7h",
               "25h": "25h", "90min": "90min", "45s": "45s"}
    for calendar in CALENDARS:
        for every, alias in periods.items():
            length = {"mo": 30 * 24, "y": 360 * 24, "d": 24, "h": 1, "min": 1 / 60, "s": 1 / 3600}[every.lstrip("0123456789")]
            span = length * int("".join(filter(str.isdigit, every))) * 3600 * 4
            for epoch in ["1999-11-17 05:20:00", "1978-02-01", "2003-05-30 23:59:59"]:
                seconds = sorted({rng.randint(0, int(span)) for _ in range(6)})
                civil = calendar == "proleptic_gregorian"
                index = cftime.num2date(seconds, f"seconds since {epoch}", calendar=calendar)
                if civil:
                    index = np.array([np.datetime64(iso(t), "us") for t in index])
                ones = xr.DataArray(np.ones(len(index)), dims="time", coords={"time": index})
                counts = ones.resample(time=alias).count()
                given, labels = ([iso(pd.Timestamp(t) if civil else t) for t in dates] for dates in (index, counts.time.values))
                listed = (f"{label}={int(count)}" for label, count in zip(labels, counts.fillna(0).values))
                yield calendar, every, " ".join(given), " ".join(listed)


OUT.mkdir(parents=True, exist_ok=True)
write("dates.txt", ["calendar", "days since 1970-01-01", "date", "day of year", "weekday", "days in month"], dates())
write("decoded.txt", ["calendar", "units", "number", "date"], decoded())
write("weeks.txt", ["calendar", "date", "ISO week", "weekday", "quarter"], weeks())
write("ranges.txt", ["calendar", "text", "first", "last"], ranges())
write("resampled.txt", ["calendar", "every", "times", "label=count"], resampled())
