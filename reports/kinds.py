"""Whether what a file brought is of the kinds that its dataclass declares; a run folder may come from anywhere."""

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import numpy as np

NUMBERS = {int: (int, np.integer), float: (int, float, np.integer, np.floating)}


def misfit(value: Any, kind: Any, place: str = "") -> str:
    """What first is of another kind than declared, such as "audit.seconds is a list, not a float"; "" if nothing is.

    Parameters
    ----------
    value : any
    kind : annotation
        A dataclass is looked at field by field; what is not known here passes.
    place : str
        Name of the value.
    """
    origin = get_origin(kind) or kind
    if origin in (Union, UnionType):
        return _misfit_of_any(value, kind, place)
    if not isinstance(origin, type):
        return ""
    if origin not in KINDS and not is_dataclass(origin):
        return ""
    if not _is(value, origin):
        return f"{place} is {_name(type(value))}, not {_name(origin)}"
    parts = _parts_of_dataclass if is_dataclass(origin) else KINDS[origin]
    return next((told for told in (misfit(*part) for part in parts(value, kind, place)) if told), "")


def _is(value, kind) -> bool:
    if kind in NUMBERS:
        return isinstance(value, NUMBERS[kind]) and not isinstance(value, bool)
    return isinstance(value, kind)


def _misfit_of_any(value, kind, place):
    told = [misfit(value, one, place) for one in get_args(kind)]
    return "" if "" in told else told[0]


def _parts_of_dataclass(value, kind, place):
    before = f"{place}." if place else ""
    return [(getattr(value, name), hint, f"{before}{name}") for name, hint in _hints(type(value)).items()]


@cache
def _hints(kind) -> dict[str, Any]:
    hints = get_type_hints(kind)
    return {field.name: hints[field.name] for field in fields(kind)}


def _parts_of_mapping(value, kind, place):
    of_key, of_value = get_args(kind) or (Any, Any)
    keys = [(key, of_key, f"a name in {place}") for key in value]
    return keys + [(one, of_value, f"{place}[{key!r}]") for key, one in value.items()]


def _parts_of_tuple(value, kind, place):
    kinds = get_args(kind)
    if not kinds:
        return []
    if kinds[-1] is Ellipsis:
        kinds = kinds[:1] * len(value)
    if len(kinds) != len(value):
        return [(None, str, f"{place} has {len(value)} parts instead of {len(kinds)}: it")]
    return [(one, of, f"{place}[{number}]") for number, (one, of) in enumerate(zip(value, kinds))]


def _no_parts(value, kind, place):
    return []


def _name(kind) -> str:
    name = kind.__name__
    return "nothing" if kind is NoneType else f"{'an' if name[0] in 'aeiou' else 'a'} {name}"


KINDS: dict[type, Callable] = {
    int: _no_parts,
    float: _no_parts,
    str: _no_parts,
    bool: _no_parts,
    NoneType: _no_parts,
    np.ndarray: _no_parts,
    tuple: _parts_of_tuple,
    dict: _parts_of_mapping,
    Mapping: _parts_of_mapping,
}
