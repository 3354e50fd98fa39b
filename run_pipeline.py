"""The whole pipeline in one command: load, look, measure, evaluate, audit, explain, report.

python run_pipeline.py --help
"""

import logging
import sys
from dataclasses import replace

import numpy as np

from lineament.apps.options import RunOptions, options_of
from lineament.apps.steps import (
    Attempts,
    Finished,
    Stopwatch,
    check_labels,
    classifier_options,
    doubting,
    execution,
    finished_run,
    grouped_by,
    load,
    prepare,
    protocol_of,
    ready,
    recipe_of,
    save_models,
)
from lineament.classifiers import Protocol, evaluate, make_folds
from lineament.classifiers.audit import audit
from lineament.classifiers.explain import explain
from lineament.data.labels import FOLDS
from lineament.reports import keep_run, ranking_rows, write_report
from lineament.reports.metrics import only_label

log = logging.getLogger(__name__)


def run(options: RunOptions | None = None, *, command: str = "", **flags) -> Finished:
    """Run the pipeline and write its report.

    Parameters
    ----------
    options : RunOptions, or None for those of `flags`
    command : str
        The command line, for the report.
    flags : the options by name, such as dataset="sample", classifiers=["svm", "lda"], out="runs/mine"

    Returns
    -------
    Finished

    Raises
    ------
    LineamentError
        For anything that the user can put right, another run into the same folder among them.
    """
    options = options or options_of(**flags)
    with ready(options):
        return _run(options, command)


def _run(options, command) -> Finished:
    clock = Stopwatch()
    with clock.lap("load"):
        dataset = load(options.source.dataset, options.source.data, options)
    check_labels(dataset, options)
    prepared = prepare(dataset, options, clock)
    if len(np.unique(prepared.dataset.target)) == 1:
        return _one_label(prepared, options, clock, command=command)
    protocol = protocol_of(prepared, options)
    folds = make_folds(prepared.dataset, prepared.duplicates, cv=protocol.cv, seed=protocol.seed)
    with clock.lap("evaluate"):
        evaluations, models = evaluate(
            options.models.classifiers,
            prepared.inputs,
            prepared.dataset.target,
            folds=folds,
            protocol=protocol,
            recipe=recipe_of(prepared, options),
            options=classifier_options(options),
            execution=execution(options),
        )
    attempts = Attempts(clock)
    doubts = models, evaluations, folds, prepared
    models = attempts.at("knowledge of when not to answer", doubting, *doubts, lap="doubts") or models
    save_models(models, options.out)
    # Kept before anything else is asked of it: whatever fails or is stopped from here on, the evaluation stands.
    finished = keep_run(finished_run(prepared, protocol, evaluations, options, clock, command=command), options.out)
    finished = replace(
        finished,
        excerpt=None,
        audit=attempts.at("audit", audited, prepared, protocol, options),
        explanation=attempts.at("explanation", explained, prepared, folds, evaluations, models, options, lap="explain"),
    )
    finished = attempts.told(finished)
    return Finished(write_report(finished, options.out, n_jobs=options.work.n_jobs), ranking_rows(finished))


def audited(prepared, protocol, options):
    """One model under careless protocols, beside the honest one."""
    return audit(
        prepared.dataset,
        prepared.duplicates,
        prepared.table.X,
        found=prepared.faces.found,
        protocol=protocol,
        classifiers=options.models.classifiers,
        level=options.questions.audit,
        n_jobs=options.work.n_jobs,
    )


def explained(prepared, folds, evaluations, models, options):
    """What the answers of the first model rest on."""
    return explain(
        prepared.table,
        found=prepared.faces.found,
        folds=folds,
        evaluations=evaluations,
        models=models,
        level=options.questions.explain,
        seed=options.protocol.seed,
        n_jobs=options.work.n_jobs,
    )


def _one_label(prepared, options, clock, *, command) -> Finished:
    """The report of a dataset that has nothing to tell apart: no model is fitted."""
    log.warning("Every picture bears one label: there is nothing to tell apart, and no model is fitted.")
    cv = options.protocol.cv or FOLDS
    protocol = Protocol(
        cv=cv, seed=options.protocol.seed, grouped_by=grouped_by(prepared), reference=prepared.reference
    )
    only = [only_label(prepared.dataset, cv=cv)]
    finished = finished_run(prepared, protocol, only, options, clock, command=command)
    return Finished(write_report(finished, options.out, n_jobs=options.work.n_jobs), [])


def main(arguments: list[str] | None = None) -> int:
    """The same as `lineament run ARGUMENTS`."""
    from lineament.apps.cli import main as command_line

    return command_line(["run", *(sys.argv[1:] if arguments is None else arguments)])


if __name__ == "__main__":
    sys.exit(main())
