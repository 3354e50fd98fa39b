"""`lineament train PATH --out my.skops`: the best of a few models by honest cross-validation, and its card."""

import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ..data import LineamentError
from ..data.files import write_atomically
from .command import Command
from .terminal import print_table, table_for

if TYPE_CHECKING:
    from ..classifiers import FaceModel
    from .options import RunOptions
    from .steps import Prepared

DEFAULTS = {"classifiers": "lda,svm,mlp", "features": "shape", "augment": "mirror"}
PASSED = (
    "dataset",
    "classifiers",
    "features",
    "augment",
    "balance",
    "tune",
    "cv",
    "seed",
    "detector",
    "cache",
    "n_jobs",
)
EPILOG = """\
The flags are those of `lineament run`, and so are the folds, the landmark cache and the models; a run also writes a
report of all of them. The card lies beside the model, with what it scored and what it cannot tell.
"""


def call(options) -> None:
    """Compare, keep the first by its folds, and print what the candidates scored."""
    from ..classifiers.bundle import save_model_as
    from ..classifiers.cards import card

    with tempfile.TemporaryDirectory(prefix="lineament-") as folder:
        chosen = _run_options(options, Path(folder))
        _check_out(options.out, chosen)
        prepared, models = trained(chosen)
    best = max(models.values(), key=lambda model: model.recipe.metrics["cv"]["accuracy"])
    save_model_as(options.out, best)
    told = card(
        options.out.stem, best.recipe, n_bytes=options.out.stat().st_size, data=_data_words(prepared),
        command=options.command_line,
    )  # fmt: skip
    place = options.out.with_suffix(".md")
    write_atomically(place, lambda file: file.write(told.encode(errors="backslashreplace")))
    _print(models)
    print(
        f"{best.recipe.classifier}: {options.out}, its card {place}\nNow: lineament predict PATH --model {options.out}"
    )


def trained(options: "RunOptions") -> "tuple[Prepared, dict[str, FaceModel]]":
    """The models of a run by name, each knowing what it scored and when not to answer; only caches are written."""
    from ..classifiers import evaluate, make_folds
    from . import steps

    clock = steps.Stopwatch()
    with steps.ready(options):
        dataset = steps.load(options.source.dataset, options.source.data, options)
        steps.check_labels(dataset, options)
        prepared = steps.prepare(dataset, options, clock)
        if len(set(prepared.dataset.target.tolist())) < 2:
            raise LineamentError("Every picture bears one label: there is nothing to tell apart.")
        protocol = steps.protocol_of(prepared, options)
        folds = make_folds(prepared.dataset, prepared.duplicates, cv=protocol.cv, seed=protocol.seed)
        evaluations, models = evaluate(
            options.models.classifiers, prepared.inputs, prepared.dataset.target, folds=folds, protocol=protocol,
            recipe=steps.recipe_of(prepared, options), options=steps.classifier_options(options),
            execution=steps.execution(options),
        )  # fmt: skip
        return prepared, steps.doubting(models, evaluations, folds, prepared)


def _run_options(options, folder) -> "RunOptions":
    from .options import options_of

    given = {name: value for name in PASSED if (value := getattr(options, name)) is not None}
    return options_of(data=str(options.path), out=str(folder), **DEFAULTS | given)


def _check_out(out: Path, chosen: "RunOptions") -> None:
    """Raise `LineamentError`, before any work is done, if the file cannot hold what is asked for."""
    from ..classifiers import CLASSIFIERS
    from ..classifiers.bundle import FORMATS

    suffixes = {FORMATS[CLASSIFIERS[name].takes].suffix: name for name in chosen.models.classifiers}
    if len(suffixes) > 1:
        raise LineamentError("Networks and models of measurements are kept in different kinds of file: train one kind.")
    (suffix,) = suffixes
    if out.suffix != suffix or out.is_dir():
        raise LineamentError(f"--out {out}: such a model is a file that ends in {suffix}, such as my{suffix}.")


def _data_words(prepared: "Prepared") -> str:
    dataset = prepared.dataset
    persons = "who is shown is not known" if dataset.groups is None else f"{len(set(dataset.groups)):,} subjects"
    made_up = " The faces are drawn, and show nobody." if dataset.synthetic else ""
    seen = f"the detector saw a face in {100 * prepared.faces.found.mean():.1f} % of them"
    return f"{dataset.name}: {len(dataset):,} pictures, {persons}; {seen}.{made_up}"


def _print(models: "Mapping[str, FaceModel]") -> None:
    table = table_for(sys.stdout)
    table.add_column("model")
    for title in ("accuracy of the folds", "macro F1", "of the test part"):
        table.add_column(title, justify="right")
    for name, model in sorted(models.items(), key=lambda one: -one[1].recipe.metrics["cv"]["accuracy"]):
        cv, test = model.recipe.metrics["cv"], model.recipe.metrics.get("test")
        table.add_row(
            name, f"{100 * cv['accuracy']:.1f} %", f"{cv['f1_macro']:.3f}",
            f"{100 * test['accuracy']:.1f} %" if test else "",
        )  # fmt: skip
    print_table(table, sys.stdout)


def add_arguments(parser) -> None:
    parser.add_argument("path", type=Path, metavar="PATH", help="labelled pictures: a folder, an archive, a table")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="the model, such as my.skops")
    for name in PASSED:
        default = f" (default: {DEFAULTS[name]})" if name in DEFAULTS else ""
        parser.add_argument(f"--{name.replace('_', '-')}", metavar="VALUE", help=f"as of lineament run{default}")


def _kept(options) -> str:
    return "Landmarks found so far are kept; train again to go on."


COMMAND = Command(
    "train", "The best of a few models by cross-validation, as one file with its card.", add_arguments, call, _kept,
    EPILOG,
)  # fmt: skip
