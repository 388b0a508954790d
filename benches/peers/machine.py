"""What the figures belong to: the machine and the versions of all that is measured."""

import importlib.metadata
import os
import platform
import shutil
import subprocess

from settings import THREADS

PACKAGES = "numpy dask xarray flox zarr zarrs cubed numexpr tensorstore h5py".split()
# A program, what makes it tell its version, and the word before the version.
PROGRAMS = [
    (os.environ.get("FFRUN", "ffrun"), ["--version"], "ffrun"),
    ("cdo", ["-V"], "version"),
    ("ncks", ["--version"], "version"),
    ("nccopy", ["-?"], "version"),
    (os.path.join(os.environ.get("ZARRS_TOOLS_BIN", ""), "zarrs_reencode"), ["--version"], "zarrs_reencode"),
]


def machine() -> str:
    """One line: the processor, the threads everybody gets, the memory, the system."""
    with open("/proc/cpuinfo") as file:
        names = [line.split(":", 1)[1].strip() for line in file if line.startswith("model name")]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    name = names[0] if names else platform.machine()
    return f"{name}, {THREADS} threads of {os.cpu_count()}, {memory:.0f} GiB, {platform.system()}"


def versions() -> dict[str, str]:
    """The versions of what there is."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            pass
    for program, arguments, word in PROGRAMS:
        if shutil.which(program):
            found[os.path.basename(program)] = _version(program, arguments, word)
    return found


def _version(program: str, arguments: list[str], word: str) -> str:
    done = subprocess.run([program, *arguments], capture_output=True, text=True)
    words = (done.stdout + done.stderr).split()
    after = [b for a, b in zip(words, words[1:]) if a == word]
    return after[0].strip('"') if after else "?"
