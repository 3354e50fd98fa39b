"""`lineament COMMAND …`: one entry for every program of the project."""

import sys
from importlib import import_module

from ..data import LineamentError, check_choice

COMMANDS = {  # name: (module with `main(arguments)`, what it does)
    "run": ("lineament.run_pipeline", "the whole pipeline, as run_pipeline.py"),
    "report": ("lineament.apps.report", "write the report of a run folder again, without training"),
    "compare": ("lineament.apps.compare", "one page on how runs differ, and whether chance explains it"),
    "data": ("lineament.apps.datasets", "list, fetch or describe datasets"),
    "landmarks": ("lineament.apps.landmarks", "68 points of every face in pictures, folders and videos, as a CSV"),
    "cache": ("lineament.apps.cache", "what the landmark cache holds (info), and its removal (clear)"),
}


def usage() -> str:
    """What `lineament --help` prints."""
    width = max(map(len, COMMANDS))
    lines = [f"  {name:{width}}  {about}" for name, (_, about) in COMMANDS.items()]
    return "\n".join(["usage: lineament COMMAND …", "", "commands (each explains itself with --help):", *lines])


def main(arguments: list[str] | None = None) -> int:
    """Hand the arguments to the command's own program, imported only now, and return its exit code."""
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
