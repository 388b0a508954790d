"""The workloads: what each computes, from which data set, what comes out and how exact it has to be."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

SIZES = ["small", "medium", "large"]
# `h5_gz1` holds one time step a chunk, as files of CDO and NCO usually do; the other chunks are those of Zarr.
FORMATS = ["zarr_zstd", "zarr_raw", "zarr_shard", "h5_gz", "h5_gz1", "h5_raw"]

# Range and number of bins of the histogram of W10, and the quantiles interpolated from it.
HISTOGRAM = (200.0, 340.0, 1024)
QUANTILES = np.array([0.01, 0.25, 0.5, 0.75, 0.99])


@dataclass(frozen=True)
class Array:
    """Shape, chunk and dtype; a small result that is kept in one piece has no chunk."""

    shape: tuple[int, ...]
    chunk: tuple[int, ...] | None = None
    dtype: str = "f4"

    @property
    def nbytes(self) -> int:
        """Bytes of the decoded values."""
        return math.prod(self.shape) * np.dtype(self.dtype).itemsize


@dataclass(frozen=True)
class DataSet:
    """Arrays over the same dims; `arrays` gives them for a size."""

    dims: tuple[str, ...]
    arrays: Callable[[str], dict[str, Array]]


@dataclass(frozen=True)
class Workload:
    """`passes` over the input are needed at least, without and with a cap on memory; `outputs` belong to a size.

    A result is right within `atol + rtol * |reference|`. `formats` are those of the input that are measured unless
    others are asked for; `hdf5` names an output that is written as HDF5.
    """

    title: str
    data: str
    outputs: Callable[[str], dict[str, Array]]
    rtol: float
    atol: float
    passes: tuple[int, int] = (1, 1)
    formats: tuple[str, ...] = ("zarr_zstd",)
    hdf5: bool = False

    def inputs(self, size: str) -> dict[str, Array]:
        """The arrays that are read."""
        return DATA_SETS[self.data].arrays(size)

    def large_outputs(self, size: str) -> dict[str, Array]:
        """The outputs that are stored in chunks."""
        return {name: array for name, array in self.outputs(size).items() if array.chunk}

    def bytes_in(self, size: str) -> int:
        """Decoded bytes of the inputs."""
        return sum(array.nbytes for array in self.inputs(size).values())

    def bytes_out(self, size: str) -> int:
        """Decoded bytes of the outputs."""
        return sum(array.nbytes for array in self.outputs(size).values())


def _grid(size: str) -> dict[str, Array]:
    nt, ny, nx = {"small": (730, 128, 192), "medium": (2557, 256, 384), "large": (10957, 256, 384)}[size]
    return {"x": Array((nt, ny, nx), (24, ny, nx))}


def _wind(size: str) -> dict[str, Array]:
    nt = {"small": 24, "medium": 320, "large": 1536}[size]
    return {name: Array((nt, 512, 512), (4, 512, 512)) for name in "uvw"}


def _image(size: str) -> dict[str, Array]:
    n = {"small": 4096, "medium": 16384, "large": 32768}[size]
    return {"im": Array((n, n), (1024, 1024))}


def _tall(size: str) -> dict[str, Array]:
    n = {"small": 262_144, "medium": 4_000_000, "large": 16_000_000}[size]
    return {"m": Array((n, 64), (65536, 64))}


def _matrices(size: str) -> dict[str, Array]:
    n = {"small": 2048, "medium": 4096, "large": 12288}[size]
    return {name: Array((n, n), (1024, 1024)) for name in "ab"}


def _many(size: str) -> dict[str, Array]:
    chunks = {"small": 2000, "medium": 32768, "large": 100_000}[size]
    return {"x": Array((chunks * 8192,), (8192,))}


DATA_SETS = {
    "grid": DataSet(("time", "lat", "lon"), _grid),
    "wind": DataSet(("time", "y", "x"), _wind),
    "image": DataSet(("y", "x"), _image),
    "tall": DataSet(("n", "k"), _tall),
    "matrices": DataSet(("i", "j"), _matrices),
    "many": DataSet(("n",), _many),
}


def _like_grid(name: str) -> Callable[[str], dict[str, Array]]:
    return lambda size: {name: _grid(size)["x"]}


def _statistics(size: str) -> dict[str, Array]:
    field = Array(_grid(size)["x"].shape[1:])
    return {"mean": field, "std": field, "scal": Array((2,), dtype="f8")}


def _columns(size: str) -> dict[str, Array]:
    shape = _grid(size)["x"].shape
    return {"x": Array(shape, (shape[0], 32, 32))}


def _climatology(size: str) -> dict[str, Array]:
    grid = _grid(size)["x"]
    return {"clim": Array((12, *grid.shape[1:])), "anom": grid}


def _pyramid(size: str) -> dict[str, Array]:
    n = _image(size)["im"].shape[0]
    levels = {f"l{k}": n >> k for k in range(1, 6)}
    return {name: Array((m, m), (min(1024, m), min(1024, m))) for name, m in levels.items()}


def _histogram(_size: str) -> dict[str, Array]:
    return {"hist": Array((HISTOGRAM[2],), dtype="i8"), "q": Array((len(QUANTILES),), dtype="f8")}


WORKLOADS = {
    "W1": Workload(
        "sqrt(u*u + v*v) * 0.5 + exp(-abs(w))",
        "wind",
        lambda size: {"out": _wind(size)["u"]},
        rtol=2e-6,
        atol=1e-6,
    ),
    "W2": Workload("mean and std over time, sum and max of all", "grid", _statistics, rtol=5e-5, atol=1e-3),
    "W3": Workload("(x - mean) / std over time", "grid", _like_grid("z"), rtol=1e-3, atol=2e-3, passes=(1, 2)),
    "W4": Workload("rechunk maps to columns of time", "grid", _columns, rtol=0, atol=0),
    "W5": Workload(
        "gradient magnitude of a 5 x 5 gaussian",
        "image",
        lambda size: {"g": _image(size)["im"]},
        rtol=1e-4,
        atol=2e-4,
    ),
    "W6": Workload("monthly climate and anomaly", "grid", _climatology, rtol=1e-5, atol=2e-3, passes=(1, 2)),
    "W7a": Workload(
        "transposed X times X, tall and thin",
        "tall",
        lambda _: {"xtx": Array((64, 64))},
        rtol=2e-4,
        atol=1.0,
    ),
    "W7b": Workload(
        "matrix product A times B",
        "matrices",
        lambda size: {"c": _matrices(size)["a"]},
        rtol=1e-3,
        atol=5e-2,
    ),
    "W8": Workload("2 * x + 1 over chunks of 32 KB", "many", lambda size: {"y": _many(size)["x"]}, rtol=1e-6, atol=0),
    "W9": Workload("pyramid of means, five levels", "image", _pyramid, rtol=1e-5, atol=1e-4),
    "W10": Workload("histogram of all, quantiles from it", "grid", _histogram, rtol=0, atol=0),
    "W10q": Workload(
        "0.9 quantile over time",
        "grid",
        lambda size: {"q90": Array(_grid(size)["x"].shape[1:])},
        rtol=1e-5,
        atol=6e-2,
    ),
    "W11": Workload("sum so far along time", "grid", _like_grid("cs"), rtol=1e-5, atol=1e-2),
    "H1": Workload(
        "max of a gzip HDF5 array",
        "grid",
        lambda _: {"max": Array(())},
        rtol=0,
        atol=0,
        formats=("h5_gz",),
    ),
    "H2": Workload(
        "raw Zarr to gzip HDF5",
        "grid",
        _like_grid("x"),
        rtol=0,
        atol=0,
        formats=("zarr_raw",),
        hdf5=True,
    ),
}


def months(nt: int) -> np.ndarray:
    """The month, from 0, of each day of the data set `grid`."""
    days = np.datetime64("2001-01-01") + np.arange(nt)
    return (days.astype("datetime64[M]").astype(int) % 12).astype("i8")
