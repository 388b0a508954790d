# Read by groups.py: calls and what xarray gives for them.

# Several keys along one dim; combinations that do not occur are missing.
two = {"season": SEASON, "year": YEAR}
for name in REDUCTIONS:
    array = d.a if name not in ("any", "all") else d.a.fillna(1)
    text = "d.a" if name not in ("any", "all") else "fillna(d.a, 1)"
    case(f"{text} |> groupby(time.season, time.year) |> {name}()", by(array, two, name))
case("d.n |> groupby({s: d.kind, l: d.level, q: time.quarter}) |> mean()", by(d.n, {"s": d.kind, "l": d.level, "q": QUARTER}, "mean"))
months = {"year": YEAR, "month": MONTH}
enough = by(d.a, months, "count").sum("lat", min_count=1) >= 100
case("d.a |> groupby(time.year, time.month) |> sum(lat, min_count: 100)", by(d.a, months, "sum").sum("lat", min_count=1).where(enough))
case("d.a |> groupby(time.season, time.year) |> std(ddof: 1, skipna: false)", by(d.a, two, "std", ddof=1, skipna=False))
case("d.a |> groupby(time.year, bins(d.level, [-1, 1, 3])) |> mean()", by(d.a, {"year": YEAR, "level_bins": T(np.where(d.level <= 1, "(-1, 1]", "(1, 3]"))}, "mean"))

pairs = by(d.a, two, "mean").stack(season_year=["season", "year"], create_index=False).transpose("season_year", ...)
pairs = pairs.isel(season_year=pairs.notnull().any(["lat", "lon"]).values)
pairs = pairs.drop_vars(["season", "year"]).assign_coords(season_year=[f"{s}, {y}" for s, y in zip(pairs.season.values, pairs.year.values)])
case("d.a |> groupby(time.season, time.year, stacked: true) |> mean()", pairs)

# Keys along different dims.
case("d.a |> groupby({s: time.season, b: floor(lat / 30)}) |> mean()", by(d.a, {"s": SEASON, "b": BAND}, "mean"))
case("d.b |> groupby({b: floor(lat / 30), m: time.month}) |> max(lon)", by(d.b.max("lon"), {"b": BAND, "m": MONTH}, "max"), rtol=1e-6)

# Keys of several dims: zonal statistics.
for name in REDUCTIONS:
    array = d.a if name not in ("any", "all") else d.a.fillna(1)
    text = "d.a" if name not in ("any", "all") else "fillna(d.a, 1)"
    case(f"{text} |> groupby(d.zones) |> {name}()", by(array, {"zones": d.zones}, name))
for key in ["land", "steps", "names", "dates"]:
    case(f"d.n |> groupby(d.{key}) |> mean()", by(d.n, {key: d[key]}, "mean"), labels=[] if key in ("land", "dates") else [key])
