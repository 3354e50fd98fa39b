"""Registries: tables whose every line names an entry and the file that exports it.

Adding something is one new file and one such line; documentation, `--help`, tests and reports read the table.
"""

from collections.abc import Mapping
from importlib import import_module


def entries(package: str, places: Mapping[str, str]) -> dict:
    """What the modules of a package export, by name and in the order of `places`.

    Parameters
    ----------
    package : str
        Of the modules, such as `__package__`.
    places : mapping of each name to "module:ATTRIBUTE"

    >>> entries("lineament.data", {"seventh": "fer2013:LABELS"})["seventh"][0]
    'angry'
    """
    exported = {}
    for name, place in places.items():
        module, _, attribute = place.partition(":")
        exported[name] = getattr(import_module(f"{package}.{module}"), attribute)
    return exported
