"""h5py in a plain loop over chunks, for what reading and writing HDF5 costs by itself."""

import numpy as np

from contenders import Skipped, python
from settings import GZIP_LEVEL


def _slabs(array):
    step = array.chunks[0]
    return (slice(start, start + step) for start in range(0, array.shape[0], step))


@python("h5py", "H1")
def _(job):
    if not job.hdf5:
        raise Skipped("HDF5 inputs only")
    x = job.open("x")
    job.save("max", max(x[where].max() for where in _slabs(x)))


@python("h5py", "H2")
def _(job):
    import h5py

    x, spec = job.open("x"), job.output("x")
    with h5py.File(job.out / "x.h5", "w") as file:
        packing = {"compression": "gzip", "compression_opts": GZIP_LEVEL, "shuffle": True}
        target = file.create_dataset("x", spec.shape, spec.dtype, chunks=spec.chunk, **packing)
        for where in _slabs(x):
            target[where] = np.asarray(x[where])
