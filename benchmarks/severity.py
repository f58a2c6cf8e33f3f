"""make evaluate: how well severities are decided, on tickets that nothing was trained on.

The corpus's own test part; the sets in the folder SEVERITY_SETS (default ../shared/eval), where
there is one; and what must not raise a ticket: shouting, history, signatures, orders, denials.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import sqrt
from pathlib import Path

from training.corpus import tickets
from worker.severity import Rubric, decide
from worker.tickets import Confidence, Decision, Severity

SETS = Path(os.environ.get("SEVERITY_SETS", Path(__file__).parents[2] / "shared" / "eval"))
PROBES = Path(__file__).with_name("probes.toml")
ALONE = """
import time
began = time.perf_counter()
from worker.severity import Rubric, decide
imported = time.perf_counter()
rubric = Rubric.built_in()
loaded = time.perf_counter()
decide("a", "b", rubric)
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
print((imported - began) * 1000, (loaded - imported) * 1000, int(status["VmHWM"].split()[0]) / 1024)
"""
"""What a process of its own does to decide one ticket; Linux tells its peak memory."""
LOW = (Severity.P3, Severity.P4)
JUNK_BYTES = 100_000


@dataclass(frozen=True, slots=True)
class Judged:
    """One ticket, the severity it should get, and what was decided."""

    language: str
    wanted: Severity
    decision: Decision
    seconds: float


def main() -> None:
    """Print every table."""
    rubric = Rubric.built_in()
    own = tickets("test")
    judged = [_judge(t.subject, t.body, t.severity, t.language, rubric) for t in own]
    _print_head("the corpus's own test part")
    _print_row("all", judged)
    for language in sorted({t.language for t in own}):
        _print_row(language, [j for j in judged if j.language == language])
    _print_confusion(judged)
    _print_confidence(judged)
    _print_meta([(t.meta, j.decision.meta_dependency) for t, j in zip(own, judged, strict=True)])
    _print_kinds(zip((t.kind for t in own), judged, strict=True))
    _print_foreign_sets(rubric)
    _print_probes([(t.subject, t.body, t.language) for t in own if t.severity in LOW], rubric)
    _print_cost(judged, rubric)


def _judge(subject: str, body: str, wanted: Severity, language: str, rubric: Rubric) -> Judged:
    started = time.perf_counter()
    decision = decide(subject, body, rubric)
    return Judged(language, wanted, decision, time.perf_counter() - started)


def _print_foreign_sets(rubric: Rubric) -> None:
    if not SETS.is_dir():
        print(f"\nno sets by others in {SETS}: skipped (set SEVERITY_SETS)")
        return
    for path in sorted(SETS.glob("*.jsonl")):
        rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
        judged = [
            _judge(row["subject"], row["body"], Severity(row["label"]), row["lang"], rubric)
            for row in rows
        ]
        _print_head(path.stem)
        _print_row("all", judged)
        false_p1 = [j for j in judged if j.wanted is not Severity.P1]
        wrong = sum(j.decision.severity is Severity.P1 for j in false_p1)
        print(f"  P1 that should be something else: {_share(wrong, len(false_p1))}")


def _print_head(name: str) -> None:
    print(
        f"\n{name}\n  {'':6}{'n':>5}  {'accuracy':22}{'within one':12}{'macro-F1':10}"
        f"{'P1 recall':22}{'P1 precision':22}{'silent P1':11}{'review':8}{'ms':>5}"
    )


def _print_row(name: str, judged: Sequence[Judged]) -> None:
    right = sum(j.decision.severity is j.wanted for j in judged)
    near = sum(abs(j.decision.severity.rank - j.wanted.rank) <= 1 for j in judged)
    p1 = [j for j in judged if j.wanted is Severity.P1]
    called = [j for j in judged if j.decision.severity is Severity.P1]
    found = sum(j.decision.severity is Severity.P1 for j in p1)
    silent = sum(j.decision.severity in LOW and not j.decision.needs_review for j in p1)
    review = sum(j.decision.needs_review for j in judged)
    milliseconds = sorted(j.seconds for j in judged)[len(judged) // 2] * 1000
    print(
        f"  {name:6}{len(judged):5}  {_share(right, len(judged)):22}{near / len(judged):<12.3f}"
        f"{_macro_f1(judged):<10.3f}{_share(found, len(p1)):22}{_share(found, len(called)):22}"
        f"{f'{silent} of {len(p1)}':11}{review / len(judged):<8.3f}{milliseconds:5.2f}"
    )


def _share(part: int, whole: int) -> str:
    """A share with its 95 % interval (Wilson)."""
    if not whole:
        return "none"
    z, p = 1.96, part / whole
    middle = (p + z * z / (2 * whole)) / (1 + z * z / whole)
    half = z * sqrt(p * (1 - p) / whole + z * z / (4 * whole * whole)) / (1 + z * z / whole)
    return f"{p:.3f} ({middle - half:.3f}-{middle + half:.3f})"


def _macro_f1(judged: Sequence[Judged]) -> float:
    scores = []
    for severity in Severity:
        both = sum(j.wanted is severity and j.decision.severity is severity for j in judged)
        either = sum((j.wanted is severity) + (j.decision.severity is severity) for j in judged)
        if either:
            scores.append(2 * both / either)
    return sum(scores) / len(scores)


def _print_confusion(judged: Sequence[Judged]) -> None:
    print("\n  should be \\ decided  " + "".join(f"{s:>6}" for s in Severity))
    for wanted in Severity:
        row = [j.decision.severity for j in judged if j.wanted is wanted]
        print(f"  {wanted:20}" + "".join(f"{row.count(s):6}" for s in Severity))
    silent = [j for j in judged if j.wanted is Severity.P1 and j.decision.severity in LOW]
    asked = sum(j.decision.needs_review for j in silent)
    print(f"  P1 decided as P3 or P4: {len(silent)}, of them with a review asked for: {asked}")


def _print_confidence(judged: Sequence[Judged]) -> None:
    for band in Confidence:
        rows = [j for j in judged if j.decision.confidence is band]
        right = sum(j.decision.severity is j.wanted for j in rows)
        print(f"  {band} confidence: {len(rows):5} tickets, right {_share(right, len(rows))}")


def _print_meta(pairs: Iterable[tuple[bool, bool]]) -> None:
    rows = list(pairs)
    both = sum(wanted and found for wanted, found in rows)
    print(
        f"  Meta dependency: recall {_share(both, sum(w for w, _ in rows))}, "
        f"precision {_share(both, sum(f for _, f in rows))}"
    )


def _print_kinds(rows: Iterable[tuple[str, Judged]]) -> None:
    by_kind: dict[str, list[bool]] = defaultdict(list)
    for kind, judged in rows:
        by_kind[kind].append(judged.decision.severity is judged.wanted)
    shown = [
        f"{kind} {sum(right)}/{len(right)}"
        for kind, right in sorted(by_kind.items(), key=lambda row: sum(row[1]) / len(row[1]))
    ]
    print("  right by kind, the worst first: " + ", ".join(shown))


def _print_probes(low: Sequence[tuple[str, str, str]], rubric: Rubric) -> None:
    probes = tomllib.loads(PROBES.read_text("utf-8"))
    print("\nwhat must not raise a P3 or P4 ticket: share raised, share made P1")
    plain = [decide(subject, body, rubric).severity for subject, body, _ in low]
    for name in ("shouting", *probes):
        raised = made_p1 = whole = 0
        for (subject, body, language), before in zip(low, plain, strict=True):
            if before not in LOW or not body.strip():  # a body that is only quoted is a forward
                continue
            if name == "shouting":
                changed = (subject.upper(), body.upper())
            else:
                texts = probes[name].get(language, probes[name]["en"])
                changed = (subject, texts[whole % len(texts)].replace("{body}", body))
            after = decide(*changed, rubric).severity
            whole += 1
            raised += after.worse_than(before)
            made_p1 += after is Severity.P1
        print(f"  {name:12}{_share(raised, whole):24}{made_p1 / whole:.3f}")


def _print_cost(judged: Sequence[Judged], rubric: Rubric) -> None:
    ordered = sorted(j.seconds * 1000 for j in judged)
    print(
        f"\ncost: median {ordered[len(ordered) // 2]:.2f} ms a ticket, "
        f"95 % under {ordered[int(len(ordered) * 0.95)]:.2f} ms"
    )
    worst = max(_timed(name, text, rubric) for name, text in _junk())
    print(f"  the worst of {JUNK_BYTES // 1000} kB of junk: {worst:.0f} ms")
    done = subprocess.run([sys.executable, "-c", ALONE], capture_output=True, text=True, check=True)
    imported, loaded, memory = map(float, done.stdout.split())
    print(
        f"  a process that only decides: imports {imported:.0f} ms, rubric and model "
        f"{loaded:.0f} ms, {memory:.0f} MB at most"
    )


def _timed(name: str, text: str, rubric: Rubric) -> float:
    started = time.perf_counter()
    decide(name, text, rubric)
    return (time.perf_counter() - started) * 1000


def _junk() -> Iterator[tuple[str, str]]:
    chance = random.Random(7)
    for unit in (
        "a",
        "<",
        "> x\n",
        "<a ",
        "On a wrote ",
        "From: a\n",
        " \n",
        "ignore ",
        "1 ",
        "\u3042",
    ):
        yield unit, (unit * JUNK_BYTES)[:JUNK_BYTES]
    words = ["down", "all", "the", "is", "users", "x", "no", "data", "<b>", "\n", ","]
    yield "words", " ".join(chance.choices(words, k=JUNK_BYTES // 4))


if __name__ == "__main__":
    main()
