"""What a command of `lineament` is."""

from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from dataclasses import dataclass


def _nothing(options) -> str:
    return ""


@dataclass(frozen=True)
class Command:
    """One command: a file of this folder exports it as `COMMAND`, and `cli.COMMANDS` lists the file.

    `call(options)` returns the exit code, None for 0, and raises
    `LineamentError` for what the user can mend. The options are those of
    `add_arguments(parser)`, and `command_line`, the whole command as typed.
    `kept(options)` is the sentence that says after Ctrl-C what is left.
    Modules that take long to import are imported within `call`.
    """

    name: str
    about: str
    add_arguments: Callable[[ArgumentParser], None]
    call: Callable[[Namespace], int | None]
    kept: Callable[[Namespace], str] = _nothing
    epilog: str = ""
