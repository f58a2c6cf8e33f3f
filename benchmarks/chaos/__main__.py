"""make chaos: storms of tickets against real processes, and what became of every alert.

Takes ten minutes at full size. Small: `--tickets 60 --seconds 10 --target 12 --only 1`.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import time
from dataclasses import replace

from benchmarks.chaos.scenarios import SHOWN, hours_down, storm
from benchmarks.chaos.storm import Size
from benchmarks.chaos.verdict import Findings

KILLS = 5
SMALLER = 0.3
"""The share of tickets, and of time, of scenarios 3 and 4."""
COLUMNS = (
    f"{'scenario':<24}{'tickets':>8}{'expected':>9}{'received':>9}{'missing':>8}{'twice':>6}"
    f"{'disorder':>9}{'answered':>9}{'p50':>8}{'p99':>8}{'max':>8}  verdict"
)


def main() -> None:
    """Run, print the table, and fail on any violation."""
    options = _options()
    size = Size(
        tickets=options.tickets, seconds=options.seconds, target=options.target, seed=options.seed
    )
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    print("disorder: told out of order; answered: told after the answer was visible; seconds late")
    print(COLUMNS)
    everything_ok = True
    for number in [options.only] if options.only else [1, 2, 3, 4]:
        began = time.monotonic()
        found = _run(number, size, options.kills)
        everything_ok = everything_ok and found.ok
        _print(found, time.monotonic() - began)
    sys.exit(0 if everything_ok else 1)


def _run(number: int, size: Size, kills: int) -> Findings:
    smaller = replace(
        size, tickets=max(1, round(size.tickets * SMALLER)), seconds=size.seconds * SMALLER
    )
    if number == 1:
        return storm("1 a storm", size)
    if number == 2:
        return storm(f"2 clock killed {kills} times", replace(size, kills=kills))
    if number == 3:
        return storm("3 two clocks, workers", smaller, twice=True)
    return hours_down("4 three hours down", replace(smaller, target=0, answers=False))


def _print(found: Findings, took: float) -> None:
    late = "".join(f"{found.late(percent):>8.3f}" for percent in (50, 99, 100))
    print(
        f"{found.scenario:<24}{found.tickets:>8}{found.expected:>9}{found.received:>9}"
        f"{found.missing:>8}{found.twice:>6}{found.out_of_order:>9}{found.after_answer:>9}{late}"
        f"  {'ok' if found.ok else 'FAILED'}"
    )
    for fault in found.faults[:SHOWN]:
        print(f"  ! {fault}")
    if len(found.faults) > SHOWN:
        print(f"  ! and {len(found.faults) - SHOWN} more")
    for note in found.notes:
        print(f"  - {note}")
    print(f"  - took {took:.0f} s; load average {os.getloadavg()[0]:.1f}", flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.chaos", description=__doc__)
    parser.add_argument("--tickets", type=int, default=1000, help="of scenarios 1 and 2")
    parser.add_argument("--seconds", type=float, default=120, help="in which they arrive")
    parser.add_argument("--target", type=float, default=60, help="seconds for a first response")
    parser.add_argument("--kills", type=int, default=KILLS, help="of the clock, in scenario 2")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", type=int, choices=[1, 2, 3, 4], help="one scenario")
    return parser.parse_args()


if __name__ == "__main__":
    main()
