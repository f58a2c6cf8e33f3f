"""The trained model as one checked file: a line of JSON, then compressed arrays. No pickle.

The JSON says what every array is, on what the model was trained and the SHA-256 of the rest; a file
that was cut, changed or made for other facts is refused.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from worker.errors import Misconfigured
from worker.facts import FACETS
from worker.severity.network import Network
from worker.severity.pieces import Pieces

__all__ = ["read_model", "shipped_model", "write_model"]

FORMAT = "minutehand severity model 1"
LONGEST_HEADER = 1_000_000
PART = 1 << 20
"""Bytes of a file that are read at once."""
WORDS = "pieces_words"
"""The array that holds the vocabulary, as UTF-8 lines."""


def shipped_model() -> IO[bytes]:
    """The model that comes with the product, opened; whoever asks for it closes it."""
    return files(__package__).joinpath("model.bin").open("rb")


def write_model(
    path: Path, arrays: Mapping[str, npt.NDArray[Any]], words: list[str], about: dict[str, Any]
) -> None:
    """Write the file; the same arrays and words make the same bytes."""
    everything = {WORDS: np.frombuffer("\n".join(words).encode(), np.uint8), **arrays}
    payload = zlib.compress(b"".join(a.tobytes() for a in everything.values()), 9)
    header = {
        "format": FORMAT,
        "facets": _facets(),
        "about": about,
        "sha256": hashlib.sha256(payload).hexdigest(),
        "arrays": [[name, a.dtype.str, list(a.shape)] for name, a in everything.items()],
    }
    path.write_bytes(json.dumps(header, ensure_ascii=False).encode() + b"\n" + payload)


def read_model(file: IO[bytes]) -> tuple[Network, dict[str, Any]]:
    """The model and what it says about itself; raises `Misconfigured` on a damaged file."""
    try:
        header = json.loads(file.readline(LONGEST_HEADER))
        if header["format"] != FORMAT or header["facets"] != _facets():
            raise Misconfigured("the severity model was made for another version; run `make train`")
        arrays = _arrays(_unpacked(file, header["sha256"]), header["arrays"])
    except (ValueError, KeyError, TypeError, zlib.error):
        raise Misconfigured("the severity model cannot be read; reinstall it") from None
    words = arrays.pop(WORDS).tobytes().decode().split("\n")
    pieces = Pieces(words, arrays.pop("pieces_score").astype(np.float32).tolist())
    return Network(pieces, arrays), header["about"]


def _unpacked(file: IO[bytes], wanted: str) -> bytearray:
    """The rest of the file, read in parts so that it never stands in memory twice."""
    digest, unpacker, content = hashlib.sha256(), zlib.decompressobj(), bytearray()
    while part := file.read(PART):
        digest.update(part)
        content += unpacker.decompress(part)
    if digest.hexdigest() != wanted or not unpacker.eof:
        raise Misconfigured("the severity model is damaged: its checksum is wrong; reinstall it")
    return content


def _arrays(content: bytearray, described: list[Any]) -> dict[str, npt.NDArray[Any]]:
    found: dict[str, npt.NDArray[Any]] = {}
    start = 0
    for name, kind, shape in described:
        dtype = np.dtype(kind)
        if dtype.hasobject:
            raise ValueError(name)
        count = int(np.prod(shape))
        found[name] = np.frombuffer(content, dtype, count, start).reshape(shape)
        start += count * dtype.itemsize
    return found


def _facets() -> dict[str, list[str]]:
    return {facet: [str(value) for value in values] for facet, values in FACETS.items()}
