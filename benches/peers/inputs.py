"""Writes the inputs: each data set in each format that is asked for, its values made once for all of them."""

import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

import fields
from job import input_path, is_hdf5
from settings import GZIP_LEVEL, THREADS, ZSTD_LEVEL
from workloads import DATA_SETS, Array

ATTRIBUTES = {
    "time": {"units": "days since 2001-01-01 00:00:00", "calendar": "standard", "standard_name": "time", "axis": "T"},
    "lat": {"units": "degrees_north", "standard_name": "latitude"},
    "lon": {"units": "degrees_east", "standard_name": "longitude"},
}
# What a slab of rows consists of, in chunks along the first dim: whole shards in every format.
CHUNKS_A_SLAB = {"many": 256, "image": 2, "matrices": 2}


def is_there(data: str, size: str, fmt: str) -> bool:
    """Whether a data set has been written to its end."""
    return _mark(data, size, fmt).exists()


def generate(data: str, size: str, formats: list[str]) -> None:
    """Writes those formats of a data set that are missing."""
    missing = [fmt for fmt in formats if not is_there(data, size, fmt)]
    if not missing:
        return
    print(f"making {data} ({size}): {', '.join(missing)}", flush=True)
    files = [_Hdf5(data, size, fmt) if is_hdf5(fmt) else _Zarr(data, size, fmt) for fmt in missing]
    for name, array in DATA_SETS[data].arrays(size).items():
        step = array.chunk[0] * CHUNKS_A_SLAB.get(data, 4)
        starts = range(0, array.shape[0], step)
        targets = [file.array(name, array) for file in files]
        with ThreadPoolExecutor(THREADS) as pool:
            made = _ahead(pool, data, name, size, [(i, min(i + step, array.shape[0])) for i in starts])
            for (start, stop), values in made:
                for put in targets:
                    put(slice(start, stop), values)
    for fmt, file in zip(missing, files):
        file.close()
        _mark(data, size, fmt).touch()


def warm(data: str, size: str, fmt: str) -> None:
    """Brings a data set into the page cache."""
    path = input_path(data, size, fmt)
    subprocess.run(["find", path, "-type", "f", "-exec", "cat", "{}", "+"], stdout=subprocess.DEVNULL, check=True)


def size_on_disk(path: Path) -> int:
    """Bytes of a file, or of all files in a folder."""
    files = [path] if path.is_file() else path.rglob("*")
    return sum(file.stat().st_size for file in files if file.is_file())


def _mark(data: str, size: str, fmt: str) -> Path:
    path = input_path(data, size, fmt)
    return path.with_name(f".{path.name}.done")


def _ahead(pool, data, name, size, slabs):
    """The values of each slab in turn; as many as there are threads are made meanwhile."""
    waiting = []
    for slab in slabs:
        waiting.append((slab, pool.submit(fields.rows, data, name, size, *slab)))
        if len(waiting) > THREADS:
            done, values = waiting.pop(0)
            yield done, values.result()
    for done, values in waiting:
        yield done, values.result()


def _coordinates(data: str, size: str) -> dict[str, tuple[np.ndarray, dict]]:
    if data not in ("grid", "wind", "image"):
        return {}
    dims = DATA_SETS[data].dims
    shape = next(iter(DATA_SETS[data].arrays(size).values())).shape
    return {dim: (_labels(dim, n), ATTRIBUTES.get(dim, {"units": "1"})) for dim, n in zip(dims, shape)}


def _labels(dim: str, n: int) -> np.ndarray:
    if dim == "lat":
        return np.linspace(-80, 80, n)
    return np.arange(n) * 360.0 / n if dim == "lon" else np.arange(n, dtype="f8")


