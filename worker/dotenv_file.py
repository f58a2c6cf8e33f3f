"""Editing `.env`: only the lines that change, the file replaced at once, for its owner alone."""

from __future__ import annotations

import io
import os
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path

from dotenv import dotenv_values
from dotenv.parser import Binding, parse_stream

from worker.errors import Misconfigured

_PLAIN = re.compile(r"[\w.:/+=@%,~?&*!-]*")
"""Values that every reader of such files takes as they are."""
_COMMENT_BEHIND = re.compile(r"[^=]*=[^'\"#]*?([ \t]+#.*)")


def read_text(path: Path) -> str:
    """The file, or "" when there is none; raises `Misconfigured` when it cannot be read."""
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as fault:
        raise Misconfigured(f"{path}: cannot be read ({type(fault).__name__})") from None


def values_in(text: str) -> dict[str, str]:
    """Variable -> value, as `Settings` reads them; one without a value is left out."""
    found = dotenv_values(stream=io.StringIO(text), interpolate=False)
    return {name: value for name, value in found.items() if value is not None}


def has_line(text: str, name: str) -> bool:
    """Whether a line sets this variable, if only to nothing."""
    return any(binding.key == name for binding in _bindings(text))


def changed(text: str, wanted: Mapping[str, str | None]) -> str:
    """The text with these variables set; None takes the line away.

    Every other line stays as it is, byte for byte. Of several lines for one variable the last
    one counts, so that one is edited. Raises ValueError for a value of more than one line.
    """
    bindings = list(_bindings(text))
    last = {binding.key: number for number, binding in enumerate(bindings) if binding.key}
    lines = [binding.original.string for binding in bindings]
    for name, value in wanted.items():
        if value is None:
            if name in last:
                lines[last[name]] = ""
            continue
        line = f"{name}={_quoted(value)}\n"
        if name in last:
            lines[last[name]] = _instead_of(bindings[last[name]], line)
        else:
            lines.append(line if not lines or lines[-1].endswith("\n") else f"\n{line}")
    return "".join(lines)


def write_text(path: Path, text: str) -> None:
    """Replace a file at once, mode 600: whoever reads it sees the old or the new one, whole.

    Raises `Misconfigured` when the folder does not allow it.
    """
    target = path.resolve()  # a link stays a link
    name = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{target.name}-", dir=target.parent)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            os.fchmod(file.fileno(), 0o600)
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(target)
    except OSError as fault:
        if name:
            Path(name).unlink(missing_ok=True)
        raise Misconfigured(
            f"{path}: cannot be written ({fault.strerror or type(fault).__name__}); "
            "run this where the folder may be written to"
        ) from None


def _bindings(text: str) -> list[Binding]:
    return list(parse_stream(io.StringIO(text)))


def _instead_of(old: Binding, line: str) -> str:
    """Blank lines above, which the parser counts to the old line, and a comment behind it stay."""
    text = old.original.string
    above = text[: len(text) - len(text.lstrip())]
    behind = _COMMENT_BEHIND.fullmatch(text.strip())
    return above + (f"{line.rstrip()}{behind[1]}\n" if behind else line)


def _quoted(value: str) -> str:
    if "\n" in value or "\r" in value:
        raise ValueError("a value in .env is one line")
    if _PLAIN.fullmatch(value):
        return value
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
