"""Compares the results of a peer with the reference: every value, and the chunks they are stored in.

    python verify.py JOB

JOB is a job as JSON. Prints `ok`, or what differs. A process of its own, so that the one that measures stays small.
"""

import sys
from pathlib import Path

import numpy as np

from job import Job
from reference import reference
from workloads import Array, Workload

# Elements that are compared at once.
BLOCK = 1 << 22
# Peers treat the border of W5 as they like: so many elements are left out.
BORDER = 3


def verify(job: Job) -> str:
    """`ok`, or what is wrong with the first output that is."""
    right = reference(job.work, job.size)
    for name, spec in job.workload.outputs(job.size).items():
        array = open_output(job.out, name)
        if array is None:
            return f"{name} is missing"
        wrong = _wrong_shape(job.work, array, spec) or _wrong_values(job, name, array, right, spec)
        if wrong:
            return f"{name}: {wrong}"
    return "ok"


def open_output(folder: Path, name: str):
    """An output in whatever form a peer has left it; `None` where there is none."""
    if (folder / f"{name}.zarr").exists():
        import zarr

        return zarr.open_array(folder / f"{name}.zarr", mode="r")
    if (folder / f"{name}.h5").exists():
        import h5py

        return h5py.File(folder / f"{name}.h5", "r")[name]
    if (folder / f"{name}.npy").exists():
        return np.load(folder / f"{name}.npy", mmap_mode="r")
    if (folder / f"{name}.nc").exists():
        return _netcdf_variable(folder / f"{name}.nc")
    if name == "scal" and (folder / "sum.nc").exists():
        return np.array([_netcdf_variable(folder / f"{part}.nc")[...].item() for part in ("sum", "max")])
    return None


def _netcdf_variable(path: Path):
    """The variable that a file is about: the largest of floats."""
    import netCDF4

    variables = netCDF4.Dataset(path).variables.values()
    floats = [v for v in variables if v.dtype.kind == "f" and "bnds" not in v.name]
    found = max(floats, key=lambda v: (np.prod(v.shape), v.name == "x"))
    found.set_auto_mask(False)
    return found


def _stored_chunk(array) -> tuple[int, ...] | None:
    """The chunk, or the shard, of a stored array."""
    if hasattr(array, "chunking"):
        return None if array.chunking() == "contiguous" else tuple(array.chunking())
    return getattr(array, "shards", None) or getattr(array, "chunks", None)


def _wrong_shape(work: str, array, spec: Array) -> str | None:
    chunk = _stored_chunk(array)
    # CDO and NCO choose chunks as they like, but where the chunks are the task.
    choice = hasattr(array, "chunking") and work != "W4"
    if spec.chunk and chunk and not choice:
        expected = tuple(map(min, spec.chunk, spec.shape))
        if tuple(map(min, chunk, spec.shape)) != expected:
            return f"stored in chunks {chunk}, not {expected}"
    if [n for n in array.shape if n != 1] != [n for n in spec.shape if n != 1]:
        return f"shape {tuple(array.shape)}, not {spec.shape}"
    if work == "H2" and (array.compression != "gzip" or not array.shuffle):
        return "not stored with shuffle and gzip"
    return None


def _wrong_values(job: Job, name: str, array, right: Path, spec: Array) -> str | None:
    expected = np.load(right / f"{name}.npy", mmap_mode="r")
    if array.shape != expected.shape:
        array = np.asarray(array[...]).reshape(expected.shape)
    for where in _blocks(spec.shape, _stored_chunk(array)):
        got, wanted = np.asarray(array[where], "f8"), np.asarray(expected[where], "f8")
        if job.work == "W5":
            inner = _inside(where, spec.shape)
            got, wanted = got[inner], wanted[inner]
        error = np.abs(got - wanted)
        if not (error <= _allowed(job.workload, name, wanted, expected)).all():
            worst = np.unravel_index(np.argmax(np.where(np.isnan(error), np.inf, error)), error.shape)
            return f"{got[worst]:.6g} instead of {wanted[worst]:.6g}"
    return None


def _allowed(workload: Workload, name: str, wanted: np.ndarray, expected: np.ndarray) -> np.ndarray:
    allowed = workload.atol + workload.rtol * np.abs(wanted)
    # Values at the edge of a bin fall left or right of it by the rounding of the edges.
    if name == "hist":
        return allowed + 5e-6 * expected.sum() / expected.size + 2
    return allowed + 0.05 if name == "q" else allowed


def _blocks(shape: tuple[int, ...], chunk: tuple[int, ...] | None):
    """Blocks of whole chunks, so that reading them costs one pass."""
    chunk = chunk or (min(shape[0], 64) if shape else 1, *shape[1:])
    chunk = tuple(chunk[: len(shape)])
    several = max(1, BLOCK // max(1, int(np.prod(chunk))))
    block = tuple(min(n, c * several if axis == 0 else c) for axis, (n, c) in enumerate(zip(shape, chunk)))
    for index in np.ndindex(*(-(-n // c) for n, c in zip(shape, block))):
        yield tuple(slice(i * c, min((i + 1) * c, n)) for i, c, n in zip(index, block, shape))


def _inside(where: tuple[slice, ...], shape: tuple[int, ...]) -> tuple[slice, ...]:
    """What of a block does not belong to the border of the array."""
    ends = [(BORDER if s.start == 0 else 0, BORDER if s.stop == n else 0) for s, n in zip(where, shape)]
    return tuple(slice(low, s.stop - s.start - high) for (low, high), s in zip(ends, where))


if __name__ == "__main__":
    print(verify(Job.from_text(sys.argv[1])))
