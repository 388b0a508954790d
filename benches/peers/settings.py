"""What the harness is told from outside: where data and results lie, how many threads everybody gets."""

import os
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = Path(os.environ.get("FF_BENCH_DIR") or Path(tempfile.gettempdir()) / "functionfuse-bench")
DATA = ROOT / "data"
OUT = ROOT / "out"
REFERENCE = ROOT / "reference"
RESULTS = ROOT / "results"

THREADS = int(os.environ.get("FF_BENCH_THREADS") or os.cpu_count() or 1)
MIB = 1 << 20

# What a process may take beyond the cap it was told before it is ended, and what it may take without a cap.
GRACE = 64 * MIB
UNCAPPED = 16 << 30
# The cap of the size `large`, unless another is asked for.
LARGE_CAP = 512 * MIB
# Of every Zarr output and of the `zarr_zstd` inputs.
ZSTD_LEVEL = 1
# Of every HDF5 output of an array library and of the `h5_gz` inputs.
GZIP_LEVEL = 4
