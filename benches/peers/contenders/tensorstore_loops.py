"""TensorStore: loops over blocks written by hand, which read ahead and write behind."""

import numpy as np

from contenders import Skipped, python


class _Store:
    """Opens arrays with the copy threads that everybody gets, and without a cache."""

    def __init__(self, job):
        import tensorstore

        if job.hdf5:
            raise Skipped("TensorStore does not read HDF5")
        self.job, self.open = job, tensorstore.open
        limits = {"data_copy_concurrency": {"limit": job.threads}, "cache_pool": {"total_bytes_limit": 0}}
        if job.cap:
            limits["file_io_concurrency"] = {"limit": job.threads}
        self.context = tensorstore.Context(limits)

    def source(self, name):
        return self._open(self.job.path / name, read=True)

    def target(self, name):
        self.job.make(name)
        return self._open(self.job.out / f"{name}.zarr", read=True, write=True)

    def _open(self, path, **how):
        where = {"driver": "zarr3", "kvstore": {"driver": "file", "path": str(path)}}
        return self.open(where, context=self.context, open=True, **how).result()


def _blocks(n, step):
    return [(start, min(start + step, n)) for start in range(0, n, step)]


def _pipeline(sources, target, step, compute, ahead=3):
    """Reads some blocks ahead while one is computed and those before it are written."""
    blocks = _blocks(target.shape[0], step)

    def read(block):
        return [source[block[0] : block[1]].read() for source in sources]

    reading, writing = [read(block) for block in blocks[:ahead]], []
    for k, (start, stop) in enumerate(blocks):
        values = [future.result() for future in reading.pop(0)]
        if k + ahead < len(blocks):
            reading.append(read(blocks[k + ahead]))
        writing.append(target[start:stop].write(compute(*values)))
        if len(writing) > ahead:
            writing.pop(0).result()
    for future in writing:
        future.result()


@python("tensorstore", "W1")
def _(job):
    import numexpr

    numexpr.set_num_threads(job.threads)
    store = _Store(job)

    def compute(u, v, w):
        names = {"u": u, "v": v, "w": w, "half": np.float32(0.5)}
        return numexpr.evaluate("sqrt(u*u + v*v) * half + exp(-abs(w))", names)

    _pipeline([store.source(name) for name in "uvw"], store.target("out"), job.input().chunk[0] * 2, compute)


@python("tensorstore", "W4")
def _(job):
    """As many bands of 32 rows in a pass over the input as memory allows."""
    store = _Store(job)
    x, out = store.source("x"), store.target("x")
    nt, ny, nx = x.shape
    rows = max(1, int((job.cap or 2 << 30) * 0.35) // (nt * 32 * nx * 4)) * 32
    for start, stop in _blocks(ny, rows):
        out[:, start:stop].write(x[:, start:stop].read().result()).result()


@python("tensorstore", "W8")
def _(job):
    store = _Store(job)
    _pipeline([store.source("x")], store.target("y"), 8192 * 256, lambda x: x * np.float32(2) + np.float32(1))


@python("tensorstore", "W9")
def _(job):
    """Its own driver for means, each level from the one before."""
    import tensorstore

    store = _Store(job)
    level = store.source("im")
    for k in range(1, 6):
        target = store.target(f"l{k}")
        means, writing = tensorstore.downsample(level, [2, 2], "mean"), []
        for start, stop in _blocks(target.shape[0], 1024):
            writing.append(target[start:stop].write(means[start:stop]))
            if len(writing) > 1:
                writing.pop(0).result()
        for future in writing:
            future.result()
        level = target
