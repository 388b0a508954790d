"""Measures one process and all it starts: time, processor time, memory, and what else the machine was doing.

Memory is sampled. `ru_maxrss` of a child is of no use here, as it counts this process at the time of the fork.
"""

import os
import subprocess
import threading
import time
from dataclasses import dataclass, field

PAGE = os.sysconf("SC_PAGE_SIZE")
TICKS = os.sysconf("SC_CLK_TCK")
INTERVAL = 0.02


@dataclass
class Measured:
    """Seconds and bytes of a process tree.

    `rss` is the largest sum of resident memory over the tree, `anonymous` the largest without mapped files, which is
    what a cap is held against. `foreign` is how many cores the rest of the machine used. `ended` says why the tree was
    killed, if it was.
    """

    code: int
    wall: float
    cpu: float
    rss: int
    anonymous: int
    foreign: float
    ended: str | None = None


@dataclass
class _Watch:
    """What is sampled of a tree while it runs."""

    pid: int
    cap: int
    timeout: float
    rss: int = 0
    anonymous: int = 0
    cpu: dict[int, float] = field(default_factory=dict)
    ended: str | None = None

    def run(self, stop: threading.Event) -> None:
        start = time.perf_counter()
        while not stop.wait(INTERVAL):
            self.sample()
            if self.anonymous > self.cap:
                self.end("memory")
            if time.perf_counter() - start > self.timeout:
                self.end("timeout")

    def sample(self) -> None:
        rss = anonymous = 0
        for pid in _tree(self.pid):
            try:
                _, resident, shared = (int(n) * PAGE for n in _read(pid, "statm").split()[:3])
                status = _read(pid, "status")
                highest = int(status[status.index("VmHWM:") + 6 :].split(None, 1)[0]) << 10
                times = _read(pid, "stat").rsplit(")", 1)[1].split()[11:13]
            except (OSError, IndexError, ValueError):
                continue  # It has ended meanwhile.
            rss += resident
            anonymous += resident - shared
            self.rss = max(self.rss, highest)
            self.cpu[pid] = sum(map(int, times)) / TICKS
        self.rss, self.anonymous = max(self.rss, rss), max(self.anonymous, anonymous)

    def end(self, why: str) -> None:
        self.ended = self.ended or why
        for pid in reversed(_tree(self.pid)):
            try:
                os.kill(pid, 9)
            except OSError:
                pass


def measure(command: list[str], environment: dict[str, str], log, cap: int, timeout: float) -> Measured:
    """Runs a command to its end; kills it when its tree takes more memory than `cap` or more time than `timeout`."""
    os.sync()
    busy_before, start = _busy(), time.perf_counter()
    process = subprocess.Popen(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    watch, stop = _Watch(process.pid, cap, timeout), threading.Event()
    thread = threading.Thread(target=watch.run, args=(stop,), daemon=True)
    thread.start()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    stop.set()
    thread.join()
    process.returncode = os.waitstatus_to_exitcode(status)
    cpu = max(usage.ru_utime + usage.ru_stime, sum(watch.cpu.values()))
    foreign = max(0.0, (_busy() - busy_before - cpu) / wall)
    return Measured(process.returncode, wall, cpu, watch.rss, watch.anonymous, foreign, watch.ended)


def _read(pid: int, name: str) -> str:
    with open(f"/proc/{pid}/{name}") as file:
        return file.read()


def _tree(pid: int) -> list[int]:
    """A process and all below it."""
    found, pending = [], [pid]
    while pending:
        pid = pending.pop()
        found.append(pid)
        try:
            for task in os.listdir(f"/proc/{pid}/task"):
                pending += map(int, _read(pid, f"task/{task}/children").split())
        except OSError:
            pass
    return found


def _busy() -> float:
    """Seconds that the processors of the machine have worked."""
    with open("/proc/stat") as file:
        user, nice, system, _idle, _wait, irq, softirq = map(int, file.readline().split()[1:8])
    return (user + nice + system + irq + softirq) / TICKS
