"""The programs of zarrs_tools (Rust), found in `ZARRS_TOOLS_BIN` or on the path.

Not W5: its truncated gaussian does not sum to one, so the values differ.
"""

import os
import shutil

from contenders import Skipped, program
from settings import ZSTD_LEVEL


def _tool(job, name):
    if job.hdf5:
        raise Skipped("Zarr inputs only")
    found = shutil.which(name, path=os.environ.get("ZARRS_TOOLS_BIN")) or shutil.which(name)
    if not found:
        raise Skipped("zarrs_tools is not installed (scripts/bench.sh --with-zarrs-tools)")
    return found


def _comma(numbers):
    return ",".join(map(str, numbers))


@program("zarrs_tools", "W4")
def _(job):
    """Version 0.8.1 ignores `-c` for an input without shards; a shard of one chunk is the same task.

    Its cache of decoded chunks keeps it from decoding every input chunk for every output chunk.
    """
    chunk = _comma(job.output("x").chunk)
    codecs = f'[{{"name":"zstd","configuration":{{"level":{ZSTD_LEVEL},"checksum":false}}}}]'
    cache = (job.cap or 2 << 30) // 2
    return (
        f"{_tool(job, 'zarrs_reencode')} -s {chunk} -c {chunk} --cache-size {cache} "
        f"--concurrent-chunks {job.threads} --bytes-to-bytes-codecs '{codecs}' {job.path}/x {job.out}/x.zarr"
    )


@program("zarrs_tools", "W8")
def _(job):
    return f"{_tool(job, 'zarrs_filter')} rescale {job.path}/x {job.out}/y.zarr 2 1"


@program("zarrs_tools", "W9")
def _(job):
    levels = [job.path / "im", *(job.out / f"l{k}.zarr" for k in range(1, 6))]
    tool = _tool(job, "zarrs_filter")
    chunks = [_comma(job.output(f"l{k}").chunk) for k in range(1, 6)]
    steps = zip(chunks, levels, levels[1:])
    return " && ".join(f"{tool} downsample -c {chunk} {fine} {coarse} 2,2" for chunk, fine, coarse in steps)
