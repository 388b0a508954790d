"""Independent answers: NumPy in f64, one slab after the other, kept as `.npy` for every later comparison."""

import functools
from pathlib import Path

import numpy as np

import inputs
from job import Job
from kernels import gradient_magnitude, histogram, quantiles_of
from settings import REFERENCE
from workloads import FORMATS, WORKLOADS, months


def reference(work: str, size: str) -> Path:
    """The folder with the right results of a workload, which are computed the first time."""
    folder = REFERENCE / size / work
    done = folder / ".done"
    if not done.exists():
        folder.mkdir(parents=True, exist_ok=True)
        data = WORKLOADS[work].data
        fmt = next(fmt for fmt in FORMATS if inputs.is_there(data, size, fmt))
        job = Job("reference", work, size, fmt, str(folder))
        results = {
            name: np.lib.format.open_memmap(folder / f"{name}.npy", "w+", dtype=array.dtype, shape=array.shape)
            for name, array in job.workload.outputs(size).items()
        }
        COMPUTE[work](job, results)
        for result in results.values():
            result.flush()
        done.touch()
    return folder


def _slabs(job: Job, name: str, chunks: int = 1):
    """Rows of an input in f64 with where they lie, some chunks at a time."""
    array = job.open(name)
    step = job.input(name).chunk[0] * chunks
    for start in range(0, array.shape[0], step):
        where = slice(start, min(start + step, array.shape[0]))
        yield where, array[where].astype("f8")


def _wind(job, results):
    v, w = job.open("v"), job.open("w")
    for where, u in _slabs(job, "u"):
        speed = np.sqrt(u * u + v[where].astype("f8") ** 2)
        results["out"][where] = speed * 0.5 + np.exp(-np.abs(w[where].astype("f8")))


def _moments(job):
    """Mean and std over the first dim, the sum and the largest of all."""
    shape = job.input("x").shape
    total, squares, largest = np.zeros(shape[1:]), np.zeros(shape[1:]), -np.inf
    for _, x in _slabs(job, "x"):
        total += x.sum(0)
        # Around a value near the mean, so that nothing cancels.
        squares += ((x - 280) ** 2).sum(0)
        largest = max(largest, x.max())
    mean = total / shape[0]
    return mean, np.sqrt(np.maximum(squares / shape[0] - (mean - 280) ** 2, 0)), total.sum(), largest


def _statistics(job, results):
    results["mean"][:], results["std"][:], total, largest = _moments(job)
    results["scal"][:] = total, largest


def _standardized(job, results):
    mean, std, _, _ = _moments(job)
    for where, x in _slabs(job, "x"):
        results["z"][where] = (x - mean) / std


def _copy(job, results):
    for where, x in _slabs(job, "x"):
        results["x"][where] = x


def _gradient(job, results):
    image = job.open("im")
    n = image.shape[0]
    for start in range(0, n, 1024):
        stop = min(start + 1024, n)
        low, high = max(start - 3, 0), min(stop + 3, n)
        frame = ((low - (start - 3), stop + 3 - high), (3, 3))
        block = np.pad(image[low:high], frame, mode="symmetric").astype("f8")
        results["g"][start:stop] = gradient_magnitude(block)[3:-3, 3:-3]


def _climatology(job, results):
    shape = job.input("x").shape
    month = months(shape[0])
    total = np.zeros((12, *shape[1:]))
    for where, x in _slabs(job, "x"):
        for m, field in zip(month[where], x):
            total[m] += field
    climate = total / np.bincount(month, minlength=12)[:, None, None]
    results["clim"][:] = climate
    for where, x in _slabs(job, "x"):
        results["anom"][where] = x - climate[month[where]]


def _gram(job, results):
    results["xtx"][:] = functools.reduce(np.add, (m.T @ m for _, m in _slabs(job, "m")))


def _product(job, results):
    results["c"][:] = job.open("a")[:].astype("f8") @ job.open("b")[:].astype("f8")


def _linear(job, results):
    for where, x in _slabs(job, "x", chunks=256):
        results["y"][where] = 2 * x + 1


def _pyramid(job, results):
    for where, rows in _slabs(job, "im"):
        level = rows
        for k in range(1, 6):
            level = level.reshape(level.shape[0] // 2, 2, level.shape[1] // 2, 2).mean((1, 3))
            results[f"l{k}"][where.start >> k : where.stop >> k] = level


def _histogram(job, results):
    counts = sum(histogram(x) for _, x in _slabs(job, "x"))
    results["hist"][:], results["q"][:] = counts, quantiles_of(counts)


def _quantile(job, results):
    x = job.open("x")[:]
    for row in range(x.shape[1]):
        results["q90"][row] = np.quantile(x[:, row], 0.9, axis=0)


def _cumulative(job, results):
    before = 0.0
    for where, x in _slabs(job, "x"):
        so_far = np.cumsum(x, axis=0) + before
        before = so_far[-1]
        results["cs"][where] = so_far


def _largest(job, results):
    results["max"][...] = max(x.max() for _, x in _slabs(job, "x"))


COMPUTE = {
    "W1": _wind,
    "W2": _statistics,
    "W3": _standardized,
    "W4": _copy,
    "W5": _gradient,
    "W6": _climatology,
    "W7a": _gram,
    "W7b": _product,
    "W8": _linear,
    "W9": _pyramid,
    "W10": _histogram,
    "W10q": _quantile,
    "W11": _cumulative,
    "H1": _largest,
    "H2": _copy,
}
