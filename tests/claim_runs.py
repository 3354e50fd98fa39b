"""Made runs for what the page claims: models that are right in given shares, known groups, text of blocks."""

from dataclasses import replace
from functools import cache

import numpy as np

from lineament.classifiers import UNUSED
from made_runs import N, made_run, with_excerpt


@cache
def plain(n_models=2, split=False, audited=False):
    """A made run as the page takes it."""
    return with_excerpt(made_run(n_models=n_models, split=split, audited=audited, synthetic=False))


def answering(run, *shares):
    """The run with models that are right in these shares of the pictures, evenly over labels and folds, and sure."""
    place = (np.arange(len(run.dataset)) * 37 % 101 / 101).argsort().argsort() / len(run.dataset)
    return replace(run, evaluations=tuple(map(_right_in, run.evaluations, shares, [place] * len(shares))))


def _right_in(evaluation, share, place):
    predicted = np.where(place < share, evaluation.target, (evaluation.target + 1) % 3)
    predicted[evaluation.fold == UNUSED] = -1
    return replace(evaluation, predicted=predicted, proba=np.eye(3)[predicted] * 0.7 + 0.1)


def text_of(blocks):
    """All words of blocks of one section."""
    return " ".join(str(block) for block in blocks)


def with_groups(run, n):
    return replace(run, dataset=replace(run.dataset, groups=(np.arange(N) % n).astype(str)))
