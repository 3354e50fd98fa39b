"""`lineament models [--format json]`: the models that come with the package, and what they are worth."""

import json
import sys

from .command import Command
from .terminal import print_table, table_for


def call(options) -> None:
    """Print a line a model, or all that is known of them as JSON."""
    from ..classifiers.shelf import facts, path_of, shipped

    files = {name: path_of(name) for name in options.names} or shipped()
    told = [facts(path.stem, path) for path in files.values()]
    if options.format == "json":
        print(json.dumps(told, indent=1, ensure_ascii=False))
        return
    table = table_for(sys.stdout)
    for title in ("model", "size", "kind", "accuracy", "macro F1", "labels"):
        table.add_column(title, overflow="fold")
    for one in told:
        size, scores = f"{one['bytes'] / 2**20:.1f} MiB", (one["accuracy"], one["f1_macro"])
        accuracy, f1 = ("" if score is None else f"{score:.3f}" for score in scores)
        table.add_row(one["name"], size, one["kind"], accuracy, f1, ", ".join(one["labels"]))
    print_table(table, sys.stdout)


def add_arguments(parser) -> None:
    parser.add_argument("names", nargs="*", metavar="NAME|FILE", help="these alone; files of your own as well")
    parser.add_argument("--format", choices=("table", "json"), default="table", help="default: table")


COMMAND = Command("models", "Trained models that come with the package.", add_arguments, call)
