"""Runs windows and weighted quantiles of arrays of many chunks and compares with xarray and pandas: python windows.py FFRUN FOLDER

Each array is stored in several chunkings, in which it is large enough for several tasks along each axis. Every run (chunks, threads,
budget) gives the same bytes.
"""

import subprocess
import sys
import warnings

import numpy as np
import pandas as pd
import xarray as xr

ffrun, folder = sys.argv[1], sys.argv[2]
only = sys.argv[3] if len(sys.argv) > 3 else ""
rng = np.random.default_rng(23)
warnings.simplefilter("ignore")

shape, dims = (400, 60, 90), ["time", "lat", "lon"]
a = rng.normal(size=shape) * 3 + 100
a[rng.random(shape) < 0.1] = np.nan
a[:7, 5] = np.nan
d = xr.Dataset(
    {
        "a": (dims, a),
        "b": (dims, rng.normal(size=shape).astype("f4")),
        "n": (dims, rng.integers(-50, 50, size=shape).astype("i2")),
        "w": (dims, rng.random(shape).round(2)),
        "wt": ("time", rng.integers(0, 4, size=shape[0]).astype("f8")),
    },
    coords={"time": pd.date_range("2001-01-15", periods=shape[0], freq="11D"), "lat": np.linspace(-80, 80, shape[1])},
)
CHUNKS = [(50, 60, 40), (400, 17, 90), (33, 25, 90)]
for number, chunks in enumerate(CHUNKS):
    encoding = {name: {"chunks": tuple(c for c, x in zip(chunks, dims) if x in d[name].dims)} for name in d.data_vars}
    d.to_zarr(f"{folder}/in{number}.zarr", encoding=encoding, mode="w", zarr_format=3)
CASES = []


def case(text, expected, rtol=1e-9, chunked=True):
    CASES.append((text, expected, rtol, chunked))


def decayed(name, array, dim, alpha, least=0.0):
    """Exponential windows, element after element; with the weights of `pandas.Series.ewm(adjust=True)` and numbagg."""
    moved = array.transpose(dim, ...)
    out = np.full(moved.shape, np.nan)
    values, weights, squares, pairs, mean = (np.zeros(moved.shape[1:]) for _ in range(5))
    for i, row in enumerate(moved.values.astype("f8")):
        there = ~np.isnan(row)
        values, squares = values * (1 - alpha) + np.where(there, row, 0), squares * (1 - alpha)
        weights, pairs = weights * (1 - alpha), pairs * (1 - alpha) ** 2
        pairs, weights = np.where(there, pairs + 2 * weights, pairs), weights + there
        distance = row - mean
        mean = np.where(there, mean + distance / weights, mean)
        squares = np.where(there, squares + distance * (row - mean), squares)
        result = {"sum": values, "mean": values / weights, "var": squares * weights / pairs, "std": np.sqrt(squares * weights / pairs)}[name]
        out[i] = np.where((weights > 0) & (alpha * weights >= least), result, np.nan)
    return moved.copy(data=out).transpose(*array.dims)


def expanding(array, name, dim="time", least=1, **options):
    """Windows that grow along a dim, as pandas has them."""
    moved = array.transpose(dim, ...)
    frame = pd.DataFrame(moved.values.reshape(moved.shape[0], -1).astype("f8"))
    made = getattr(frame.expanding(least), name)(**options)
    return moved.copy(data=made.values.reshape(moved.shape)).transpose(*array.dims)


def boxes(array, over, name, least=1):
    """Windows that grow along several dims, by running sums."""
    def total(values):
        out = values.astype("f16")
        for dim in over:
            out = np.cumsum(out, axis=array.get_axis_num(dim))
        return out
    there, filled = array.notnull().values, array.fillna(0).values.astype("f16")
    count = total(there)
    mean = total(filled) / count
    if name in ("min", "max"):
        function = np.fmin if name == "min" else np.fmax
        out = array.values
        for dim in over:
            out = function.accumulate(out, axis=array.get_axis_num(dim))
    else:
        out = {"sum": lambda: total(filled), "mean": lambda: mean, "count": lambda: count, "var": lambda: total(filled**2) / count - mean**2}[name]()
    return array.copy(data=np.where(count >= least, out, np.nan).astype("f8"))


