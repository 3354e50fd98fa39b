"""How a benchmark ends where something is missing: in one line that names the cure."""

import sys
from collections.abc import Callable

from lineament.data import LineamentError


def started(main: Callable, *arguments, **named) -> None:
    """Call `main`; what the user can mend is told in one line."""
    try:
        main(*arguments, **named)
    except FileNotFoundError as error:
        sys.exit(f"No {error.filename}: name the folder of the data, see --help (what it holds: benchmarks/README.md).")
    except LineamentError as error:
        sys.exit(str(error))
