"""`lineament completion bash|zsh|tcsh`: a script by which the shell completes commands, flags and their choices."""

from ..data.errors import LineamentError
from .command import Command

SHELLS = ("bash", "tcsh", "zsh")
FILES, FOLDERS = ("FILE", "PATH", "NAME:PATH,…"), ("DIR", "RUN")  # metavars of paths


def add_arguments(parser) -> None:
    parser.add_argument("shell", choices=SHELLS, help="the shell that is to read it")


def call(options) -> None:
    """Print the script.

    Raises
    ------
    LineamentError
        If shtab is not installed.
    """
    try:
        import shtab
    except ImportError as error:
        raise LineamentError("Completion needs shtab. Run: pip install shtab") from error
    from .cli import tree

    parser = tree()
    for action in _actions(parser):
        if action.metavar in FILES:
            action.complete = shtab.FILE
        elif action.metavar in FOLDERS:
            action.complete = shtab.DIRECTORY
    print(shtab.complete(parser, options.shell))


def _actions(parser):
    """Every argument of a parser and of the parsers below it."""
    for action in parser._actions:
        yield action
        if action.nargs == "A...":  # the commands
            for below in action.choices.values():
                yield from _actions(below)


COMMAND = Command(
    "completion", __doc__.partition(": ")[2].strip().capitalize(), add_arguments, call,
    epilog='For bash: eval "$(lineament completion bash)" in ~/.bashrc',
)  # fmt: skip
