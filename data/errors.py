"""The root of every error that a user of Lineament can cause, and one voice for invalid choices."""

import difflib
from collections.abc import Iterable


class LineamentError(Exception):
    """Something that the user can put right; the message says how.

    Everything else that is raised is a bug.
    """


def check_choice(kind: str, value: str, choices: Iterable[str]) -> str:
    """Return `value`, or raise `LineamentError` naming the nearest of `choices`.

    >>> check_choice("classifier", "svn", ["svm", "forest"])
    Traceback (most recent call last):
    ...
    lineament.data.errors.LineamentError: Unknown classifier 'svn'. Did you mean 'svm'? Choose from forest, svm.
    """
    choices = sorted(choices)
    if value in choices:
        return value
    near = difflib.get_close_matches(str(value), choices, n=1, cutoff=0.5)
    hint = f" Did you mean '{near[0]}'?" if near else ""
    raise LineamentError(f"Unknown {kind} '{value}'.{hint} Choose from {', '.join(choices)}.")
