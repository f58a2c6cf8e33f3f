"""Containers and our own format: CSV lines, JSON lines and documents, streamed row by row.

A row is (line in the file, mapping of `folded` names), or (line, why it cannot be read).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Row = tuple[int, Mapping[str, Any] | str]
