"""`lineament COMMAND …`: one entry for every program of the project."""

import sys

from data import LineamentError, check_choice

USAGE = """usage: lineament COMMAND …

commands:
  run        the whole pipeline, as run_pipeline.py (lineament run --help)
  landmarks  68 points of every face in pictures, folders and videos, as a CSV
  cache      what the landmark cache holds (info), and its removal (clear)"""


def main(arguments: list[str] | None = None) -> int:
    arguments = sys.argv[1:] if arguments is None else arguments
    if not arguments or arguments[0] in ("-h", "--help"):
        print(USAGE)
        return 0
    import run_pipeline  # here, so that `lineament --help` answers at once
    from apps import cache, landmarks

    commands = {"run": run_pipeline.main, "landmarks": landmarks.main, "cache": cache.main}
    try:
        command = commands[check_choice("command", arguments[0], commands)]
    except LineamentError as error:
        print(f"lineament: {error}", file=sys.stderr)
        return 2
    return command(arguments[1:])


if __name__ == "__main__":
    sys.exit(main())
