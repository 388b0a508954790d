"""`ff`: the scripts in `ff/`, run by the `ffrun` that `FFRUN` names or the path holds."""

import os
import shlex
import shutil

from contenders import Skipped, program
from settings import HERE, MIB
from workloads import WORKLOADS

# What ffrun is allowed where no cap is asked for; with what it may take beyond that it stays below 512 MiB.
MEMORY = 448 * MIB


@program("ff", *WORKLOADS)
def _(job):
    ffrun = os.environ.get("FFRUN") or shutil.which("ffrun")
    script = HERE / "ff" / f"{job.work}.ff"
    if not ffrun:
        raise Skipped("there is no ffrun: set FFRUN")
    if not script.exists():
        raise Skipped(f"there is no script {script.name}")
    memory = (job.cap or MEMORY) // MIB
    command = [ffrun, script, "--input", job.path, "--out", job.out]
    environment = f"FF_MEMORY={memory}MiB FF_THREADS={job.threads}"
    return f"{environment} exec {shlex.join(map(str, command))} --progress none"
