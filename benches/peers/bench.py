#!/usr/bin/env python3
"""Compares FunctionFuse with its peers: every peer does the same workload on the same input, in turns, and what it
wrote is compared with the right answer. `scripts/bench.sh` sets up what this needs and calls it.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path

import contenders
import inputs
from contenders import Contender, Skipped
from job import Job
from limit import limit
from machine import machine, versions
from measure import measure
from report import LIMIT, in_full, summary, write_page
from run_peer import SKIPPED
from settings import GRACE, HERE, LARGE_CAP, MIB, OUT, RESULTS, THREADS, UNCAPPED
from workloads import FORMATS, SIZES, WORKLOADS

# These run one thread of BLAS in each of their own threads.
THREADED = ("dask", "cubed", "xarray")


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="scripts/bench.sh", description=__doc__)
    parser.add_argument("works", nargs="*", metavar="WORKLOAD", help="W1 W2 …; all unless named")
    parser.add_argument("--list", action="store_true", help="show the workloads and who does them")
    parser.add_argument("--size", choices=SIZES, default="small", help="of the inputs: some 70 MB, 1 GB, 4 GB")
    parser.add_argument("-n", type=int, default=3, metavar="N", help="repetitions")
    parser.add_argument("--peers", metavar="A,B", help="only these; ff is ours")
    parser.add_argument("--formats", metavar="A,B", help=f"of the inputs, of {' '.join(FORMATS)}")
    parser.add_argument("--cap-mb", type=int, metavar="N", help="MiB of memory that a peer is told and held to")
    parser.add_argument("--timeout", type=float, default=600, metavar="S", help="seconds until a peer is stopped")
    parser.add_argument(
        "--enough", type=float, default=240, metavar="S", help="seconds after which another peer than ff is not repeated"
    )
    parser.add_argument(
        "--write", metavar="PAGE", nargs="?", const="", help="put the table of this size into docs/performance.md"
    )
    parser.add_argument("--keep", action="store_true", help="keep what the peers wrote")
    options = parser.parse_args()
    options.works = options.works or list(WORKLOADS)
    peers = dict.fromkeys(peer for peer, _ in contenders.load())
    names = [(options.works, WORKLOADS), (_split(options.formats), FORMATS), (_split(options.peers), peers)]
    for given, known in names:
        for name in given:
            if name not in known:
                parser.error(f"there is no {name}; there are {' '.join(known)}")
    return options


def _split(text: str | None) -> list[str]:
    return [part for part in (text or "").split(",") if part]


class Bench:
    """A run of the benchmark: its options, its peers, and the records it has made."""

    def __init__(self, options: argparse.Namespace):
        self.options, self.registry, self.records = options, contenders.load(), []
        # The outputs of a peer for the workload at hand, in the chunks everybody writes; the limit needs them.
        self.sample: Path | None = None
        # What an interrupted run has left.
        shutil.rmtree(OUT, ignore_errors=True)
        RESULTS.mkdir(parents=True, exist_ok=True)
        self.file = RESULTS / time.strftime("%Y%m%d-%H%M%S.jsonl")
        cap = options.cap_mb * MIB if options.cap_mb else None
        self.cap = cap or (LARGE_CAP if options.size == "large" else None)

    def run(self) -> None:
        """Does all workloads and shows the tables."""
        for work in self.options.works:
            self.workload(work)
        print(f"\n{in_full(self.records)}\n\nrecords: {self.file}")
        if self.options.write is not None:
            page = Path(self.options.write or HERE.parent.parent / "docs" / "performance.md")
            write_page(page, *self.section())

    def lanes(self, work: str) -> list[tuple[str, str]]:
        """The peers and formats of a workload."""
        peers = _split(self.options.peers) or [peer for peer, own in self.registry if own == work]
        found = []
        for peer in peers:
            if (peer, work) in self.registry:
                own = self.registry[peer, work].formats or WORKLOADS[work].formats
                found += [(peer, fmt) for fmt in _split(self.options.formats) or own]
        # Where a peer reads another format than ours, ours reads it too.
        if ("ff" in peers and not self.options.formats) and (("ff", work) in self.registry):
            found += [("ff", fmt) for fmt in sorted({fmt for _, fmt in found}) if ("ff", fmt) not in found]
        return found

    def workload(self, work: str) -> None:
        """All repetitions of a workload; the peer that begins changes from one to the next."""
        lanes, size, data = self.lanes(work), self.options.size, WORKLOADS[work].data
        formats = sorted({fmt for _, fmt in lanes})
        inputs.generate(data, size, formats)
        for fmt in formats:
            inputs.warm(data, size, fmt)
        given_up, spent, self.sample = set(), {}, None
        for repetition in range(self.options.n):
            turn = repetition % max(1, len(lanes))
            for lane in lanes[turn:] + lanes[:turn]:
                if lane in given_up:
                    continue
                record = self.one(Job(lane[0], work, size, lane[1], "", self.cap), repetition)
                spent[lane] = spent.get(lane, 0) + record.get("wall", 0)
                if record["status"] != "ok" or (lane[0] != "ff" and spent[lane] > self.options.enough):
                    given_up.add(lane)
            for fmt in formats:
                self.limit(work, fmt, repetition)
        if not self.options.keep:
            shutil.rmtree(OUT, ignore_errors=True)

    def one(self, job: Job, repetition: int) -> dict:
        """One measurement; the first of a lane is verified, and its results may serve to find the limit."""
        job = replace(job, out_dir=str(OUT / f"{job.work}-{job.size}-{job.format}-{job.peer}"))
        shutil.rmtree(job.out, ignore_errors=True)
        job.scratch.mkdir(parents=True)
        record = measured(job, self.registry[job.peer, job.work], self.options.timeout)
        shutil.rmtree(job.scratch, ignore_errors=True)
        if record["status"] == "ok":
            record["written"] = inputs.size_on_disk(job.out)
            if repetition == 0:
                record["verified"] = verified(job)
        self.add(record | {"peer": job.peer, "work": job.work, "format": job.format, "repetition": repetition})
        if self.sample is None and record.get("verified") == "ok" and _is_sample(job):
            self.sample = job.out.rename(OUT / f"sample-{job.work}")
        elif not self.options.keep:
            shutil.rmtree(job.out, ignore_errors=True)
        return record

    def limit(self, work: str, fmt: str, repetition: int) -> None:
        """The floor, measured beside the peers."""
        try:
            parts = limit(work, self.options.size, fmt, self.cap is not None, self.sample)
        except (OSError, subprocess.CalledProcessError) as error:
            parts = {"status": f"failed: {error}"}
        if parts:
            found = {"status": "ok"} | parts
            self.add(found | {"peer": LIMIT, "work": work, "format": fmt, "repetition": repetition})

    def add(self, record: dict) -> None:
        """Keeps a record and says what happened."""
        record["size"] = self.options.size
        self.records.append(record)
        with open(self.file, "a") as file:
            file.write(json.dumps(record) + "\n")
        told = [record["work"], record["format"], record["peer"], f"#{record['repetition']}:", record["status"]]
        if record["status"] == "ok":
            told.append(f"{record['wall']:.3f} s")
            told += [f"{record['rss'] / MIB:.0f} MiB"] if "rss" in record else []
            told += [record["verified"]] if "verified" in record else []
        print(*told, flush=True)

    def section(self) -> tuple[str, str]:
        """Heading and text of what goes into the page on performance."""
        cap = f", {self.cap // MIB} MiB of memory" if self.cap else ""
        used = ", ".join(f"{name} {version}" for name, version in versions().items())
        text = f"{time.strftime('%Y-%m-%d')}, n = {self.options.n}. {machine()}.\n\n{summary(self.records)}\n\n{used}"
        return f"{self.options.size}{cap}", text


def measured(job: Job, contender: Contender, timeout: float) -> dict:
    """What running a job gave, with a `status` of `ok` or of what went wrong."""
    try:
        if contender.is_program:
            command = ["sh", "-c", contender.run(job)]
        else:
            command = [sys.executable, str(HERE / "run_peer.py"), job.to_text()]
    except Skipped as reason:
        return {"status": f"{SKIPPED}{reason}"}
    cap = job.cap + GRACE if job.cap else UNCAPPED
    with open(job.out / "log", "w") as log:
        result = measure(command, _environment(job), log, cap, timeout)
    lines = (job.out / "log").read_text(errors="replace").strip().splitlines()
    record = asdict(result)
    record["status"] = _status(result.ended, result.code, lines)
    return record


def _status(ended: str | None, code: int, lines: list[str]) -> str:
    last = lines[-1] if lines else f"exit code {code}"
    if ended:
        return f"failed: {ended}"
    if code == 0:
        return "ok"
    if last.startswith(SKIPPED):
        return last
    return f"failed: {last[-160:]}"


def _environment(job: Job) -> dict[str, str]:
    own = job.peer.replace("+", "-").split("-")[0]
    blas = "1" if own in THREADED else str(THREADS)
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    return dict(
        os.environ,
        **{name: blas for name in names},
        NUMEXPR_MAX_THREADS=str(THREADS),
        RAYON_NUM_THREADS=str(THREADS),
        TMPDIR=str(job.scratch),
        HDF5_USE_FILE_LOCKING="FALSE",
        NO_COLOR="1",
    )


def verified(job: Job) -> str:
    """`ok`, or what is wrong with the results."""
    command = [sys.executable, str(HERE / "verify.py"), job.to_text()]
    done = subprocess.run(command, capture_output=True, text=True)
    told = (done.stdout if done.returncode == 0 else done.stderr).strip().splitlines() or ["no answer"]
    return told[-1][-160:]


def _is_sample(job: Job) -> bool:
    names = job.workload.large_outputs(job.size)
    kept = [job.out / f"{name}.h5" if job.workload.hdf5 else job.out / f"{name}.zarr" / "c" for name in names]
    return bool(kept) and all(path.exists() for path in kept)


def show_list() -> None:
    """The workloads, their sizes and peers."""
    registry = contenders.load()
    for work, workload in WORKLOADS.items():
        sizes = ", ".join(f"{size} {workload.bytes_in(size) / 1e6:.0f} MB" for size in SIZES)
        print(f"{work:5} {workload.title} ({sizes})")
        print(f"      {' '.join(peer for peer, own in registry if own == work)}")


def main() -> None:
    """Does what the command line says."""
    options = arguments()
    if options.list:
        show_list()
    else:
        Bench(options).run()


if __name__ == "__main__":
    main()
