"""The parser of every command: mistakes are raised in one voice, and help keeps the lines that it was given."""

import argparse
import difflib
import re
import sys
import textwrap
from collections.abc import Callable, Mapping

from ..data.errors import LineamentError, check_choice


class Hints(tuple):
    """Choices that shells complete and `--help` knows, checked elsewhere: argparse finds every value among them."""

    def __contains__(self, value):
        return True


class HelpFormatter(argparse.RawDescriptionHelpFormatter):
    """Lines of help stay lines; a long one goes on under its own text, past the name that it explains."""

    def add_argument(self, action):
        super().add_argument(action)
        for below in action._get_subactions() if hasattr(action, "_get_subactions") else ():
            # argparse forgets that it sets these further in, and would break the line after the longest.
            self._action_max_length = max(self._action_max_length, len(below.dest) + self._current_indent + 4)

    def _split_lines(self, text, width):
        lines = []
        for line in text.splitlines():
            name = re.match(r" *\S+ {2,}| *", line).group()
            lines += textwrap.wrap(line, width, subsequent_indent=" " * len(name)) or [""]
        return lines


class Parser(argparse.ArgumentParser):
    """An `ArgumentParser` that knows no abbreviations, raises, and guesses what an unknown flag was to be."""

    def __init__(self, **settings):
        super().__init__(**{"allow_abbrev": False, "formatter_class": HelpFormatter} | settings)

    def error(self, message):
        raise LineamentError(f"{message[:1].upper()}{message[1:]}. Run {self.prog} --help for what is there.")

    def parse_known_args(self, args=None, namespace=None):
        """As argparse does, but that nothing unknown is left over.

        Raises
        ------
        LineamentError
            For a flag that is not known, told before anything else that is amiss.
        """
        args = sys.argv[1:] if args is None else list(args)
        if self._subparsers is None:
            self._check_flags(args)
        namespace, rest = super().parse_known_args(args, namespace)
        self._check_flags(rest)
        if rest:
            self.error(f"unexpected {' '.join(map(repr, rest))}")
        return namespace, rest

    def _check_value(self, action, value):
        if action.choices is not None and value not in action.choices:
            check_choice(action.option_strings[0] if action.option_strings else action.dest, value, action.choices)

    def _check_flags(self, arguments):
        """Raise for the first unknown flag; what follows a -- is none."""
        ahead = arguments[: arguments.index("--")] if "--" in arguments else arguments
        known = self._option_string_actions
        for flag in (argument.partition("=")[0] for argument in ahead if argument.startswith("--")):
            if flag not in known:
                near = difflib.get_close_matches(flag, known, n=1, cutoff=0.5)
                hint = f"Did you mean {near[0]}?" if near else f"Run {self.prog} --help for what is there."
                raise LineamentError(f"Unknown flag {flag}. {hint}")


def choice_lines(choices: Mapping[str, str]) -> list[str]:
    """Each choice with what it means, as lines of help."""
    width = max(map(len, choices), default=0)
    return [f"  {name:{width}}  {about}".replace("%", "%%") for name, about in choices.items()]


def whole(least: int) -> Callable[[str], int]:
    """A type of `add_argument`: a whole number of at least `least`."""

    def parse(text):
        try:
            number = int(text)
        except ValueError:
            number = least - 1
        if number < least:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least {least}")
        return number

    return parse