case("d.n |> groupby(d.moving, labels: 0..4) |> mean()", by(d.n, {"moving": d.moving}, "mean"))
case("d.n |> groupby(d.moving * 1.0, labels: [4, 0.5, 2]) |> max(skipna: false)", by(d.n, {"group": d.moving}, "max").reindex(group=[4, 0.5, 2]))
case("d.a |> groupby(d.empty) |> mean()", by(d.a, {"empty": d.empty}, "mean"))
case("d.a |> groupby(d.zones * 0) |> sum()", by(d.a, {"group": d.zones * 0}, "sum"))
case("d.a |> groupby({y: d.zones, own: arange(0, 400, 1, dim: time)}) |> min()", by(d.a, {"own": T(np.arange(400)), "y": d.zones}, "min"))
case("d.n |> groupby(time) |> min()", d.n.astype("f8"), labels=[])
case("d.n |> groupby(d.zones) |> sum()", by(d.n, {"zones": d.zones}, "sum"))
case("d.b |> groupby(d.zones) |> mean(time)", by(d.b.transpose("lat", "lon", "time").stack(c=["time"], create_index=False).mean("c"), {"zones": d.zones}, "mean"), rtol=1e-5)
zoned = by(d.a, {"zones": d.zones}, "mean").sel(zones=[3, 0]).pad(zones=(0, 1)).assign_coords(zones=[3, 0, 99])
case("d.a |> groupby(d.zones, labels: [3, 0, 99]) |> mean()", zoned)
case("d.a |> groupby(d.zones * 2 + 1, labels: [7, 1]) |> max()", by(d.a, {"group": d.zones * 2 + 1}, "max").sel(group=[7, 1]))
case("d.a |> groupby({z: d.zones, y: time.year}) |> mean()", by(d.a, {"z": d.zones, "y": YEAR}, "mean"))
case("d.a |> groupby(time.season, d.zones, d.land) |> count()", by(d.a, {"season": SEASON, "zones": d.zones, "land": d.land}, "count"), labels=["season", "zones"])
case("d.a |> groupby(d.moving, time.year, labels: {moving: 0..4}) |> std()", by(d.a, {"moving": d.moving, "year": YEAR}, "std"))
binned = xr.DataArray(np.digitize(heights, [-50, 0, 50], right=True), dims=dims[1:], coords={"lat": d.lat}).where(d.heights.notnull())
binned = binned.where((d.heights > -100) & (d.heights <= 100))
case("d.a |> groupby_bins(d.heights, [-100, -50, 0, 50, 100]) |> mean()", by(d.a, {"heights_bins": binned}, "mean"), labels=[])
case("d.a |> groupby(bins(d.heights, [-100, -50, 0, 50, 100]), time.year) |> var()", by(d.a, {"heights_bins": binned, "year": YEAR}, "var"), labels=["year"])
case("d.a |> groupby(d.zones) |> sum(weights: d.w)", by(d.a * d.w, {"zones": d.zones}, "sum"))
case("d.a |> groupby(d.zones) |> mean(weights: d.w)", by(d.a * d.w, {"zones": d.zones}, "sum") / by(d.w.where(d.a.notnull()), {"zones": d.zones}, "sum"))
mean = by(d.a * d.w, {"zones": d.zones}, "sum") / by(d.w.where(d.a.notnull()), {"zones": d.zones}, "sum")
apart = (d.a - mean.sel(zones=d.zones).drop_vars("zones")) ** 2
spread = by(apart * d.w, {"zones": d.zones}, "sum") / by(d.w.where(d.a.notnull()), {"zones": d.zones}, "sum")
case("d.a |> groupby(d.zones) |> var(weights: d.w)", spread)
case("d.a |> groupby(d.zones) |> std(weights: d.w)", spread**0.5)
basin = d.zones // 3 % 3
lines = [[d.n.isel(time=year == y).where(basin == z).weighted(d.w).var().item() for z in range(3)] for y in np.unique(year)]
case("d.n |> groupby({z: d.zones // 3 % 3, year: time.year}) |> var(weights: d.w)", xr.DataArray(lines, dims=["year", "z"]), labels=[])
at = d.a.fillna(-99).stack(c=["lat", "lon"], create_index=False)
flat = d.zones.stack(c=["lat", "lon"], create_index=False)
found = np.stack([at.where(flat == z).fillna(-999).values.argmax(1) for z in np.unique(zones)], 1)
case("d.a |> groupby(d.zones) |> argmax()", xr.DataArray(found, dims=["time", "zones"], coords={"zones": np.unique(zones)}))
case("arange(0, 400, 1, dim: time) // 100 |> groupby(arange(0, 400, 1, dim: time) % 3) |> sum()", xr.DataArray([(np.arange(400) // 100)[k::3].sum() for k in range(3)], dims="group", coords={"group": [0, 1, 2]}))

# Order statistics of any groups and of windows.
for name, more, options in [("median", "", {}), ("quantile", "0.3", {"q": 0.3}), ("mode", "", {})]:
    array, text = (d.a, "d.a") if name != "mode" else (d.n.isel(lat=slice(0, 9)).astype("f8"), "d.n[lat: 0..<9]")
    quick = array.isel(time=slice(0, 120), lat=slice(0, 9))
    few = f"{text}[time: 0..<120, lat: 0..<9]"
    short = {"season": SEASON[:120], "year": YEAR[:120]}
    part = d.zones.isel(lat=slice(0, 9))
    case(f"{few} |> groupby(time.season) |> {name}({more})", by(quick, {"season": SEASON[:120]}, name, **options))
    if name != "mode":
        case(f"{few} |> groupby(time.season, time.year) |> {name}({more})", by(quick, short, name, **options))
    case(f"{few} |> groupby({{zones: d.zones[lat: 0..<9]}}) |> {name}({more})", by(quick, {"zones": part}, name, **options))
several = [by(d.a.isel(lat=slice(0, 5)), {"season": SEASON}, "quantile", q=q) for q in (0.1, 0.5)]
case("d.a[lat: 0..<5] |> groupby(time.season) |> quantile([0.1, 0.5])", xr.concat(several, "quantile").assign_coords(quantile=[0.1, 0.5]))
several = [by(d.a.isel(time=slice(0, 50)), {"zones": d.zones}, "quantile", q=q) for q in (0.1, 0.5)]
case("d.a[time: 0..<50] |> groupby(d.zones) |> quantile([0.1, 0.5])", xr.concat(several, "quantile").assign_coords(quantile=[0.1, 0.5]))
case("d.a[time: 0..<50] |> groupby(time.year) |> median(lat)", d.a.isel(time=slice(0, 50)).groupby("time.year").median(["time", "lat"]))
case("d.a |> rolling(time: 7, min_periods: 3) |> median()", d.a.rolling(time=7, min_periods=3).median())
case("d.b[time: 0..<40] |> rolling(lat: 5, lon: 3, center: true) |> median()", d.b.isel(time=slice(0, 40)).rolling(lat=5, lon=3, center=True).construct(lat="i", lon="j").median(["i", "j"], skipna=False), rtol=1e-6)
case("d.a |> coarsen(time: 8, lat: 3) |> quantile(0.8)", d.a.coarsen(time=8, lat=3).construct(time=("time", "i"), lat=("lat", "j")).quantile(0.8, ["i", "j"]).drop_vars("quantile"), labels=[])

# Several reductions at once.
case("(d.a |> groupby(time.season) |> aggregate(n: count, m: mean, s: std(ddof: 1))).s", by(d.a, {"season": SEASON}, "std", ddof=1))
case("(d.a |> groupby(d.zones) |> aggregate({n: count, m: mean(time)})).n", by(d.a, {"zones": d.zones}, "count"))
case("(aggregate(d.a, m: mean(time), top: max(time), q: quantile(0.5, time))).top", d.a.max("time"))

# More labels than there were.
times = pd.date_range("2001-01-15", d.time.values[-1], freq="2D")
for name, option in [("ffill", ""), ("bfill", ""), ("nearest", "")]:
    case(f"d.a |> resample(time: 2d) |> {name}({option})", getattr(d.a.resample(time="2D"), name)())
case("d.n |> resample(time: 2d) |> interpolate()", d.n.astype("f8").resample(time="2D").interpolate("linear"))
# Nothing is no count of zero.
case("d.n |> resample(time: 2d) |> count()", d.n.resample(time="2D").count())
counts = d.a.groupby_bins("lat", [-99, -85, 0, 99]).count().transpose("time", "lat_bins", "lon")
assert counts.isel(lat_bins=0).isnull().all()
case("d.a |> groupby_bins(lat, [-99, -85, 0, 99]) |> count()", counts, labels=["time"])
case("d.a |> resample(time: 4d) |> asfreq()", d.a.resample(time="4D").asfreq())
case("d.a |> resample(time: 30d) |> ffill()", d.a.resample(time="30D").ffill())

# Scans of groups and departures from them.
case("d.a |> groupby(time.month) |> cumsum()", d.a.groupby("time.month").cumsum(), labels=["time", "lat"])
case("d.n |> groupby(time.month) |> cumprod(dtype: f64)", d.n.astype("f8").groupby("time.month").cumprod())
filled = d.a.groupby("time.month").map(lambda part: xr.apply_ufunc(lambda v: pd.DataFrame(v.reshape(len(v), -1)).ffill().values.reshape(v.shape), part))
case("d.a |> groupby(time.month) |> ffill()", filled)
back = d.a.groupby("time.month").map(lambda part: xr.apply_ufunc(lambda v: pd.DataFrame(v.reshape(len(v), -1)).bfill().values.reshape(v.shape), part))
case("d.a |> groupby(time.month) |> bfill()", back)
case("d.n |> groupby([" + ", ".join("1" if k % 3 else "nan" for k in range(90)) + "]) |> cummax()", xr.apply_ufunc(np.maximum.accumulate, d.n.isel(lon=[k for k in range(90) if k % 3]), kwargs={"axis": 2}).pipe(lambda v: xr.DataArray(np.insert(v.values.astype("f8"), range(0, 60, 2), np.nan, axis=2), dims=v.dims)), labels=[])
case("d.a |> groupby(time.month) |> anomalies()", d.a.groupby("time.month") - d.a.groupby("time.month").mean(), labels=["time", "lat"])
case("d.a |> groupby(time.season, time.year) |> anomalies()", d.a.groupby(T([f"{a}{b}" for a, b in zip(SEASON.values, YEAR.values)]).rename("k")).map(lambda part: part - part.mean("time")))
