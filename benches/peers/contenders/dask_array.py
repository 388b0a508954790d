"""dask.array on its threads: the expression as written, and beside it what an expert writes to save memory or time.

`+zarrs` are the same with zarr-python's codecs replaced by those of the package zarrs.
"""

import numpy as np

from contenders import REGISTRY, Skipped, python
from kernels import gradient_magnitude, halved, quantiles_of
from workloads import HISTOGRAM, months


def _read(job, name, chunks=1):
    """An input as a dask array, some chunks of it (or a shard) a task."""
    import dask
    import dask.array as da

    # One thread a core, and in each a BLAS of one thread.
    dask.config.set(scheduler="threads", num_workers=job.threads)
    array = job.open(name)
    step = list(getattr(array, "shards", None) or array.chunks)
    step[0] *= chunks
    step = tuple(min(c, n) for c, n in zip(step, array.shape))
    return da.from_array(array, chunks=step, lock=False, name=f"in-{name}", inline_array=True)


def _store(job, **results):
    import dask.array as da

    da.store(list(results.values()), [job.make(name) for name in results], lock=False)


@python("dask", "W1")
def _(job):
    import dask.array as da

    u, v, w = (_read(job, name) for name in "uvw")
    _store(job, out=da.sqrt(u * u + v * v) * np.float32(0.5) + da.exp(-abs(w)))


@python("dask", "W2")
def _(job):
    import dask

    x = _read(job, "x")
    mean, std, total, largest = dask.compute(x.mean(0), x.std(0), x.sum(dtype="f8"), x.max())
    job.save("mean", mean)
    job.save("std", std)
    job.save("scal", [total, largest])


@python("dask", "W3")
def _(job):
    x = _read(job, "x")
    _store(job, z=(x - x.mean(0)) / x.std(0))


@python("dask-2pass", "W3")
def _(job):
    import dask

    x = _read(job, "x")
    mean, std = dask.compute(x.mean(0), x.std(0))
    _store(job, z=(x - mean) / std)


@python("dask", "W4")
def _(job):
    _store(job, x=_read(job, "x").rechunk(job.output("x").chunk))


@python("dask-p2p", "W4")
def _(job):
    """The shuffle of distributed, over the disk: a worker process a core, or one in all where memory is scarce."""
    import dask
    import dask.array as da
    from dask.distributed import Client, LocalCluster

    if job.hdf5:
        raise Skipped("handles of h5py cannot be sent to its workers")
    dask.config.set(
        {
            "array.rechunk.method": "p2p",
            "distributed.scheduler.worker-saturation": 1.1,
            "temporary-directory": str(job.scratch),
        }
    )
    cap = job.cap or 2 << 30
    # A worker takes some 200 MB before it holds any data.
    workers = job.threads if cap >= 1 << 30 else 1
    with (
        LocalCluster(
            n_workers=workers,
            threads_per_worker=job.threads // workers,
            memory_limit=int(cap * (1 if workers > 1 else 0.7)) // workers,
            dashboard_address=None,
            local_directory=str(job.scratch),
        ) as cluster,
        Client(cluster),
    ):
        x = da.from_zarr(str(job.path / "x"))
        _store(job, x=x.rechunk(job.output("x").chunk))


@python("dask", "W5")
def _(job):
    import dask.array as da

    image = _read(job, "im")
    meta = np.empty((0, 0), "f4")
    _store(job, g=da.map_overlap(gradient_magnitude, image, depth=3, boundary="reflect", dtype="f4", meta=meta))


def _climate(x, month):
    """Monthly means of days."""
    import flox

    means = flox.groupby_reduce(x.transpose(1, 2, 0), month, func="mean", expected_groups=np.arange(12))[0]
    return means.transpose(2, 0, 1)


@python("dask", "W6")
def _(job):
    x = _read(job, "x")
    month = months(x.shape[0])
    climate = _climate(x, month)
    anomaly = x - climate.rechunk((1, -1, -1))[month].rechunk(x.chunks)
    _store(job, clim=climate.rechunk(-1), anom=anomaly)


@python("dask-2pass", "W6")
def _(job):
    x = _read(job, "x")
    month = months(x.shape[0])
    climate = _climate(x, month).compute()
    job.save("clim", climate)

    def anomaly(block, block_info=None):
        first, last = block_info[0]["array-location"][0]
        return block - climate[month[first:last]]

    _store(job, anom=x.map_blocks(anomaly, dtype="f4", meta=np.empty((0, 0, 0), "f4")))


@python("dask", "W7a")
def _(job):
    x = _read(job, "m")
    job.save("xtx", (x.T @ x).compute())


@python("dask", "W7b")
def _(job):
    _store(job, c=_read(job, "a") @ _read(job, "b"))


@python("dask", "W8")
def _(job):
    """The chunks as they are stored, which is what `from_zarr` gives."""
    _store(job, y=_read(job, "x") * np.float32(2) + np.float32(1))


@python("dask-big", "W8")
def _(job):
    """256 stored chunks a task, which is good practice."""
    _store(job, y=_read(job, "x", chunks=256) * np.float32(2) + np.float32(1))


@python("dask", "W9")
def _(job):
    level, levels = _read(job, "im"), {}
    for k in range(1, 6):
        chunks = tuple(tuple(n // 2 for n in axis) for axis in level.chunks)
        level = level.map_blocks(halved, dtype="f4", chunks=chunks)
        levels[f"l{k}"] = level.rechunk(job.output(f"l{k}").chunk)
    _store(job, **levels)


@python("dask", "W10")
def _(job):
    import dask.array as da

    low, high, bins = HISTOGRAM
    counts = da.histogram(_read(job, "x"), bins=bins, range=(low, high))[0].compute()
    job.save("hist", counts)
    job.save("q", quantiles_of(counts))


@python("dask", "W10q")
def _(job):
    import dask.array as da

    columns = _read(job, "x").rechunk((-1, 32, 32))
    job.save("q90", da.quantile(columns, np.float32(0.9), axis=0).compute())


@python("dask", "W11")
def _(job):
    import dask.array as da

    _store(job, cs=da.cumsum(_read(job, "x"), axis=0, dtype="f8").astype("f4"))


def _with_zarrs(run):
    def run_with_zarrs(job):
        if job.hdf5:
            raise Skipped("differs from dask for Zarr inputs only")
        import zarr

        zarr.config.set({"codec_pipeline.path": "zarrs.ZarrsCodecPipeline", "threading.num_workers": job.threads})
        run(job)

    return run_with_zarrs


for (_peer, _work), _contender in list(REGISTRY.items()):
    if _peer in ("dask", "dask-2pass", "dask-big") and not _work.startswith("W7"):
        python(f"{_peer}+zarrs", _work)(_with_zarrs(_contender.run))
