"""`lineament COMMAND …`: one tree of arguments, and the one place where errors become a line and an exit code."""

import contextlib
import errno
import gc
import logging
import os
import select
import shlex
import sys
from argparse import Namespace
from collections.abc import Iterable
from importlib import import_module

from ..data.errors import LineamentError
from ..data.parallel import stop_workers
from .command import Command
from .parser import Parser
from .signals import Stopped, ended_by_signals

USAGE, INTERRUPTED, BROKEN_PIPE = 2, 130, 141  # exit codes, the last two as shells have them
FULL = (errno.ENOSPC, errno.EDQUOT)

COMMANDS = {  # name: (module of this folder, what it does)
    "predict": ("predict", "emotions of every face in pictures, folders and videos"),
    "models": ("models", "the trained models that come with the package"),
    "train": ("train", "the best of a few models on pictures of your own, as one file"),
    "run": ("run", "faces to landmarks, measurements, models and a report, as run_pipeline.py"),
    "report": ("report", "write the report of a run folder again, without training"),
    "compare": ("compare", "one page on how runs differ, and whether chance explains it"),
    "data": ("datasets", "list, fetch or describe datasets"),
    "landmarks": ("landmarks", "68 points of every face in pictures, folders and videos, as a CSV"),
    "measure": ("measure", "action units, head pose and other measurements of every face, as a CSV"),
    "cache": ("cache", "what the landmark cache holds (info), and its removal (clear)"),
    "completion": ("completion", "print a script by which a shell completes all of these"),
}


def main(arguments: list[str] | None = None) -> int:
    """Run a command and return its exit code.

    0 when it worked, 1 when nothing could be read, 2 after a mistake that the
    user can mend, 130 after Ctrl-C, 143 after SIGTERM, 129 after SIGHUP, 141
    when whoever read the output stopped.
    """
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    prepare_streams()
    try:
        with ended_by_signals():
            code = _code_of(arguments)
        if sys.stdout is not None:  # as in: lineament … >&-
            sys.stdout.flush()
        return code
    except OSError as error:
        return _unprinted(error)


def _code_of(arguments) -> int:
    """The exit code of a command; a mistake or an interruption is told in one line."""
    name = next((argument for argument in arguments if not argument.startswith("-")), "")
    prog = f"lineament {name}" if name in COMMANDS else "lineament"
    options = Namespace()
    try:
        return _called(arguments, name, options)
    except LineamentError as error:
        print(f"{prog}: {error}", file=sys.stderr)
        return USAGE
    except (KeyboardInterrupt, Stopped) as ending:
        stop_workers()
        code = getattr(ending, "code", INTERRUPTED)
        how = "interrupted" if code == INTERRUPTED else f"stopped by {ending.name}"
        kept = options.kept(options) if "kept" in options else ""
        with contextlib.suppress(OSError):  # a terminal that was closed
            print(f"{prog}: {how}. {kept}".rstrip(), file=sys.stderr, flush=True)
        return code


def tree(names: Iterable[str] = tuple(COMMANDS)) -> Parser:
    """The parser of all commands; only those of `names` are imported and know their own arguments."""
    parser = Parser(
        prog="lineament", description="Emotions from faces by classical machine learning, measured honestly."
    )
    parser.add_argument("--version", action="store_true", help="print the version, and leave")
    commands = parser.add_subparsers(
        dest="command", metavar="COMMAND", title="commands (each explains itself with --help)"
    )
    for name, (_, about) in COMMANDS.items():
        if name not in names:
            commands.add_parser(name, help=about)
            continue
        command = command_of(name)
        own = commands.add_parser(name, help=about, description=command.about, epilog=command.epilog)
        command.add_arguments(own)
        own.set_defaults(call=command.call, kept=command.kept)
    return parser


def command_of(name: str) -> Command:
    """A command by its name, imported now.

    What is imported stays until the end: without searching it for garbage, again
    and again as it grows, an import takes a fifth less.
    """
    gc.disable()
    try:
        return import_module(f".{COMMANDS[name][0]}", __package__).COMMAND
    finally:
        gc.freeze()
        gc.enable()


def prepare_streams() -> None:
    """Log our own steps, and let no terminal's encoding stop a text: what it lacks is escaped."""
    logging.basicConfig(format="%(levelname)s: %(message)s")
    logging.getLogger(__package__.partition(".")[0]).setLevel(logging.INFO)
    logging.getLogger("matplotlib").setLevel(logging.ERROR)  # it tells at length where it keeps its fonts
    for stream in (sys.stdout, sys.stderr):
        if getattr(stream, "errors", None) in ("strict", "surrogateescape"):  # the latter where LC_ALL is C
            stream.reconfigure(errors="backslashreplace")


def _called(arguments, name, options) -> int:
    """Parse into `options` and call; what the parser itself answers, such as --help, is done with."""
    parser = tree([name])
    try:
        parser.parse_args(arguments, options)
    except SystemExit as answered:
        return answered.code or 0
    if options.version:
        from .. import __version__

        print(f"lineament {__version__}")
        return 0
    if "call" not in options:
        parser.print_help()
        return 0
    options.command_line = shlex.join(["lineament", *arguments])
    return options.call(options) or 0


def _unprinted(error) -> int:
    """The exit code where no one reads on, or where a disk is full; any other error goes on its way."""
    gone = isinstance(error, BrokenPipeError) and _unread()
    if not gone and error.errno not in FULL:
        raise error
    # Python flushes once more when it ends: into nothing, then.
    for stream in (sys.stdout, sys.stderr) if gone else (sys.stdout,):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    if gone:
        return BROKEN_PIPE
    print(f"lineament: {error.strerror}: free some, and run again.", file=sys.stderr)
    return USAGE


def _unread() -> bool:
    """True if whoever read our output or our errors, such as `head`, has gone."""
    if not hasattr(select, "poll"):
        return True
    pipes = select.poll()
    for stream in (sys.stdout, sys.stderr):
        pipes.register(stream.fileno(), 0)
    return any(event & select.POLLERR for _, event in pipes.poll(0))


if __name__ == "__main__":
    sys.exit(main())
