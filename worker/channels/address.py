"""The address that a channel calls, as a policy writes it: a secret, and one that may be called."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, SecretStr

from worker.errors import Permanent
from worker.transport import check_address

REFUSED = "must be an https address (http only to this machine or network)"


def _callable(url: SecretStr) -> SecretStr:
    try:
        check_address(url.get_secret_value(), what="url")
    except (Permanent, ValueError):
        # The fault never repeats the address: whoever has it can post.
        raise ValueError(
            "must be an https address (http only to this machine or network)"
        ) from None
    return url


Address = Annotated[SecretStr, AfterValidator(_callable)]
"""https, or http to a loopback or private host."""
