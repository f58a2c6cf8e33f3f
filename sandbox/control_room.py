"""The control API's other half: what was asked, what was sent, what should fail, and limits."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, request

from sandbox.control import only_from_here, refuse, sent_body
from sandbox.opening import TITLES, lay_fields
from sandbox.vendor import answer

if TYPE_CHECKING:
    from sandbox.state import Sandbox


def routes(sandbox: Sandbox) -> Blueprint:
    """Requests, deliveries, faults, settings, tokens."""
    made = Blueprint("control_room", __name__, url_prefix="/sandbox")
    made.before_request(only_from_here)
    _log_routes(made, sandbox)
    _fault_routes(made, sandbox)

    @made.get("/settings")
    def settings() -> Response:
        return answer(_shown(sandbox))

    @made.put("/settings")
    def turn() -> Response:
        wanted = sent_body()
        present = wanted.pop("fields_present", None)
        try:
            sandbox.dials.turn(wanted)
            if present is not None:
                titles = present if isinstance(present, list) else list(TITLES) * bool(present)
                for desk in sandbox.desks.values():
                    lay_fields(desk, titles)
                sandbox.zendesk.tidy_forms()
        except ValueError as error:
            raise refuse(str(error)) from None
        for windows in sandbox.windows:
            windows.clear()
        return answer(_shown(sandbox))

    @made.post("/tokens/revoke")
    def revoke() -> Response:
        return answer({"revoked": sandbox.tokens.revoke_all()})

    return made


def _shown(sandbox: Sandbox) -> dict[str, Any]:
    present = {
        name: [field.title for field in desk.fields.values() if field.title in TITLES]
        for name, desk in sandbox.desks.items()
    }
    return sandbox.dials.shown() | {"fields_present": present}


def _log_routes(made: Blueprint, sandbox: Sandbox) -> None:
    @made.get("/requests")
    def requests() -> Response:
        asked = {name: request.args.get(name, "") for name in ("helpdesk", "method", "path")}
        return answer({"requests": sandbox.journal.listed(**asked)})

    @made.delete("/requests")
    def forget_requests() -> Response:
        sandbox.journal.clear()
        return answer(None, HTTPStatus.NO_CONTENT)

    @made.get("/deliveries")
    def deliveries() -> Response:
        helpdesk, ticket = (request.args.get(name, "") for name in ("helpdesk", "ticket"))
        shown = [
            one
            for one in sandbox.courier.listed()
            if helpdesk in {"", one["helpdesk"]} and ticket in {"", one["ticket"]}
        ]
        return answer({"deliveries": shown})

    @made.delete("/deliveries")
    def forget_deliveries() -> Response:
        sandbox.courier.clear()
        return answer(None, HTTPStatus.NO_CONTENT)

    @made.post("/deliveries/<helpdesk>/<int:ticket_id>/again")
    def again(helpdesk: str, ticket_id: int) -> Response:
        event = sent_body().get("event")
        parcels = [
            parcel
            for parcel in sandbox.courier.find(helpdesk, str(ticket_id))
            if event in {None, parcel.event}
        ]
        if not parcels:
            raise refuse("No such webhook was made for this ticket.", HTTPStatus.NOT_FOUND)
        sent = sandbox.courier.again(parcels[0])
        return answer(sent.listed(), HTTPStatus.ACCEPTED)


def _fault_routes(made: Blueprint, sandbox: Sandbox) -> None:
    @made.post("/faults")
    def add() -> Response:
        try:
            fault = sandbox.faults.add(sent_body())
        except (TypeError, ValueError) as error:
            raise refuse(str(error)) from None
        return answer({"id": fault.id, "kind": fault.kind}, HTTPStatus.CREATED)

    @made.get("/faults")
    def listed() -> Response:
        return answer({"faults": sandbox.faults.listed()})

    @made.delete("/faults")
    def clear() -> Response:
        sandbox.faults.clear()
        return answer(None, HTTPStatus.NO_CONTENT)
