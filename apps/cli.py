"""`lineament COMMAND …`: one entry for every program of the project."""

import sys
from importlib import import_module

from data import LineamentError, check_choice

# Where each command lives; imported when it is called, so that `lineament --help` answers at once.
COMMANDS = {
    "run": ("run_pipeline", "the whole pipeline, as run_pipeline.py (lineament run --help)"),
    "report": ("apps.report", "write the report of a run folder again, without training"),
    "compare": ("apps.compare", "one page on how runs differ, and whether chance explains it"),
}


def usage() -> str:
    """What `lineament --help` prints."""
    width = max(map(len, COMMANDS))
    lines = [f"  {name:{width}}  {about}" for name, (_, about) in COMMANDS.items()]
    return "\n".join(["usage: lineament COMMAND …\n\ncommands:", *lines])


def main(arguments: list[str] | None = None) -> int:
    arguments = sys.argv[1:] if arguments is None else arguments
    if not arguments or arguments[0] in ("-h", "--help"):
        print(usage())
        return 0
    try:
        module, _ = COMMANDS[check_choice("command", arguments[0], COMMANDS)]
    except LineamentError as error:
        print(f"lineament: {error}", file=sys.stderr)
        return 2
    return import_module(module).main(arguments[1:])


if __name__ == "__main__":
    sys.exit(main())
