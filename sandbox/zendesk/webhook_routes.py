"""The webhooks API: make, find, change, delete, sign, test.

https://developer.zendesk.com/api-reference/webhooks/webhooks-api/webhooks/
"""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import requests
from flask import Blueprint, Response, g, request

from sandbox import destinations
from sandbox.vendor import Refused, answer
from sandbox.zendesk import errors, events
from sandbox.zendesk.ticket_routes import sent_body
from sandbox.zendesk.webhooks import TEST_SECRET, Webhook, new_secret

if TYPE_CHECKING:
    from sandbox.zendesk.account import ZendeskAccount

CHANGEABLE = ("name", "endpoint", "status", "description", "http_method", "request_format")


def routes(account: ZendeskAccount) -> Blueprint:  # noqa: C901 - many small routes
    """The blueprint."""
    made = Blueprint("zendesk_webhooks", __name__)
    webhooks = account.webhooks

    def found(webhook_id: str) -> Webhook:
        webhook = webhooks.kept.get(webhook_id)
        if webhook is None:
            raise errors.not_found()
        return webhook

    @made.get("/webhooks")
    def listed() -> Response:
        part = request.args.get("filter[name_contains]", "").lower()
        with webhooks.lock:
            shown = [_shown(one) for one in webhooks.kept.values() if part in one.name.lower()]
        links = {"next": None, "prev": None}
        return answer({"webhooks": shown, "meta": {"has_more": False}, "links": links})

    @made.post("/webhooks")
    def create() -> Response:
        sent = sent_body("webhook")
        missing = [name for name in ("name", "endpoint", "http_method") if not sent.get(name)]
        if missing:
            raise _invalid(f"{missing[0]} is missing.")
        webhook = Webhook(
            name=str(sent["name"]),
            endpoint=str(sent["endpoint"]),
            subscriptions=[str(one) for one in sent.get("subscriptions") or []],
            secret=new_secret(),
            created_by=g.user.id,
        )
        _change(webhook, sent)
        webhooks.add(webhook)
        return answer({"webhook": _shown(webhook)}, HTTPStatus.CREATED)

    @made.get("/webhooks/<webhook_id>")
    def show(webhook_id: str) -> Response:
        return answer({"webhook": _shown(found(webhook_id))})

    @made.route("/webhooks/<webhook_id>", methods=["PUT", "PATCH"])
    def update(webhook_id: str) -> Response:
        _change(found(webhook_id), sent_body("webhook"))
        return answer(None, HTTPStatus.NO_CONTENT)

    @made.delete("/webhooks/<webhook_id>")
    def delete(webhook_id: str) -> Response:
        found(webhook_id)
        with webhooks.lock:
            del webhooks.kept[webhook_id]
        return answer(None, HTTPStatus.NO_CONTENT)

    @made.route("/webhooks/<webhook_id>/signing_secret", methods=["GET", "POST"])
    def signing_secret(webhook_id: str) -> Response:
        webhook = found(webhook_id)
        status = HTTPStatus.OK
        if request.method == "POST":
            webhook.secret, status = new_secret(), HTTPStatus.CREATED
        body = {"signing_secret": {"secret": webhook.secret, "algorithm": "SHA256"}}
        return answer(body, status)

    @made.post("/webhooks/test")
    def test() -> Response:
        sent = sent_body("request")
        number = request.args.get("webhook_id")
        webhook = found(number) if number else None
        endpoint = str(sent.get("endpoint") or (webhook.endpoint if webhook else ""))
        reason = destinations.refusal(endpoint, anywhere=account.settings.webhooks_anywhere)
        if reason:
            raise _invalid(reason)
        return answer({"response": _tried(endpoint, sent, webhook)})

    return made


def _change(webhook: Webhook, sent: dict[str, Any]) -> None:
    if "endpoint" in sent and not str(sent["endpoint"]).startswith(("http://", "https://")):
        raise _invalid("endpoint is not a URL.")
    wanted = sent.get("subscriptions", webhook.subscriptions)
    if any(str(one).startswith("zen:") for one in wanted) and (
        sent.get("http_method", "POST") != "POST" or sent.get("request_format", "json") != "json"
    ):
        raise _invalid("Event subscriptions need http_method POST and request_format json.")
    for name in CHANGEABLE:
        if name in sent:
            setattr(webhook, name, str(sent[name]))
    webhook.subscriptions = [str(one) for one in wanted]
    webhook.authentication = sent.get("authentication", webhook.authentication)
    webhook.custom_headers = sent.get("custom_headers", webhook.custom_headers) or {}


def _shown(webhook: Webhook) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "id": webhook.id,
        "name": webhook.name,
        "description": webhook.description,
        "status": webhook.status,
        "subscriptions": list(webhook.subscriptions),
        "created_at": webhook.created_at,
        "created_by": str(webhook.created_by),
        "endpoint": webhook.endpoint,
        "http_method": webhook.http_method,
        "request_format": webhook.request_format,
    }
    if webhook.authentication:
        # Secrets are write-only: https://support.zendesk.com/hc/en-us/articles/4408836101146
        shown["authentication"] = {
            key: webhook.authentication.get(key) for key in ("type", "add_position")
        }
    return shown


def _tried(endpoint: str, sent: dict[str, Any], webhook: Webhook | None) -> dict[str, Any]:
    payload = sent.get("payload", "")
    body = (payload if isinstance(payload, str) else json.dumps(payload)).encode()
    secret = webhook.secret if webhook else TEST_SECRET
    make = events.headers(
        secret, webhook.id if webhook else "", webhook.extra_headers() if webhook else None
    )
    try:
        with requests.Session() as session:
            session.trust_env = False
            got = session.post(
                endpoint, data=body, headers=make(body), timeout=12, allow_redirects=False
            )
    except requests.RequestException as error:
        return {"status_code": 504, "headers": [], "payload": type(error).__name__}
    headers = [{"key": key, "value": value} for key, value in got.headers.items()]
    return {"status_code": got.status_code, "headers": headers, "payload": got.text[:200]}


def _invalid(detail: str) -> Refused:
    fault = {"code": "InvalidAttribute", "title": "Invalid webhook", "detail": detail}
    return Refused(answer({"errors": [fault]}, HTTPStatus.BAD_REQUEST))
