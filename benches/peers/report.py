"""Tables of results, for the terminal and for the page on performance.

A ratio is the median of the ratios of the repetitions: both of its times were taken within the same minute, so they
saw about the same neighbours.
"""

import statistics
from pathlib import Path

from workloads import WORKLOADS

BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"
LIMIT = "limit"


class Lane:
    """The repetitions of one peer on one workload and format."""

    def __init__(self, records: list[dict]):
        self.records = records
        self.good = [record for record in records if record["status"] == "ok"]
        self.walls = {record["repetition"]: record["wall"] for record in self.good}

    @property
    def wall(self) -> float:
        """Median of the seconds; infinite where it never came to an end."""
        return statistics.median(self.walls.values()) if self.walls else float("inf")

    @property
    def peak(self) -> float:
        """The largest resident memory, in MiB."""
        return max((record.get("rss", 0) for record in self.records), default=0) / 2**20

    @property
    def verdict(self) -> str:
        """`ok` where the results were right, else what was wrong."""
        return next((record["verified"] for record in self.good if "verified" in record), "")

    @property
    def failure(self) -> str:
        """Why there are no results."""
        return self.records[-1]["status"]

    def over(self, other: "Lane | None") -> float | None:
        """How many times as long as another lane it takes."""
        if other is None:
            return None
        ratios = [wall / other.walls[n] for n, wall in self.walls.items() if n in other.walls]
        return statistics.median(ratios) if ratios else None


Group = tuple[str, str, str]


def grouped(records: list[dict]) -> dict[Group, dict[str, Lane]]:
    """Lanes by workload, size and format, and within by peer, the fastest first."""
    groups: dict[Group, dict[str, list]] = {}
    for record in records:
        group = groups.setdefault((record["work"], record["size"], record["format"]), {})
        group.setdefault(record["peer"], []).append(record)
    lanes = {key: {peer: Lane(rows) for peer, rows in group.items()} for key, group in groups.items()}
    return {key: dict(sorted(group.items(), key=lambda item: item[1].wall)) for key, group in lanes.items()}


def in_full(records: list[dict]) -> str:
    """A table for each workload and format, with a row for each peer."""
    parts = []
    for (work, size, fmt), lanes in grouped(records).items():
        head = ["peer", "n", "wall s (least..most)", "x ff", "x limit", "cpu s", "peak MiB", "foreign", "values"]
        rows = [_row(peer, lane, lanes) for peer, lane in lanes.items()]
        parts.append(f"{work} {size} {fmt}: {WORKLOADS[work].title}\n\n{_aligned([head, *rows])}")
    return "\n\n".join(parts)


def _row(peer: str, lane: Lane, lanes: dict[str, Lane]) -> list[str]:
    if not lane.good:
        return [peer, "0", lane.failure, "", "", "", _number(lane.peak) if lane.peak else "", "", ""]
    walls = lane.walls.values()
    times = f"{_seconds(lane.wall)} ({_seconds(min(walls))}..{_seconds(max(walls))})"
    if peer == LIMIT:
        median = {part: statistics.median(record[part] for record in lane.good) for part in PARTS}
        parts = " + ".join(f"{part} {_seconds(value)}" for part, value in median.items() if value)
        passes = f"{lane.good[0]['passes']} x "
        return [peer, str(len(walls)), times, _ratio(lane.over(lanes.get("ff"))), "", "", "", "", passes + parts]
    cpu = statistics.median(record["cpu"] for record in lane.good)
    foreign = statistics.median(record["foreign"] for record in lane.good)
    ratios = [_ratio(lane.over(lanes.get("ff"))), _ratio(lane.over(lanes.get(LIMIT)))]
    return [peer, str(len(walls)), times, *ratios, _seconds(cpu), _number(lane.peak), f"{foreign:.1f}", lane.verdict]


PARTS = ("decode", "memory", "encode", "multiply")


def summary(records: list[dict]) -> str:
    """One row for each workload and format, in Markdown."""
    lines = [
        "| workload | input | limit s | ff s | ff / limit | ff peak MiB | peers: their time / ff's (peak MiB) |",
        "|---|---|--:|--:|--:|--:|---|",
    ]
    for (work, _, fmt), lanes in grouped(records).items():
        ff, floor = lanes.get("ff"), lanes.get(LIMIT)
        others = [_peer(peer, lane, ff) for peer, lane in lanes.items() if peer not in ("ff", LIMIT)]
        others = [text for text in others if text]
        own = ["", "", ""]
        if ff:
            own = [_seconds(ff.wall), _ratio(ff.over(floor)), _number(ff.peak)] if ff.good else [ff.failure, "", ""]
            if ff.good and ff.verdict != "ok":
                own[0] += f" ({ff.verdict or 'not verified'})"
        cells = [work, fmt, _seconds(floor.wall) if floor and floor.good else "", *own, ", ".join(others)]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _peer(peer: str, lane: Lane, ff: Lane | None) -> str:
    """A peer in a few words; nothing of one that was skipped."""
    if not lane.good:
        reason = lane.failure.removeprefix("failed: ")
        short = reason if reason in ("memory", "timeout") else "error"
        return "" if lane.failure.startswith("skipped") else f"{peer} failed ({short})"
    time = _ratio(lane.over(ff)) if ff and ff.good else f"{_seconds(lane.wall)} s"
    wrong = "" if lane.verdict in ("ok", "") else ", values differ"
    return f"{peer} {time} ({_number(lane.peak)}{wrong})"


def write_page(page: Path, heading: str, table: str) -> None:
    """Puts a table between the markers of a page, in place of one with the same heading."""
    before, rest = page.read_text().split(BEGIN)
    inside, after = rest.split(END)
    sections = dict(part.split("\n", 1) for part in ("\n" + inside.strip()).split("\n### ")[1:])
    title, body = heading, table
    sections[title] = f"\n{body}\n"
    texts = [f"### {name}\n{text.rstrip()}\n" for name, text in sorted(sections.items(), key=_order)]
    page.write_text(f"{before}{BEGIN}\n\n" + "\n".join(texts) + f"\n{END}{after}")


def _order(section: tuple[str, str]) -> tuple[int, str]:
    sizes = ["small", "medium", "large"]
    first = section[0].split(",")[0].split()[0]
    return (sizes.index(first) if first in sizes else len(sizes), section[0])


def _aligned(rows: list[list[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows)]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows)


def _seconds(value: float) -> str:
    return f"{value:.3f}" if value < 1 else f"{value:.2f}" if value < 10 else f"{value:.1f}"


def _ratio(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}x" if value < 10 else f"{value:.0f}x"


def _number(value: float) -> str:
    return f"{value:.0f}"
