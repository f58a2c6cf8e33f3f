"""make chaos: storms of tickets against real processes, and what became of every alert.

Takes half an hour at full size. Small: `--tickets 60 --seconds 10 --target 12 --only 1`, or
`--hail 60 --hail-seconds 20 --only 5`.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import time
from dataclasses import replace

from benchmarks.chaos.hail import Weather, hail
from benchmarks.chaos.rush import rush
from benchmarks.chaos.scenarios import SHOWN, hours_down, storm
from benchmarks.chaos.storm import Size
from benchmarks.chaos.verdict import Findings

KILLS = 5
KILLS_EACH = 3
"""Of every process, in scenarios 5 and 6."""
SMALLER = 0.3
"""The share of tickets, and of time, of scenarios 3, 4 and 6."""
HAIL_COLUMNS = (
    f"{'scenario':<24}{'tickets':>8}{'lost':>6}{'wrong':>6}{'written twice':>14}"
    f"{'alerted twice':>14}{'by kill':>8}{'not alerted':>12}{'latest':>8}  verdict"
)
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
    chosen = [options.only] if options.only else list(range(1, 8))
    for number in [one for one in chosen if one <= 4]:
        began = time.monotonic()
        found = _run(number, size, options.kills)
        everything_ok = everything_ok and found.ok
        _print(found, time.monotonic() - began)
    for number in [one for one in chosen if one > 4]:
        everything_ok = _run_large(number, options) and everything_ok
    sys.exit(0 if everything_ok else 1)


def _run_large(number: int, options: argparse.Namespace) -> bool:
    began = time.monotonic()
    if number == 7:
        rushed = rush(options.rush, options.rush_seconds)
        print(
            f"7 a rush on Zendesk: {rushed.tickets} tickets, {rushed.written} written, "
            f"{rushed.wrong} wrong; per ticket {rushed.writes:.3f} writes and {rushed.calls:.3f} "
            f"calls; {rushed.alerts} alerts at creation, p50 {rushed.p50:.3f} s, "
            f"p99 {rushed.p99:.3f} s; quiet {rushed.quiet_after:.0f} s after the last ticket  "
            f"{'ok' if rushed.ok else 'FAILED'}"
        )
        print(f"  - {rushed.kinds}")
        ok = rushed.ok
    else:
        share = 1.0 if number == 5 else SMALLER
        weather = Weather(
            tickets=round(options.hail * share),
            seconds=options.hail_seconds * share,
            kills=KILLS_EACH,
            seed=options.seed,
            emptied=number == 6,
        )
        row, notes = hail(weather)
        name = "5 everything fails" if number == 5 else "6 Redis emptied"
        print(HAIL_COLUMNS)
        print(
            f"{name:<24}{row.tickets:>8}{row.lost:>6}{row.wrong:>6}{row.written_twice:>14}"
            f"{row.alerted_twice:>14}{row.excused:>8}{row.not_alerted:>12}{row.latest:>8.1f}"
            f"  {'ok' if row.ok else 'FAILED'}"
        )
        for word in row.words[:SHOWN]:
            print(f"  ! {word}")
        for note in notes:
            print(f"  - {note}")
        ok = row.ok
    _print_time(time.monotonic() - began)
    return ok


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
    _print_time(took)


def _print_time(took: float) -> None:
    print(f"  - took {took:.0f} s; load average {os.getloadavg()[0]:.1f}", flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.chaos", description=__doc__)
    parser.add_argument("--tickets", type=int, default=1000, help="of scenarios 1 and 2")
    parser.add_argument("--seconds", type=float, default=120, help="in which they arrive")
    parser.add_argument("--target", type=float, default=60, help="seconds for a first response")
    parser.add_argument("--kills", type=int, default=KILLS, help="of the clock, in scenario 2")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--hail", type=int, default=2000, help="tickets of scenario 5")
    parser.add_argument("--hail-seconds", type=float, default=240)
    parser.add_argument("--rush", type=int, default=5000, help="tickets of scenario 7")
    parser.add_argument("--rush-seconds", type=float, default=300)
    parser.add_argument("--only", type=int, choices=range(1, 8), help="one scenario")
    return parser.parse_args()


if __name__ == "__main__":
    main()
