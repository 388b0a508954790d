"""cubed on its threads executor. It has no groups and no histogram, so these are written by hand over its blocks."""

import numpy as np

from contenders import python
from kernels import gradient_magnitude, halved, histogram, quantiles_of
from workloads import HISTOGRAM, months


def _spec(job):
    import cubed

    return cubed.Spec(
        work_dir=str(job.scratch),
        allowed_mem=(job.cap or 4 << 30) // job.threads,
        reserved_mem=0,
        executor_name="threads",
        executor_options={"max_workers": job.threads},
        zarr_compressor=None,
    )


def _read(job, name, spec=None):
    import cubed

    spec = spec or _spec(job)
    array = job.open(name)
    if job.hdf5:
        return cubed.from_array(array, chunks=array.chunks, spec=spec)
    if array.shards:
        return cubed.from_array(array, chunks=tuple(map(min, array.shards, array.shape)), spec=spec)
    return cubed.from_zarr(str(job.path / name), spec=spec)


def _store(job, **results):
    import cubed

    cubed.store(list(results.values()), [job.make(name) for name in results])


@python("cubed", "W1")
def _(job):
    import cubed.array_api as xp

    spec = _spec(job)
    u, v, w = (_read(job, name, spec) for name in "uvw")
    speed = xp.sqrt(xp.add(xp.multiply(u, u), xp.multiply(v, v)))
    half = xp.asarray(np.float32(0.5), spec=spec)
    _store(job, out=xp.add(xp.multiply(speed, half), xp.exp(xp.negative(xp.abs(w)))))


@python("cubed", "W2")
def _(job):
    import cubed
    import cubed.array_api as xp

    x = _read(job, "x")
    wide = xp.astype(x, xp.float64)
    mean, std, total, largest = cubed.compute(xp.mean(x, axis=0), xp.std(x, axis=0), xp.sum(wide), xp.max(x))
    job.save("mean", mean)
    job.save("std", std)
    job.save("scal", [total, largest])


@python("cubed", "W3")
def _(job):
    import cubed.array_api as xp

    x = _read(job, "x")
    _store(job, z=(x - xp.mean(x, axis=0)) / xp.std(x, axis=0))


@python("cubed", "W4")
def _(job):
    import cubed

    _store(job, x=cubed.rechunk(_read(job, "x"), job.output("x").chunk))


@python("cubed", "W5")
def _(job):
    import cubed

    image = _read(job, "im")
    blurred = cubed.map_overlap(
        lambda block: gradient_magnitude(block)[3:-3, 3:-3],
        image,
        dtype=image.dtype,
        chunks=image.chunks,
        depth=3,
        boundary=0,
    )
    _store(job, g=blurred)


@python("cubed", "W6")
def _(job):
    import cubed
    import cubed.array_api as xp

    x = _read(job, "x")
    month = months(x.shape[0])
    step = x.chunksize[0]

    def months_of(block, block_id):
        return month[block_id[0] * step : block_id[0] * step + block.shape[0]]

    def sums(block, block_id=None):
        own = months_of(block, block_id)
        total = np.zeros((1, 12, *block.shape[1:]), "f4")
        for m in np.unique(own):
            total[0, m] = block[own == m].sum(0)
        return total

    chunks = ((1,) * x.numblocks[0], (12,), (x.shape[1],), (x.shape[2],))
    partial = cubed.map_blocks(sums, x, dtype="f4", chunks=chunks, new_axis=1)
    days = np.bincount(month, minlength=12)[:, None, None].astype("f4")
    climate = xp.sum(partial, axis=0).compute() / days
    job.save("clim", climate)

    def anomaly(block, block_id=None):
        return block - climate[months_of(block, block_id)]

    _store(job, anom=cubed.map_blocks(anomaly, x, dtype="f4", chunks=x.chunks))


@python("cubed", "W7a")
def _(job):
    import cubed.array_api as xp

    x = _read(job, "m")
    job.save("xtx", xp.matmul(x.T, x).compute())


@python("cubed", "W7b")
def _(job):
    import cubed.array_api as xp

    spec = _spec(job)
    _store(job, c=xp.matmul(_read(job, "a", spec), _read(job, "b", spec)))


@python("cubed", "W8")
def _(job):
    import cubed.array_api as xp

    spec = _spec(job)
    two, one = (xp.asarray(np.float32(n), spec=spec) for n in (2, 1))
    _store(job, y=xp.add(xp.multiply(_read(job, "x", spec), two), one))


@python("cubed", "W9")
def _(job):
    import cubed

    level, levels = _read(job, "im"), {}
    for k in range(1, 6):
        chunks = tuple(tuple(n // 2 for n in axis) for axis in level.chunks)
        level = cubed.map_blocks(halved, level, dtype=level.dtype, chunks=chunks)
        levels[f"l{k}"] = cubed.rechunk(level, job.output(f"l{k}").chunk)
    _store(job, **levels)


@python("cubed", "W10")
def _(job):
    import cubed
    import cubed.array_api as xp

    x = _read(job, "x")
    chunks = ((1,) * x.numblocks[0], (HISTOGRAM[2],))
    counts = cubed.map_blocks(lambda block: histogram(block)[None], x, dtype="i8", chunks=chunks, drop_axis=2)
    counts = xp.sum(counts, axis=0).compute()
    job.save("hist", counts)
    job.save("q", quantiles_of(counts))


@python("cubed", "W10q")
def _(job):
    import cubed

    columns = cubed.rechunk(_read(job, "x"), (job.input().shape[0], 32, 32))
    q90 = cubed.map_blocks(
        lambda block: np.quantile(block, np.float32(0.9), axis=0),
        columns,
        dtype="f4",
        chunks=columns.chunks[1:],
        drop_axis=0,
    )
    job.save("q90", q90.compute())


@python("cubed", "W11")
def _(job):
    import cubed.array_api as xp

    so_far = xp.cumulative_sum(_read(job, "x"), axis=0, dtype=xp.float64)
    _store(job, cs=xp.astype(so_far, xp.float32))
