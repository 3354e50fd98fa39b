"""Held-out pictures without a copy among those that were trained on: what a model scores on them alone."""

import numpy as np
import pandas as pd

from ..data.dataset import TEST
from .formats import count, percent
from .metrics import RANKED_BY, clean_rows, scored_parts
from .run import Run
from .section import Tables
from .statistics import holm, mcnemar
from .uncertainty import interval_words, units_of

PAIR_COLUMNS = ("first", "second", "n", "difference", "only_first", "only_second", "p", "p_holm")


def clean_pairs_table(run: Run, pairs: pd.DataFrame) -> pd.DataFrame:
    """The pairs of `pairs_table` on the clean pictures of the test part; empty where copies lie nowhere or unknown.

    `difference` of accuracy, `only_first`, `only_second` and `p` of McNemar's
    exact test, `p_holm` adjusted for the number of pairs.
    """
    rows = clean_rows(run, TEST) if TEST in scored_parts(run) else None
    if rows is None:
        return pd.DataFrame(columns=list(PAIR_COLUMNS))
    right = {one.name: (one.predicted == one.target)[rows] for one in run.evaluations}
    units, found = units_of(run, rows), []
    for pair in pairs.itertuples():
        first, second = right[pair.first], right[pair.second]
        test = mcnemar(first, second, units)
        difference = first.mean() - second.mean() if len(first) else np.nan
        found.append((pair.first, pair.second, len(first), difference, test.only_a, test.only_b, test.exact.p))
    table = pd.DataFrame(found, columns=list(PAIR_COLUMNS[:-1]))
    return table.assign(p_holm=holm(table["p"]))


def clean_accuracy(tables: Tables, model: str, part: str) -> float | None:
    """Accuracy of a model on the clean pictures of a part; None where `parts` holds none."""
    frame = tables["parts"].query("model == @model and part == @part and faces == 'clean'")
    return float(frame.iloc[0][RANKED_BY]) if len(frame) and frame.iloc[0]["n"] else None


def clean_words(tables: Tables, model: str, part: str) -> str:
    """“; 61.2 % without copies of training pictures”, behind a score of the whole part; "" where that is the same."""
    accuracy = clean_accuracy(tables, model, part)
    return "" if accuracy is None else f"; {percent(accuracy)} without copies of training pictures"


def clean_sentence(run: Run, tables: Tables, model: str, part: str) -> str:
    """What a held-out score is worth, given which of its pictures have a copy in training."""
    if not run.duplicates.near_searched:
        return "Near copies of training pictures were not looked for there: some of this score may be remembered."
    clean = clean_rows(run, part)
    if clean is None:
        return "None of these pictures has a copy, exact or near, among those that were trained on."
    n, n_all = int(clean.sum()), int(scored_parts(run)[part].sum())
    if not n:
        return f"Every one of the {count(n_all)} has a copy among the pictures that were trained on."
    accuracy = clean_accuracy(tables, model, part)
    return (
        f"On the {count(n)} of them without a copy, exact or near, among those that were trained on, it was right in "
        f"{percent(accuracy)}{interval_words(tables['intervals'], model, part, 'clean')}."
    )
