"""xarray over dask."""

from contenders import python


def _open(job):
    import dask
    import xarray

    dask.config.set(scheduler="threads", num_workers=job.threads)
    if job.hdf5:
        return xarray.open_dataset(job.path, engine="h5netcdf", chunks={})
    return xarray.open_zarr(job.path, chunks={}, consolidated=False)


def _store(job, **results):
    import dask.array as da

    targets = {name: job.make(name) for name in results}
    da.store(
        [result.data.rechunk(targets[name].chunks) for name, result in results.items()],
        list(targets.values()),
        lock=False,
    )


@python("xarray", "W2")
def _(job):
    import xarray

    x = _open(job).x
    results = {"mean": x.mean("time"), "std": x.std("time"), "sum": x.astype("f8").sum(), "max": x.max()}
    results = xarray.Dataset(results).compute()
    job.save("mean", results["mean"])
    job.save("std", results["std"])
    job.save("scal", [float(results["sum"]), float(results["max"])])


@python("xarray", "W3")
def _(job):
    x = _open(job).x
    _store(job, z=(x - x.mean("time")) / x.std("time"))


@python("xarray", "W6")
def _(job):
    by_month = _open(job).x.groupby("time.month")
    climate = by_month.mean()
    _store(job, clim=climate, anom=by_month - climate)


@python("xarray", "W9")
def _(job):
    level, levels = _open(job).im, {}
    for k in range(1, 6):
        level = level.coarsen(y=2, x=2).mean()
        levels[f"l{k}"] = level
    _store(job, **levels)


@python("xarray", "W10q")
def _(job):
    columns = _open(job).x.chunk(time=-1, lat=32, lon=32)
    job.save("q90", columns.quantile(0.9, "time").compute())


@python("xarray", "W11")
def _(job):
    _store(job, cs=_open(job).x.astype("f8").cumsum("time").astype("f4"))