# pandas has the same sums and means of exponential windows; its variances are of windows with two values at least.
frame = pd.DataFrame(d.a.values.reshape(shape[0], -1))
np.testing.assert_allclose(frame.ewm(span=9).mean().values, decayed("mean", d.a, "time", 0.2).values.reshape(shape[0], -1))
np.testing.assert_allclose(frame.ewm(halflife=2).var().values, decayed("var", d.a, "time", 1 - 0.5**0.5).values.reshape(shape[0], -1), rtol=1e-9)

case("X.a |> rolling_exp(time: 9) |> mean()", decayed("mean", d.a, "time", 0.2))
case("X.a |> rolling_exp(time: 9) |> sum()", decayed("sum", d.a, "time", 0.2))
case("X.a |> rolling_exp(time: 2, window_type: halflife) |> var()", decayed("var", d.a, "time", 1 - 0.5**0.5))
case("X.a |> rolling_exp(lat: 3, window_type: com, min_weight: 0.6) |> std()", decayed("std", d.a, "lat", 0.25, 0.6))
case("(X.b * 2) |> rolling_exp(lon: 0.3, window_type: alpha) |> mean()", decayed("mean", d.b * 2, "lon", 0.3).astype("f4"), rtol=1e-5)
case("X.n |> rolling_exp(time: 5) |> mean() |> mean(time)", decayed("mean", d.n, "time", 1 / 3).mean("time"), chunked=False)
case("X.a - (X.a |> rolling_exp(time: 30) |> mean())", d.a - decayed("mean", d.a, "time", 2 / 31), rtol=1e-7)

both = pd.DataFrame({"a": d.a.values[:, 7, 3], "b": d.b.values[:, 7, 3].astype("f8")})
for name in ["cov", "corr"]:
    made = getattr(both.ewm(span=20), name)().unstack()["a"]["b"].values
    case(f"X.a[lat: 7, lon: 3] |> rolling_exp(time: 20) |> {name}(X.b[lat: 7, lon: 3])", d.a.isel(lat=7, lon=3, drop=True).copy(data=made))

for name in ["sum", "std", "max"]:
    options = {"ddof": 0} if name in ("std", "var") else {}
    case(f"X.a |> cumulative(time) |> {name}()", expanding(d.a, name, **options), rtol=1e-8)
case("X.a |> cumulative(lat, min_periods: 5) |> mean()", d.a.cumulative("lat", min_periods=5).mean())
case("X.a |> cumulative(time, min_periods: 2) |> std(ddof: 1)", expanding(d.a, "std", least=2), rtol=1e-8)
case("X.n |> cumulative(lon) |> sum()", d.n.cumulative("lon").sum().astype("f8"))
case("X.a |> cumulative(time) |> count()", d.a.cumulative("time").count().astype("f8"))
case("X.a |> cumulative(time) |> median()", expanding(d.a, "median"))
case("X.b |> cumulative(time, min_periods: 9) |> quantile(0.3)", expanding(d.b, "quantile", least=9, q=0.3).astype("f4"), rtol=1e-5)
case("X.a |> cumulative(time) |> mean() |> max(time)", expanding(d.a, "mean").max("time"))
for name in ["mean", "min", "var"]:
    case(f"X.a |> cumulative(lat, lon) |> {name}()", boxes(d.a, ["lat", "lon"], name), rtol=1e-7)
case("X.a |> cumulative(lon, time, min_periods: 20) |> mean()", boxes(d.a, ["time", "lon"], "mean", 20))
case("X.a[time: 0..<60] |> cumulative(..) |> sum()", boxes(d.a.isel(time=slice(0, 60)), dims, "sum"))

frame = pd.DataFrame(d.a.values.reshape(shape[0], -1))
case("X.a |> rolling(time: 150, min_periods: 3) |> median()", d.a.copy(data=frame.rolling(150, min_periods=3).median().values.reshape(shape)))

