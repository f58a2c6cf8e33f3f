"""The record of what `connect` made, so that it can go on after a failure and undo exactly that.

`DATA_DIR/connect-<helpdesk>.json`, mode 600. It holds ids and titles and no secret: of a variable
that was written to `.env` only a digest, by which it is known again.
"""

from __future__ import annotations

import hashlib
from enum import StrEnum
from pathlib import Path

from pydantic import ValidationError

from worker.dotenv_file import read_text, write_text
from worker.errors import Misconfigured
from worker.helpdesks.wishes import Made
from worker.tickets import Noun


class Before(StrEnum):
    """What `.env` said of a variable before us."""

    NO_LINE = "no line"
    EMPTY = "empty"
    VALUE = "a value"
    """Ours was put before it, with a comma, as while a secret is rotated."""


class Variable(Noun):
    """One variable that we wrote into `.env`."""

    name: str
    before: Before
    digests: tuple[str, ...]
    """Of every value that we ever wrote there."""

    @classmethod
    def of(cls, name: str, value: str, before: Before) -> Variable:
        return cls(name=name, before=before, digests=(_digest(value),))

    def left(self, present: str) -> str:
        """What remains of the variable's present value without what we put there."""
        if _digest(present.strip()) in self.digests:
            return ""
        parts = [part.strip() for part in present.split(",")]
        return ",".join(part for part in parts if part and _digest(part) not in self.digests)


class Connected(Noun):
    """What one `connect` has made so far."""

    account: str
    made: tuple[Made, ...] = ()
    variables: tuple[Variable, ...] = ()
    env_was_there: bool = True
    """False: `.env` itself is ours, and goes when nothing is left in it."""
    heard: bool = False
    """A test event has arrived."""

    def with_made(self, thing: Made) -> Connected:
        """The record with this thing, in the place of what it said of the same before."""
        others = [one for one in self.made if (one.kind, one.title) != (thing.kind, thing.title)]
        return self.model_copy(update={"made": (*others, thing)})

    def without_made(self, thing: Made) -> Connected:
        left = tuple(one for one in self.made if (one.kind, one.title) != (thing.kind, thing.title))
        return self.model_copy(update={"made": left})

    def of(self, kind: str, title: str) -> Made | None:
        """What we made, or were about to make, under this title."""
        return next((one for one in self.made if (one.kind, one.title) == (kind, title)), None)

    def with_variable(self, variable: Variable) -> Connected:
        """The record with this variable; what stood there first before us is remembered."""
        known = {one.name: one for one in self.variables}
        first = known.get(variable.name)
        if first is not None:
            digests = tuple(dict.fromkeys((*first.digests, *variable.digests)))
            variable = first.model_copy(update={"digests": digests})
        return self.model_copy(
            update={"variables": tuple((known | {variable.name: variable}).values())}
        )


def path_of(data_dir: Path, helpdesk: str) -> Path:
    return data_dir / f"connect-{helpdesk}.json"


def load(path: Path, account: str) -> Connected:
    """The record, or an empty one. Raises `Misconfigured` when it is another account's."""
    text = read_text(path)
    if not text:
        return Connected(account=account)
    try:
        found = Connected.model_validate_json(text)
    except ValidationError:
        raise Misconfigured(
            f"{path}: is not a record of `connect`; move it away to begin afresh (what it named "
            "is then found again by title, but `--remove` leaves it)"
        ) from None
    if found.account != account:
        raise Misconfigured(
            f"{path}: is the record of the account {found.account}, not of {account}: first run "
            "`connect --remove` with its address, or move the file away"
        )
    return found


def save(path: Path, record: Connected) -> None:
    """Keep the record, at once and whole; one that says nothing is no file."""
    if record.made or record.variables or record.heard:
        write_text(path, record.model_dump_json(indent=2) + "\n")
    else:
        path.unlink(missing_ok=True)


def _digest(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()
