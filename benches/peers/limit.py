"""The floor under the time of a workload on this machine, from rates measured in the same minute.

It is `passes * decode + memory + encode + multiply`: every stored chunk of the input is read from the page cache and
decoded; the decoded bytes pass through memory once in and twice out at the rate of STREAM; the chunks of the output
are encoded and written to new files; the flops of a matrix product go at the rate of NumPy's BLAS. All with all
threads. All other arithmetic, starting a process and every copy beyond these count as nothing.
"""

import functools
import json
import math
import os
import shutil
import subprocess
import sys
from pathlib import Path

from inputs import input_path, is_hdf5, size_on_disk
from settings import GZIP_LEVEL, HERE, MIB, OUT, ROOT, THREADS, ZSTD_LEVEL
from workloads import WORKLOADS, Array, Workload

# Of larger outputs a sample of so many bytes is encoded, and the time is scaled.
SAMPLE = 600 * MIB

GEMM = """
import time
import numpy as np
a = np.ones((3072, 3072), "f4")
a @ a
def once():
    start = time.perf_counter()
    a @ a
    return time.perf_counter() - start
print(2 * 3072 ** 3 / min(once() for _ in range(3)))
"""


def limit(work: str, size: str, fmt: str, capped: bool, sample: Path | None) -> dict | None:
    """The floor and its parts in seconds; `sample` is a folder with the outputs of a peer, in their chunks.

    `None` where it is not known: for sharded inputs, and where no peer has left outputs to encode.
    """
    workload = WORKLOADS[work]
    outputs = workload.large_outputs(size)
    if fmt == "zarr_shard" or (outputs and sample is None):
        return None
    passes = workload.passes[capped]
    path = input_path(workload.data, size, fmt)
    stored = [c for name, array in workload.inputs(size).items() for c in _chunks(path, name, array, fmt)]
    decode = _floor("decode", THREADS, chunks=stored)["seconds"]
    traffic = workload.bytes_in(size) * passes + (2 * workload.bytes_out(size) if outputs else 0)
    memory = traffic / _triad()
    encode = _encode(workload, size, sample) if outputs else 0.0
    multiply = _flops(work, size) / _gemm() if _flops(work, size) else 0.0
    return {
        "wall": passes * decode + memory + encode + multiply,
        "passes": passes,
        "decode": decode,
        "memory": memory,
        "encode": encode,
        "multiply": multiply,
        "read": size_on_disk(path),
    }


def _encode(workload: Workload, size: str, sample: Path) -> float:
    codec, level = ("zlib", GZIP_LEVEL) if workload.hdf5 else ("zstd", ZSTD_LEVEL)
    stored = []
    for name, array in workload.large_outputs(size).items():
        if workload.hdf5:
            stored += _chunks(sample / f"{name}.h5", name, array, "h5_gz")
        else:
            stored += _chunks(sample, f"{name}.zarr", array, "zarr_zstd")
    some = stored[:: max(1, workload.bytes_out(size) // SAMPLE)]
    folder = OUT / "floor"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    seconds = _floor("encode", THREADS, codec, level, folder, chunks=some)["seconds"]
    shutil.rmtree(folder)
    return seconds * len(stored) / max(1, len(some))


def _chunks(path: Path, name: str, array: Array, fmt: str) -> list[str]:
    """A line for each stored chunk of an array, as `floor` reads them."""
    if not is_hdf5(fmt):
        codec, decoded = "raw" if fmt == "zarr_raw" else "zstd", 4 * math.prod(array.chunk)
        files = sorted(file for file in (path / name / "c").rglob("*") if file.is_file())
        return [f"{codec} {file} 0 {file.stat().st_size} {decoded} 0" for file in files]
    import h5py

    lines = []
    packed = fmt.startswith("h5_gz")
    codec = "zlib" if packed else "raw"
    with h5py.File(path, "r") as file:
        decoded = 4 * math.prod(file[name].chunks)

        def add(chunk):
            lines.append(f"{codec} {path} {chunk.byte_offset} {chunk.size} {decoded} {int(packed)}")

        file[name].id.chunk_iter(add)
    return lines


def _flops(work: str, size: str) -> float:
    if not work.startswith("W7"):
        return 0.0
    rows, columns = next(iter(WORKLOADS[work].inputs(size).values())).shape
    return 2.0 * rows * columns * columns


def _floor(*arguments, chunks: list[str] = ()) -> dict:
    command = [str(argument) for argument in (_program(), *arguments)]
    done = subprocess.run(command, input="\n".join(chunks), text=True, capture_output=True, check=True)
    return json.loads(done.stdout)


@functools.cache
def _triad() -> float:
    """Bytes a second through memory."""
    return _floor("stream", THREADS)["triad"]


@functools.cache
def _gemm() -> float:
    """Flops a second in the product of two f32 matrices."""
    environment = dict(os.environ, OPENBLAS_NUM_THREADS=str(THREADS))
    done = subprocess.run([sys.executable, "-c", GEMM], capture_output=True, text=True, env=environment, check=True)
    return float(done.stdout)


@functools.cache
def _program() -> Path:
    """The probe, compiled when it has changed."""
    source, program = HERE / "floor.c", ROOT / "floor"
    if not program.exists() or program.stat().st_mtime < source.stat().st_mtime:
        ROOT.mkdir(parents=True, exist_ok=True)
        libraries = ["-ldeflate", "-lzstd", "-lpthread"]
        subprocess.run(["cc", "-O3", "-march=native", "-o", program, source, *libraries], check=True)
    return program