class _Zarr:
    """A Zarr v3 group with a data set in it."""

    def __init__(self, data: str, size: str, fmt: str):
        import zarr

        zarr.config.set({"codec_pipeline.path": "zarrs.ZarrsCodecPipeline"})
        self.dims, self.format = DATA_SETS[data].dims, fmt
        path = input_path(data, size, fmt)
        shutil.rmtree(path, ignore_errors=True)
        self.group = zarr.open_group(path, mode="w", zarr_format=3)
        for dim, (labels, attributes) in _coordinates(data, size).items():
            made = self.group.create_array(
                dim,
                shape=labels.shape,
                dtype="f8",
                chunks=labels.shape,
                dimension_names=(dim,),
                attributes=attributes,
            )
            made[:] = labels

    def array(self, name: str, array: Array):
        """Makes an array; gives what puts values into it."""
        from zarr.codecs import ZstdCodec

        made = self.group.create_array(
            name,
            shape=array.shape,
            dtype=array.dtype,
            chunks=array.chunk,
            shards=_shards(array.chunk) if self.format == "zarr_shard" else None,
            dimension_names=self.dims,
            fill_value=0,
            compressors=None if self.format == "zarr_raw" else [ZstdCodec(level=ZSTD_LEVEL)],
        )
        return made.__setitem__

    def close(self):
        """Nothing is held open."""


def _shards(chunk: tuple[int, ...]) -> tuple[int, ...]:
    if len(chunk) == 1:
        return (chunk[0] * 256,)
    square = len(chunk) == 2 and chunk[0] == chunk[1]
    factors = (2, 2) if square else (4,) + (1,) * (len(chunk) - 1)
    return tuple(n * k for n, k in zip(chunk, factors))


class _Hdf5:
    """A NetCDF-4 file with a data set in it, as CDO, NCO and xarray open it."""

    def __init__(self, data: str, size: str, fmt: str):
        import h5py

        self.format, self.dims = fmt, DATA_SETS[data].dims
        path = input_path(data, size, fmt)
        path.parent.mkdir(parents=True, exist_ok=True)
        self.file = h5py.File(path, "w", track_order=True, libver=("earliest", "v110"))
        self.scales = []
        coordinates, shape = _coordinates(data, size), next(iter(DATA_SETS[data].arrays(size).values())).shape
        for dim, length in zip(self.dims, shape):
            if dim not in coordinates:
                # NetCDF-4 has this for a dim without labels; nothing is stored.
                scale = self.file.create_dataset(dim, (length,), "f4")
                scale.make_scale(f"This is a netCDF dimension but not a netCDF variable{length:10}")
            else:
                labels, attributes = coordinates[dim]
                grows = {"maxshape": (None,), "chunks": (min(len(labels), 1024),)} if dim == "time" else {}
                scale = self.file.create_dataset(dim, data=labels, **grows)
                scale.make_scale(dim)
                scale.attrs.update(attributes)
            self.scales.append(scale)

    def array(self, name: str, array: Array):
        """Makes an array; gives what puts values into it."""
        packed = self.format.startswith("h5_gz")
        chunk = array.chunk
        if self.format == "h5_gz1" and len(chunk) == 3:
            chunk = (1, *chunk[1:])
        grows = None if self.dims[0] == "time" else array.shape[0]
        made = self.file.create_dataset(
            name,
            array.shape,
            array.dtype,
            chunks=tuple(map(min, chunk, array.shape)),
            maxshape=(grows, *array.shape[1:]),
            **({"compression": "gzip", "compression_opts": GZIP_LEVEL, "shuffle": True} if packed else {}),
        )
        for axis, scale in enumerate(self.scales):
            made.dims[axis].attach_scale(scale)
        return _direct(made) if packed else made.__setitem__

    def close(self):
        """Ends the file."""
        self.file.close()


def _direct(dataset):
    """Writes chunks that libdeflate has packed, which takes a fraction of the time that HDF5's own filters take."""
    import deflate

    chunk = dataset.chunks

    def put(where: slice, values: np.ndarray):
        for index in np.ndindex(*(-(-n // m) for n, m in zip(values.shape, chunk))):
            block = values[tuple(slice(i * m, (i + 1) * m) for i, m in zip(index, chunk))]
            block = np.pad(block, [(0, m - n) for m, n in zip(chunk, block.shape)])
            shuffled = np.ascontiguousarray(block.view("u1").reshape(-1, 4).T)
            offset = [i * m for i, m in zip(index, chunk)]
            offset[0] += where.start
            dataset.id.write_direct_chunk(tuple(offset), bytes(deflate.zlib_compress(shuffled.tobytes(), GZIP_LEVEL)))

    return put
