"""NumPy, and numexpr for W1, on whole arrays in memory: no peer where they do not fit, a yardstick where they do."""

import numpy as np

from contenders import python
from kernels import gradient_magnitude, halved, histogram, quantiles_of
from workloads import months


def _read(job, name):
    return job.open(name)[...]


def _write(job, name, values):
    job.make(name)[...] = values


@python("numpy", "W1")
def _(job):
    import numexpr

    numexpr.set_num_threads(job.threads)
    names = {name: _read(job, name) for name in "uvw"} | {"half": np.float32(0.5)}
    _write(job, "out", numexpr.evaluate("sqrt(u*u + v*v) * half + exp(-abs(w))", names))


@python("numpy", "W2")
def _(job):
    x = _read(job, "x")
    job.save("mean", x.mean(0, dtype="f8"))
    job.save("std", x.std(0, dtype="f8"))
    job.save("scal", [x.sum(dtype="f8"), x.max()])


@python("numpy", "W3")
def _(job):
    x = _read(job, "x")
    mean, std = x.mean(0, dtype="f8").astype("f4"), x.std(0, dtype="f8").astype("f4")
    x -= mean
    x /= std
    _write(job, "z", x)


@python("numpy", "W4")
def _(job):
    _write(job, "x", _read(job, "x"))


@python("numpy", "W5")
def _(job):
    framed = np.pad(_read(job, "im"), 3, mode="symmetric")
    _write(job, "g", gradient_magnitude(framed)[3:-3, 3:-3])


@python("numpy", "W6")
def _(job):
    x = _read(job, "x")
    month = months(len(x))
    climate = np.stack([x[month == m].mean(0, dtype="f8") for m in range(12)]).astype("f4")
    job.save("clim", climate)
    x -= climate[month]
    _write(job, "anom", x)


@python("numpy", "W7a")
def _(job):
    x = _read(job, "m")
    job.save("xtx", x.T @ x)


@python("numpy", "W7b")
def _(job):
    _write(job, "c", _read(job, "a") @ _read(job, "b"))


@python("numpy", "W8")
def _(job):
    x = _read(job, "x")
    x *= 2
    x += 1
    _write(job, "y", x)


@python("numpy", "W9")
def _(job):
    level = _read(job, "im")
    for k in range(1, 6):
        level = halved(level)
        _write(job, f"l{k}", level)


@python("numpy", "W10")
def _(job):
    counts = histogram(_read(job, "x"))
    job.save("hist", counts)
    job.save("q", quantiles_of(counts))


@python("numpy", "W10q")
def _(job):
    job.save("q90", np.quantile(_read(job, "x"), 0.9, axis=0, overwrite_input=True))


@python("numpy", "W11")
def _(job):
    _write(job, "cs", np.cumsum(_read(job, "x"), axis=0, dtype="f8"))
