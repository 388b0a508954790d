"""One measurement: a peer, a workload, its size and input format, and where the results go."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from settings import DATA, THREADS, ZSTD_LEVEL
from workloads import WORKLOADS, Array, Workload


def input_path(data: str, size: str, fmt: str) -> Path:
    """The file or store of a data set."""
    return DATA / size / f"{data}.{fmt}{'.nc' if is_hdf5(fmt) else ''}"


def is_hdf5(fmt: str) -> bool:
    """Whether a format of inputs is HDF5 (NetCDF-4)."""
    return fmt.startswith("h5")


@dataclass(frozen=True)
class Job:
    """What a peer is given; everything is plain, so that it goes to another process as text."""

    peer: str
    work: str
    size: str
    format: str
    out_dir: str
    cap: int | None = None

    @classmethod
    def from_text(cls, text: str) -> "Job":
        """The job that `to_text` wrote."""
        return cls(**json.loads(text))

    def to_text(self) -> str:
        """The job as JSON, for a process's command line."""
        return json.dumps(asdict(self))

    @property
    def threads(self) -> int:
        """Threads that every peer gets."""
        return THREADS

    @property
    def workload(self) -> Workload:
        """What is computed."""
        return WORKLOADS[self.work]

    @property
    def path(self) -> Path:
        """The file or store that is read."""
        return input_path(self.workload.data, self.size, self.format)

    @property
    def out(self) -> Path:
        """The folder of the results."""
        return Path(self.out_dir)

    @property
    def scratch(self) -> Path:
        """A folder for what a peer keeps meanwhile."""
        return self.out / "scratch"

    @property
    def hdf5(self) -> bool:
        """Whether the input is HDF5."""
        return is_hdf5(self.format)

    def input(self, name: str | None = None) -> Array:
        """Shape and chunk of an input, the first one unless named."""
        inputs = self.workload.inputs(self.size)
        return inputs[name or next(iter(inputs))]

    def output(self, name: str) -> Array:
        """Shape and chunk that an output has to have."""
        return self.workload.outputs(self.size)[name]

    def open(self, name: str):
        """The input as an array of zarr-python or h5py."""
        if self.hdf5:
            import h5py

            return h5py.File(self.path, "r")[name]
        import zarr

        return zarr.open_array(self.path / name, mode="r")

    def make(self, name: str):
        """An empty Zarr array for an output, with the codec and chunks that everybody uses."""
        import zarr
        from zarr.codecs import ZstdCodec

        spec = self.output(name)
        return zarr.create_array(
            self.out / f"{name}.zarr",
            shape=spec.shape,
            dtype=spec.dtype,
            chunks=spec.chunk or spec.shape,
            fill_value=0,
            overwrite=True,
            compressors=[ZstdCodec(level=ZSTD_LEVEL)],
        )

    def save(self, name: str, values) -> None:
        """Writes a small output."""
        spec = self.output(name)
        np.save(self.out / f"{name}.npy", np.asarray(values, dtype=spec.dtype).reshape(spec.shape))
