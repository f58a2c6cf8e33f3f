"""GET /report how well it went, /report/<table>.csv the figures behind it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from http import HTTPStatus

from flask import Blueprint, Response, abort, render_template, request

from webhooks.moments import viewer_zone
from webhooks.tables import MOST_ROWS, Period, Table, as_csv, percent, tables
from worker.report.attainment import Fate, Summary
from worker.report.ending import helpdesk_of
from worker.store.endings import Endings

WEEKS = (1, 4, 13, 26, 57)
"""Periods to choose from; the longest is as long as endings are kept."""
USUAL = 4


def report(
    endings: Endings,
    *,
    zone: str = "UTC",
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Blueprint:
    """The report's page and its tables as CSV; weeks and days are the viewer's."""
    pages = Blueprint("report", __name__)

    def read(now: datetime, here: str) -> tuple[Summary, list[Table], Period]:
        period = Period(now.date() - timedelta(days=7 * _weeks() - 1), now.date())
        summary = Summary(now, here)
        for key, ending in endings.between(*period):
            summary.add(helpdesk_of(key), ending)
        return summary, list(tables(summary, endings.alerts(*period), period)), period

    @pages.get("/report")
    def show() -> str:
        now, here = clock(), viewer_zone(zone)
        summary, found, period = read(now, here)
        whole = summary.attained
        return render_template(
            "report.html",
            tables=found,
            most=MOST_ROWS,
            share=percent(whole.met, whole.counted),
            whole=whole,
            fates={fate: whole.fates.get(fate, 0) for fate in Fate},
            summary=summary,
            changed=percent(summary.changed, summary.tickets),
            weeks=WEEKS,
            chosen=_weeks(),
            period=period,
            zone=here,
        )

    @pages.get("/report/<name>.csv")
    def table(name: str) -> Response:
        _, found, period = read(clock(), viewer_zone(zone))
        wanted = next((one for one in found if one.key == name), None)
        if wanted is None:
            abort(HTTPStatus.NOT_FOUND)
        answer = Response(as_csv(wanted), content_type="text/csv; charset=utf-8")
        file = f"minutehand-{name}-{period.first}-{period.last}.csv"
        answer.headers["Content-Disposition"] = f'attachment; filename="{file}"'
        return answer

    return pages


def _weeks() -> int:
    asked = request.args.get("weeks", "")
    return int(asked) if asked in {str(one) for one in WEEKS} else USUAL
