"""From `policy.toml` to a `Policy`: over the built-in one, and with all its faults at once."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from worker.errors import Misconfigured
from worker.policy.contradictions import contradictions, meant
from worker.policy.faults import of_syntax, of_value
from worker.policy.locate import Place, line_of, lines_of
from worker.policy.model import Policy
from worker.policy.steps import ChannelRule
from worker.settings import lookup

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")

ChannelOptions = Mapping[str, type[BaseModel]]
"""Channel type -> the model of its keys."""


Say = Callable[[Place, str], None]
"""Adds a fault about a place in the file."""


def load_policy(
    path: Path, *, environment: Mapping[str, str], channel_types: ChannelOptions
) -> Policy:
    """The policy in `path` over the built-in one; a file that does not exist changes nothing.

    Raises `Misconfigured` with every fault, as `policy.toml:12: ...` with a suggestion.
    """
    try:
        text = path.read_text(encoding="utf-8") if path.exists() else ""
    except (OSError, UnicodeDecodeError):
        raise Misconfigured(f"{path}: cannot be read as UTF-8 text") from None
    return read_policy(text, name=str(path), environment=environment, channel_types=channel_types)


def read_policy(
    text: str, *, name: str, environment: Mapping[str, str], channel_types: ChannelOptions
) -> Policy:
    """The same from text; `name` is what faults call the file."""
    try:
        own = tomllib.loads(text)
    except tomllib.TOMLDecodeError as fault:
        line, words = of_syntax(fault, text)
        raise Misconfigured(f"{name}:{line}: {words}") from None
    places = lines_of(text)
    faults: list[str] = []

    def say(place: Place, words: str) -> None:
        line = line_of(places, place)
        faults.append(f"{name}:{line}: {words}" if line else f"{name}: {words}")

    channels = _channels(own.pop("channels", {}), environment, channel_types, say)
    # What is filled in from the environment is no part of the source, which is kept in Redis.
    whole = _over(_built_in(), own)
    source = json.dumps({key: value for key, value in whole.items() if key != "watch"}, default=str)
    _fill_watch(own, environment, say)
    policy = _validated(own, channels, say)
    if policy:
        for place, words in contradictions(policy, own):
            say(place, words)
    if faults or policy is None:
        raise Misconfigured(*sorted(set(faults), key=_by_line))
    return policy.model_copy(update={"source": source})


def policy_again(source: str, channels: Mapping[str, ChannelRule]) -> Policy:
    """The policy that a `Policy.source` came from, with the channels of now.

    The built-in part is in it: an upgrade that changes it does not move what runs. Raises
    ValueError when this version no longer understands it.
    """
    policy = Policy.model_validate({**json.loads(source), "channels": channels})
    return policy.model_copy(update={"source": source})


def _fill_watch(own: dict[str, Any], environment: Mapping[str, str], say: Say) -> None:
    watch = own.get("watch")
    if not isinstance(watch, dict) or "heartbeat" not in watch:
        return
    try:
        own["watch"] = {**watch, "heartbeat": _fill(watch["heartbeat"], environment)}
    except LookupError as fault:
        say(("watch", "heartbeat"), str(fault.args[0]))


def _validated(own: dict[str, Any], channels: dict[str, ChannelRule], say: Say) -> Policy | None:
    """The policy; with faults, what remains without the tables they are in, to look on in it."""
    try:
        return Policy.model_validate({**_over(_built_in(), own), "channels": channels})
    except ValidationError as fault:
        for error in fault.errors():
            say(error["loc"], of_value(error))
            own.pop(str(error["loc"][0]), None)
    try:
        return Policy.model_validate({**_over(_built_in(), own), "channels": channels})
    except ValidationError:
        return None


def _built_in() -> dict[str, Any]:
    folder = resources.files(__package__)
    read = (tomllib.loads(folder.joinpath(file).read_text("utf-8")) for file in _BUILT_IN)
    return {key: value for part in read for key, value in part.items()}


_BUILT_IN = ("builtin.toml", "rubric.toml")
_WHOLE = {"first_response", "next_reply", "resolution"}
"""Tables that replace the built-in one as a whole: a severity left out has no target."""


def _over(base: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """`own` wins; tables are merged, but a list (`steps`) or a plan's targets replace theirs."""
    merged = dict(base)
    for key, value in own.items():
        if isinstance(value, dict) and isinstance(base.get(key), dict) and key not in _WHOLE:
            merged[key] = _over(base[key], value)
        else:
            merged[key] = value
    return merged


def _channels(
    tables: Any, environment: Mapping[str, str], types: ChannelOptions, say: Say
) -> dict[str, ChannelRule]:
    if not isinstance(tables, dict):
        say(("channels",), "channels must be tables such as [channels.oncall]")
        return {}
    read = {name: _channel(name, table, environment, types, say) for name, table in tables.items()}
    return {name: rule for name, rule in read.items() if rule}


def _channel(
    name: str, table: Any, environment: Mapping[str, str], types: ChannelOptions, say: Say
) -> ChannelRule | None:
    place: Place = ("channels", name)
    if not isinstance(table, dict) or "type" not in table:
        say(place, f"channel {name} needs a type, one of: {', '.join(sorted(types))}")
        return None
    kind = table["type"]
    if not isinstance(kind, str) or kind not in types:
        say((*place, "type"), f"channel type {kind!r} is not known{meant(kind, types)}")
        return None
    filled = {}
    for key, value in table.items():
        try:
            filled[key] = _fill(value, environment)
        except LookupError as fault:
            say((*place, key), str(fault.args[0]))
    if len(filled) < len(table):
        return None
    del filled["type"]
    common = {key: filled.pop(key) for key in _OF_EVERY_CHANNEL if key in filled}
    known = {*types[kind].model_fields, *_OF_EVERY_CHANNEL}
    try:
        options = types[kind].model_validate(filled)
        return ChannelRule.model_validate({**common, "type": kind, "options": options})
    except ValidationError as fault:
        for error in fault.errors():
            whole = (*place, *error["loc"])
            say(whole, of_value({**error, "loc": whole}, known))
        return None


_OF_EVERY_CHANNEL = tuple(ChannelRule.model_fields.keys() - {"type", "options"})


def _fill(value: Any, environment: Mapping[str, str]) -> Any:
    """`${X}` from the environment or the file that X_FILE names; never shown in a fault."""
    if isinstance(value, list):
        return [_fill(item, environment) for item in value]
    if not isinstance(value, str):
        return value

    def one(match: re.Match[str]) -> str:
        try:
            found = lookup(environment, match[1])
        except (OSError, UnicodeDecodeError):
            raise LookupError(f"{match[1]}_FILE names a file that cannot be read") from None
        if found is None:
            raise LookupError(
                f"${{{match[1]}}} is not set; put {match[1]}=... into .env or the environment"
            )
        return found

    return _VARIABLE.sub(one, value)


def _by_line(fault: str) -> tuple[int, str]:
    match = re.search(r":(\d+): ", fault)
    return (int(match[1]) if match else 0, fault)