moving = d.a.rolling(time=5).construct("w")
case("(X.a |> rolling(time: 5) |> construct(w))[time: 40..<70]", moving.isel(time=slice(40, 70)))
case("X.a |> rolling(time: 30, center: true) |> construct(w, stride: 45)", d.a.rolling(time=30, center=True).construct("w", stride=45))
case("X.n[time: 40..<70] |> rolling(lat: 3, lon: 4) |> construct(lat: i, lon: j, stride: {lon: 7}, fill_value: 0)",
     d.n.isel(time=slice(40, 70)).rolling(lat=3, lon=4).construct(lat="i", lon="j", stride={"lon": 7}, fill_value=np.int16(0)))
case("X.a |> rolling(time: 5) |> construct(w) |> max(w)", moving.max("w"))
case("(X.a |> rolling(time: 6) |> construct(w)) * arange(0, 6, 1, dim: w) |> sum(w)", (d.a.rolling(time=6).construct("w") * np.arange(6)).sum("w"))
case("X.a |> coarsen(time: 40) |> construct(time: [year, step])", d.a.drop_vars("time").coarsen(time=40).construct(time=("year", "step")))
case("X.a |> coarsen(time: 36, lat: 7, boundary: pad) |> construct(time: [time, step], lat: [band, lat]) |> mean(step)",
     d.a.drop_vars(["time", "lat"]).coarsen(time=36, lat=7, boundary="pad").construct(time=("time", "step"), lat=("band", "lat")).mean("step"), chunked=False)
case("X.n |> coarsen(lon: 40, boundary: trim) |> construct(lon: [half, lon])", d.n.coarsen(lon=40, boundary="trim").construct(lon=("half", "lon")))


def weighted(array, weights, q, over, **options):
    made = array.weighted(weights).quantile(q, dim=over, **options)
    return made.drop_vars("quantile") if np.ndim(q) == 0 else made


case("quantile(X.a, 0.9, time, weights: X.wt)", weighted(d.a, d.wt, 0.9, "time"))
case("median(X.a, time, weights: X.w)", weighted(d.a, d.w, 0.5, "time"))
case("quantile(X.a, [0.1, 0.5], lat, lon, weights: X.w)", weighted(d.a, d.w, [0.1, 0.5], ["lat", "lon"]))
case("quantile(X.b * 2, 0.25, lon, weights: cos(radians(X.lat)))", weighted(d.b * 2, np.cos(np.radians(d.lat)), 0.25, "lon").astype("f4"), rtol=1e-5)
case("X.a - median(X.a, time, weights: X.w, skipna: false)", d.a - weighted(d.a, d.w, 0.5, "time", skipna=False), rtol=1e-7)


def run(number, text, chunks, threads, memory):
    """What a case gives, read back."""
    out = f"{folder}/{number}.zarr"
    script = f'source X = open("{folder}/in{chunks}.zarr")\nlet r = {text}\nsink r to zarr("{out}")\n'
    open(f"{folder}/s.ff", "w").write(script)
    done = subprocess.run([ffrun, f"{folder}/s.ff", "--overwrite", "--threads", threads, "--memory", memory], capture_output=True, text=True)
    assert done.returncode == 0, (text, chunks, threads, memory, done.stderr)
    return xr.open_zarr(out).r.load()


RUNS = [(0, "1", "32MiB"), (0, "2", "2GiB"), (1, "2", "48MiB"), (2, "1", "2GiB")]
for number, (text, expected, rtol, chunked) in enumerate(CASES):
    if only not in text:
        continue
    first = None
    for chunks, threads, memory in RUNS:
        if chunks > 0 and not chunked:  # Where sums are taken of several chunks, how they are added up depends on these.
            continue
        got = run(number, text, chunks, threads, memory)
        if first is None:
            assert got.dims == expected.dims, (text, got.dims, expected.dims)
            assert got.dtype == expected.dtype, (text, got.dtype, expected.dtype)
            np.testing.assert_allclose(got.values.astype("f8"), expected.values.astype("f8"), rtol=rtol, atol=rtol, err_msg=text)
            for name in expected.dims:
                assert (name in got.coords) == (name in expected.coords), (text, name)
                assert name not in expected.coords or (got[name].values == expected[name].values).all(), (text, name)
            first = got.values.tobytes()
        assert got.values.tobytes() == first, (text, chunks, threads, memory)
print(len(CASES), "cases")
