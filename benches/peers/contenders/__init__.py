"""The peers: for each, how it does the workloads it can do.

A peer in Python is a function of the job that runs in a process of its own. A program is a function of the job that
gives the text for a shell. Either raises `Skipped`, with the reason, where it cannot do what is asked.
"""

import importlib
from collections.abc import Callable
from dataclasses import dataclass

MODULES = [
    "functionfuse",
    "dask_array",
    "xarray_dask",
    "cubed_array",
    "numpy_whole",
    "tensorstore_loops",
    "h5py_plain",
    "cdo",
    "nco",
    "zarrs_tools",
]


class Skipped(Exception):
    """A peer cannot do a job, for the reason that is given."""


@dataclass(frozen=True)
class Contender:
    """How a peer does a workload.

    `formats` are those it is measured on where the workload's own do not suit it.
    """

    run: Callable
    is_program: bool
    formats: tuple[str, ...] | None = None


# (peer, workload) -> how
REGISTRY: dict[tuple[str, str], Contender] = {}


def python(peer: str, *works: str):
    """Registers a function that does workloads in Python."""

    def register(function):
        for work in works:
            REGISTRY[peer, work] = Contender(function, is_program=False)
        return function

    return register


def program(peer: str, *works: str, formats: tuple[str, ...] | None = None):
    """Registers a function that gives the command for workloads."""

    def register(function):
        for work in works:
            REGISTRY[peer, work] = Contender(function, True, formats)
        return function

    return register


def load() -> dict[tuple[str, str], Contender]:
    """All peers; the libraries they use are imported when they run."""
    for module in MODULES:
        importlib.import_module(f"contenders.{module}")
    return REGISTRY
