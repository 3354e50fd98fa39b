"""Values of options from text, TOML or Python, read strictly.

Each parser takes what a flag, a variable, a config or a caller gives, and
returns the value, or raises `ValueError` with the end of a sentence that
begins with the value: "'x' is not a whole number of at least 1".
"""

import operator
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from ..data import parse_labels

MOST = 2**31 - 1  # what every library below takes as a number


def name(value) -> str:
    """One word, such as a choice or an address."""
    return _text(value)


def path(value) -> Path:
    """A path, with ~ for the home folder."""
    return Path(_text(os.fspath(value) if isinstance(value, os.PathLike) else value)).expanduser()


def names(value) -> tuple[str, ...]:
    """Names, comma-separated or as a list; each is kept once."""
    listed = _text(value).split(",") if isinstance(value, str) else map(_text, _listed(value))
    kept = tuple(dict.fromkeys(stripped for one in listed if (stripped := one.strip())))
    if not kept:
        raise ValueError("names no value")
    return kept


def pairs(value) -> dict[str, str]:
    """NAME=VALUE,… as a mapping."""
    if isinstance(value, Mapping):
        return {_text(key): _text(chosen) for key, chosen in value.items()}
    parts = [item.partition("=") for item in _text(value).split(",")]
    if not all(key.strip() and chosen.strip() for key, _, chosen in parts):
        raise ValueError("is not NAME=VALUE")
    return {key.strip(): chosen.strip() for key, _, chosen in parts}


def labels(value) -> tuple[str, ...] | dict[str, str]:
    """Labels to keep, or a mapping of old names to new ones.

    Raises
    ------
    LineamentError
        For a text that mixes both.
    """
    if isinstance(value, Mapping):
        return pairs(value)
    if not isinstance(value, str):
        return names(value)
    chosen = parse_labels(_text(value))
    return chosen if isinstance(chosen, dict) else tuple(chosen)


def whole(least: int, most: int = MOST, *, of: str = "") -> Callable[[object], int]:
    """A parser of whole numbers from `least` to `most`; `of` names what they count, such as " folds"."""
    rule = f"of at least {least}" if most == MOST else f"from {least} to {most}"

    def parse(value) -> int:
        try:
            number = int(value) if isinstance(value, str) else operator.index(value)
        except (TypeError, ValueError):
            number = None
        if number is None or isinstance(value, bool) or not least <= number <= most:
            raise ValueError(f"is not a whole number {rule}{of}")
        return number

    return parse


def plain(value):
    """The value as TOML and JSON have it; the parsers above read it back."""
    if isinstance(value, Mapping):
        return ",".join(f"{key}={chosen}" for key, chosen in value.items())
    if isinstance(value, tuple):
        return list(value)
    return str(value) if isinstance(value, Path) else value


def _text(value) -> str:
    if not isinstance(value, str):
        raise ValueError("is no text")
    if not value:
        raise ValueError("is empty")
    if "\0" in value:
        raise ValueError("holds a NUL character")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ValueError("holds bytes that are no UTF-8") from None
    return value


def _listed(value) -> Sequence:
    if not isinstance(value, Sequence) or isinstance(value, bytes):
        raise ValueError("is neither text nor a list of names")
    return value
