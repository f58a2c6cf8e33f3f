"""One write to one ticket, and what is done when Freshdesk refuses it.

Freshdesk validates the whole ticket on every update: a field that agents must fill in, and that
has nothing to do with us, makes it refuse ours (https://developers.freshdesk.com/api/#update_ticket).
So: everything; without those of our own fields that were refused; the priority alone; and at
last a private note that says what could not be set.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from worker.errors import MinutehandError, Transient
from worker.helpdesks.freshdesk import fields
from worker.helpdesks.freshdesk.calls import Fault, Refused
from worker.helpdesks.freshdesk.fields import ATTRIBUTE, PRIORITY, PRIORITY_WORD, Title
from worker.helpdesks.freshdesk.people import agent_with
from worker.tickets import Changes, Receipt

if TYPE_CHECKING:
    from collections.abc import Mapping

    from worker.helpdesks.freshdesk.calls import Answer, Calls
    from worker.helpdesks.freshdesk.once import Once
    from worker.helpdesks.freshdesk.titles import Titles

ADVICE = "make it optional for agents (Admin > Ticket Fields) or fill it in on the ticket"
ADVICE_OURS = "compare the field with Minutehand's list of fields (its type and its choices)"


class Writing:
    """The write of one `Changes` to one ticket; used once."""

    def __init__(
        self,
        ticket_id: str,
        changes: Changes,
        *,
        calls: Calls,
        titles: Titles,
        once: Once,
        tags: tuple[str, ...] | None,
    ) -> None:
        self._id = ticket_id
        self._path = f"/tickets/{quote(ticket_id, safe='')}"
        self._changes = changes
        self._calls = calls
        self._titles = titles
        self._once = once
        # A reading may be older than our own last tags, which a list made from it would undo.
        self._tags = None if once.knows(self._tagged) else tags
        """The ticket's tags now; None: not read yet."""
        self._names: Mapping[Title, str] = {}
        self._made = 0
        self._kept_away = ""
        self._said: list[str] = []
        self.refusals: list[str] = []
        """What Freshdesk refused and what to change; empty when everything went as asked."""

    def run(self) -> Receipt:
        """Write; raises what a call raises, as long as nothing has arrived there."""
        self._learn_names()
        body = self._body()
        taken = self._put_or_less(body) if body else {}
        if "tags" in taken:
            self._once.first(self._tagged)
        written = self._written(taken)
        if self.refusals:
            self._said += self.refusals
            self._said.append(
                f"Of that update only {_listed(taken)} was set"
                if taken
                else "Of that update nothing could be set"
            )
        note = self._note_text(taken)
        if note and self._note_arrives(note, something_did=bool(taken)):
            written["note"] = self._changes.note
        return Receipt(
            written=Changes(**written),
            said=tuple(self._said),
            try_again=self._kept_away,
            calls=self._made,
        )

    def _call(self, method: str, path: str, right: str, json: Any = None) -> Answer:
        self._made += 1
        what = f"Freshdesk ticket {self._id}"
        return self._calls.call(method, path, what=what, right=right, json=json)

    def _learn_names(self) -> None:
        wanted = [title for title in Title if self._sets(title)]
        if not wanted:
            return
        known, calls = self._titles.known()
        self._made += calls
        self._names = known.names
        if known.refused:
            self._say_once(f"{known.refused}: no field is written, only priority and tags")
            return
        for title in wanted:
            text = f"Freshdesk has no ticket field '{title}': make it, or it stays unwritten"
            if title in known.names:
                self._once.forget(text)
            else:
                self._say_once(text)

    def _value(self, title: Title) -> Any:
        return getattr(self._changes, ATTRIBUTE[title])

    def _sets(self, title: Title) -> bool:
        return self._value(title) is not None or ATTRIBUTE[title] in (self._changes.clear or ())

    def _say_once(self, text: str) -> None:
        if self._once.first(text):
            self._said.append(text)

    def _body(self) -> dict[str, Any]:
        """The update as Freshdesk's JSON: never a key that it may not know, nor an empty one."""
        body: dict[str, Any] = {}
        priority = fields.priority(self._changes)
        if priority is not None:
            body["priority"] = priority
        if self._changes.group:
            body["group_id"] = int(self._changes.group)
        if self._changes.assignee:
            agent = agent_with(self._calls, self._changes.assignee)
            if agent is None:
                self._said.append("nobody assigned: no agent has that address")
            else:
                body["responder_id"] = agent
        custom = fields.custom_fields(self._changes, self._names)
        if custom:
            body["custom_fields"] = custom
        if fields.touches_tags(self._changes):
            if self._tags is None:
                self._tags = self._read_tags()
            tags = fields.merged_tags(self._tags, self._changes)
            if tags != self._tags:  # a list that is sent replaces the one there
                body["tags"] = list(tags)
        return body

    def _read_tags(self) -> tuple[str, ...]:
        raw = self._call("GET", self._path, "to view this ticket").content
        tags = raw.get("tags") if isinstance(raw, dict) else None
        if not isinstance(tags, list):
            raise Transient(f"Freshdesk ticket {self._id}: its tags could not be read")
        return tuple(str(tag) for tag in tags)

    def _put_or_less(self, body: dict[str, Any]) -> dict[str, Any]:
        """The part of `body` that Freshdesk took, possibly nothing."""
        faults = self._put(body)
        if faults and all(self._is_ours(fault, body) for fault in faults):
            smaller = self._corrected(body, faults)
            if smaller:
                self._refuse(faults, body, unless_renamed=smaller)
                body, faults = smaller, self._put(smaller)
        if not faults:
            return body
        self._refuse(faults, body)
        if "priority" not in body or len(body) == 1:
            return {}
        body = {"priority": body["priority"]}
        return {} if self._put(body) else body

    def _put(self, body: dict[str, Any]) -> tuple[Fault, ...]:
        try:
            self._call("PUT", self._path, "to edit ticket properties", body)
        except Refused as refused:
            return refused.faults or (Fault("", "", str(refused)),)
        return ()

    def _is_ours(self, fault: Fault, body: dict[str, Any]) -> bool:
        return fault.field in body or fault.field in body.get("custom_fields", {})

    def _corrected(self, body: dict[str, Any], faults: tuple[Fault, ...]) -> dict[str, Any]:
        """The update with the account's present field names, else without what was refused."""
        if any(fault.code == "invalid_field" for fault in faults):
            self._titles.forget()
            self._learn_names()
            renamed = self._body()
            if renamed != body:
                return renamed
        refused = {fault.field for fault in faults}
        custom = {k: v for k, v in body.get("custom_fields", {}).items() if k not in refused}
        left = {k: v for k, v in body.items() if k not in refused and k != "custom_fields"}
        return left | ({"custom_fields": custom} if custom else {})

    def _refuse(
        self,
        faults: tuple[Fault, ...],
        body: dict[str, Any],
        *,
        unless_renamed: dict[str, Any] | None = None,
    ) -> None:
        stale = set(body.get("custom_fields", {})) - set(self._names.values())
        for fault in faults:
            if unless_renamed is not None and fault.field in stale:
                continue
            text = f"Freshdesk refused the update because {self._because(fault, body)}"
            if text not in self.refusals:
                self.refusals.append(text)

    def _because(self, fault: Fault, body: dict[str, Any]) -> str:
        if not fault.field:
            return f"of this: {fault.message}"
        cause = "is required" if fault.code == "missing_field" else f"says: {fault.message}"
        ours = self._is_ours(fault, body)
        return f"'{fault.field}' {cause}: {ADVICE_OURS if ours else ADVICE}"

    def _written(self, taken: dict[str, Any]) -> dict[str, Any]:
        arrived = taken.get("custom_fields", {})
        written = {
            ATTRIBUTE[title]: self._value(title)
            for title, name in self._names.items()
            if name in arrived
        }
        if "priority" in taken:
            written["priority"] = self._changes.priority
        cleared = [name for name in self._changes.clear or () if name in written]
        return written | ({"clear": tuple(cleared)} if cleared else {})

    def _note_text(self, taken: dict[str, Any]) -> str:
        note = self._changes.note or ""
        # Without a priority to set we may have no leave to write notes either (mode `tag`).
        may_explain = self._changes.priority is not None or note
        if taken or not self.refusals or not may_explain or not self._once.first(self._told):
            return note
        wanted = [f"{title} {self._shown(title)}" for title in Title if self._value(title)]
        if self._changes.priority is not None:
            number = PRIORITY[self._changes.priority]
            wanted.insert(0, f"priority {PRIORITY_WORD[number]}")
        explained = f"Minutehand could not set {', '.join(wanted)}. {'. '.join(self.refusals)}."
        return f"{note}\n\n{explained}" if note else explained

    @property
    def _tagged(self) -> str:
        return f"tags of ticket {self._id}"

    @property
    def _told(self) -> str:
        return f"note on ticket {self._id}: nothing could be set"

    def _shown(self, title: Title) -> Any:
        name = {title: title.value}
        value = fields.custom_fields(self._changes, name)[title.value]
        return "yes" if value is True else value

    def _note_arrives(self, note: str, *, something_did: bool) -> bool:
        """POST the note; https://developers.freshdesk.com/api/#add_note_to_a_ticket ."""
        body = {"body": fields.note_html(note), "private": True}
        try:
            self._call("POST", f"{self._path}/notes", "to add notes", body)
        except MinutehandError as fault:
            self._once.forget(self._told)
            if not something_did and (isinstance(fault, Transient) or not self.refusals):
                raise
            if isinstance(fault, Transient):
                self._kept_away = f"note not written: {fault}"
            self._said.append(f"note not written: {fault}")
            self.refusals.append(f"note not written: {fault}")
            return False
        return self._changes.note is not None


def _listed(taken: dict[str, Any]) -> str:
    return ", ".join(
        [*(key for key in taken if key != "custom_fields"), *taken.get("custom_fields", {})]
    )
