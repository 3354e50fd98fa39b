"""Train on each of several datasets, score on others: a report of each, and one page with the matrix of all."""

from pathlib import Path

from ..classifiers import LabelledFaces, evaluate_transfer, make_folds
from ..data import Dataset, align_labels
from ..reports import write_report
from ..reports.matrix import Transfer, write_matrix
from .options import RunOptions
from .steps import (
    Finished,
    Prepared,
    Stopwatch,
    check_labels,
    classifier_options,
    doubting,
    execution,
    finished_run,
    load,
    prepare,
    protocol_of,
    ready,
    recipe_of,
    save_models,
)


def run_matrix(options: RunOptions, *, command: str = "") -> Finished:
    """Train on each dataset of `--train`, score on each of `--test`: a report of each, and the matrix page."""
    with ready(options):
        return _run_matrix(options, command)


def _run_matrix(options, command) -> Finished:
    clock = Stopwatch()
    specs = dict.fromkeys([*options.source.train, *options.source.test])
    with clock.lap("load"):
        datasets = same_labels({spec: load(*name_and_path(spec), options) for spec in specs})
    for spec in options.source.train:
        check_labels(datasets[spec], options)
    prepared = {spec: prepare(dataset, options, clock) for spec, dataset in datasets.items()}
    cells = []
    for spec in options.source.train:
        cells += _row(spec, prepared, options, clock, command)
    return Finished(write_matrix(cells, options.out, command=command), [])


def _row(spec, prepared, options, clock, command):
    """The cells of one dataset that is trained on; writes its report."""
    faces = prepared[spec]
    tests = [test for test in options.source.test if test != spec]
    protocol = protocol_of(faces, options)
    folds = make_folds(faces.dataset, faces.duplicates, cv=protocol.cv, seed=protocol.seed)
    with clock.lap("evaluate"):
        evaluations, transfers, models = evaluate_transfer(
            options.models.classifiers,
            train=_labelled(faces),
            tests=[_labelled(prepared[test]) for test in tests],
            folds=folds,
            protocol=protocol,
            recipe=recipe_of(faces, options),
            options=classifier_options(options),
            execution=execution(options),
        )
    out = options.out / faces.dataset.name
    save_models(doubting(models, evaluations, folds, faces), out)
    finished = finished_run(faces, protocol, evaluations, options, clock, command=command)
    page = write_report(finished, out, n_jobs=options.work.n_jobs)
    cells = [_cell(faces, faces, evaluations, page, folds.clean)] if spec in options.source.test else []
    return cells + [_cell(faces, prepared[test], results, page) for test, results in zip(tests, transfers)]


def _labelled(faces: Prepared) -> LabelledFaces:
    return LabelledFaces(faces.inputs, faces.dataset.target, faces.faces.digests)


def _cell(train, test, evaluations, page, clean=None):
    return Transfer(train.dataset, test.dataset, test.faces.found, tuple(evaluations), page, clean)


def name_and_path(spec: str) -> tuple[str, Path | None]:
    """Name and path of a dataset given as NAME:PATH, NAME or PATH.

    >>> name_and_path("fer2013:archive.zip")[0]
    'fer2013'
    """
    name, colon, path = spec.partition(":")
    if colon:
        return name, Path(path).expanduser()
    return ("auto", Path(spec).expanduser()) if "/" in spec or Path(spec).suffix else (name, None)


def same_labels(datasets: dict[str, Dataset]) -> dict[str, Dataset]:
    """All datasets with the labels that every one of them has; a single one as it is."""
    return dict(zip(datasets, align_labels(list(datasets.values())))) if len(datasets) > 1 else datasets
