"""docs/reference/commands.md as click tells it: `make reference` writes it, a test compares it."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import click

from worker.__main__ import minutehand

HEADER = """# Commands

`minutehand` is `.venv/bin/minutehand`, the same as `python -m worker`. This page is made from the
commands themselves (`make reference`). Each ends with 0 when all is well; bad input is one clear
line and another number, with nothing half done. Commands say on stderr which mode they ran in.
"""


def render() -> str:
    """The whole page."""
    return "\n".join([HEADER, *_group(minutehand, ("minutehand",))]).rstrip() + "\n"


def _group(group: click.Group, path: tuple[str, ...]) -> Iterator[str]:
    for name, command in sorted(group.commands.items()):
        here = (*path, name)
        if isinstance(command, click.Group):
            yield from _group(command, here)
        else:
            yield from _one(command, here)


def _one(command: click.Command, path: tuple[str, ...]) -> Iterator[str]:
    context = click.Context(command, info_name=" ".join(path))
    arguments = " ".join(command.collect_usage_pieces(context)[1:])
    yield f"## `{' '.join(path)}{' ' if arguments else ''}{arguments}`\n"
    text, _, example = " ".join((command.help or "").split()).partition("Example: ")
    yield f"{text.strip()}\n"
    options = [one for one in command.params if isinstance(one, click.Option)]
    for option in options:
        record = option.get_help_record(context)
        if record:
            yield f"- `{record[0]}`: {record[1]}"
    if options:
        yield ""
    if example:
        yield f"Example: `{example.strip()}`\n"


if __name__ == "__main__":
    sys.stdout.write(render())
