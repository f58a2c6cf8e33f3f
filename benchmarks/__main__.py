"""`python -m benchmarks [part ...]`: measure, side by side, and print the tables.

Every part runs three times; each row is the run in the middle. `--record` keeps the tables in
benchmarks/RESULTS.md. Exit code 1 when a goal was missed in most of the runs.
"""

from __future__ import annotations

import argparse
import logging
import sys
import time
from collections.abc import Callable
from pathlib import Path

import structlog

from benchmarks import clock, edge, machine, servers, triages
from benchmarks.figures import Figure, Result, middle_of, table

RESULTS = Path(__file__).with_name("RESULTS.md")
Part = Callable[[float], list[Figure]]
PARTS: dict[str, tuple[str, Part]] = {
    "edge": ("Edge: webhooks in", edge.measure),
    "servers": ("Edge: one process, 8 threads, on other servers", servers.measure),
    "worker": ("Worker: triages", triages.measure),
    "clock": ("Clock: 100,000 open timers", clock.measure),
}
HEAD = """# What was measured

Written by `make bench ARGS=--record`; one part again: `make bench ARGS="edge --record"`. Every row
is the middle one of three runs; a peer was measured in the same run, so the ratio counts, and the
absolute figures hold only for the machine named. "met in runs": how often the goal was met.
"""


def main() -> None:
    """Run the parts, print their tables."""
    asked = _arguments()
    quiet = structlog.make_filtering_bound_logger(logging.WARNING)
    structlog.configure(wrapper_class=quiet)
    print(machine.described(), flush=True)
    missed = []
    for name in asked.parts or PARTS:
        title, part = PARTS[name]
        began = time.monotonic()
        print(f"\n{name}: {asked.runs} runs", file=sys.stderr, flush=True)
        described = machine.described()
        results = middle_of([part(asked.scale) for _ in range(asked.runs)])
        text = table(title, results)
        print(f"\n{text}\n\n({time.monotonic() - began:.0f} s)", flush=True)
        missed += [f"{name}: {result.middle.what}" for result in results if _missed(result)]
        if asked.record:
            record(name, text, described)
    if missed:
        print("\nmissed: " + "; ".join(missed))
    sys.exit(1 if missed else 0)


def record(name: str, text: str, described: str, path: Path = RESULTS) -> None:
    """Put one part's table into the file, in the place of what it said before."""
    kept: dict[str, str] = {}
    if path.exists():
        for section in path.read_text("utf-8").split("\n<!-- part ")[1:]:
            part, _, rest = section.partition(" -->\n")
            kept[part] = rest.strip()
    kept[name] = f"{text}\n\n{described}"
    order = [*(one for one in PARTS if one in kept), *(one for one in kept if one not in PARTS)]
    sections = [f"<!-- part {one} -->\n{kept[one]}\n" for one in order]
    path.write_text("\n".join([HEAD, *sections]), "utf-8")


def _missed(result: Result) -> bool:
    return result.runs_met * 2 <= result.runs and bool(result.middle.goal)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[[], *PARTS], help="which; default all")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--scale", type=float, default=1.0, help="less for a quick look")
    parser.add_argument("--record", action="store_true", help=f"keep the tables in {RESULTS.name}")
    return parser.parse_args()


if __name__ == "__main__":
    main()
