"""The record of `connect` and `.env` side by side: what is about to happen is noted before it does.

So a run that was killed leaves nothing unnamed: the next one goes on, or `--remove` undoes it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from worker import connected
from worker.connected import Before, Connected, Variable
from worker.dotenv_file import changed, has_line, read_text, values_in, write_text
from worker.errors import Misconfigured
from worker.helpdesks.wishes import Made

SHARED = {"PUBLIC_URL", "START_FROM", "BOARD_PASSWORD"}
"""Variables that serve every helpdesk: they go with the last one that is connected."""


class Ledger:
    """One account's record, kept as it changes."""

    def __init__(self, helpdesk: str, account: str, *, data_dir: Path, env: Path) -> None:
        """Reads the record; raises `Misconfigured` when it is another account's, or unreadable."""
        self.path = connected.path_of(data_dir, helpdesk)
        self.env = env
        self._others = [
            path for path in sorted(data_dir.glob("connect-*.json")) if path != self.path
        ]
        self.record = connected.load(self.path, account)

    @property
    def is_empty(self) -> bool:
        return not (self.record.made or self.record.variables)

    def note(self, thing: Made) -> None:
        """We are about to make this, or have made it."""
        earlier = self.record.of(thing.kind, thing.title)
        if earlier is not None:
            parts = dict.fromkeys((*earlier.parts, *thing.parts))
            thing = thing.model_copy(update={"parts": tuple(parts), "id": thing.id or earlier.id})
        self._keep(self.record.with_made(thing))

    def drop(self, thing: Made) -> None:
        """It is not there (any more)."""
        self._keep(self.record.without_made(thing))

    def restore(self, record: Connected) -> None:
        """What was noted since has not happened."""
        self._keep(record)

    def heard(self) -> None:
        """A test event has arrived."""
        self._keep(self.record.model_copy(update={"heard": True}))

    def store(self, name: str, value: str) -> None:
        """Write a variable into `.env`; one that has a value keeps it behind ours, for a rotation.

        Raises `Misconfigured` when the file or the record cannot be written.
        """
        text = read_text(self.env)
        present = values_in(text).get(name, "").strip()
        before = Before.NO_LINE
        if has_line(text, name):
            before = Before.VALUE if present else Before.EMPTY
        record = self.record.with_variable(Variable.of(name, value, before))
        if not self.record.variables:
            record = record.model_copy(update={"env_was_there": self.env.exists()})
        self._keep(record)
        whole = f"{value},{present.split(',')[0]}" if present else value
        try:
            write_text(self.env, changed(text, {name: whole}))
        except ValueError as fault:
            raise Misconfigured(f"{name}: {fault}") from None

    def forget_variables(self) -> Iterator[str]:
        """Undo what was written into `.env`; says each, in words."""
        for variable in self.record.variables:
            if variable.name in SHARED and self._others:
                self._hand_over(variable)
                yield f"{variable.name} stays, for the other helpdesk"
                continue
            text = read_text(self.env)
            present = values_in(text).get(variable.name, "")
            left = variable.left(present)
            if left == present:
                yield f"{variable.name} was changed since, so it stays"
                continue
            gone = None if variable.before is Before.NO_LINE else ""
            self._write(changed(text, {variable.name: left or gone}))
            yield f"{variable.name} is taken out of {self.env.name}"

    def close(self) -> None:
        """Everything is undone: no record is left."""
        self.path.unlink(missing_ok=True)

    def _write(self, text: str) -> None:
        if not self.record.env_was_there and not text.strip():
            self.env.unlink(missing_ok=True)
        else:
            write_text(self.env, text)

    def _hand_over(self, variable: Variable) -> None:
        path = self._others[0]
        other = Connected.model_validate_json(read_text(path))
        connected.save(path, other.with_variable(variable))

    def _keep(self, record: Connected) -> None:
        connected.save(self.path, record)
        self.record = record
