"""What the answers rest on: what is missed when it is taken away, and what moved single answers."""

import numpy as np
import pandas as pd

from ...classifiers.explain import QUANTILES
from .. import explanations, terms
from ..blocks import Cell, Column, Link, Paragraph, Picture, Portraits, TableBlock, Terms, beside, fold
from ..cells import count_cell
from ..explanations import CLUSTER, FAMILY, FEATURE
from ..figures import ClusterFacesDisplay, EffectsDisplay, IntervalsDisplay, TilesDisplay
from ..formats import THIN, count, percent, points
from ..portraits import drawable, portraits, short_name, spoken
from ..section import Section

N_CLUSTERS = 12  # shown of the most important
N_SINGLE = 8  # single features likewise
FALSELY = 0.025  # of the 95 % intervals around no loss lie above it
N_ALIKE = 3  # members of a cluster that the table names
GROUPS = {FAMILY: "whole families", CLUSTER: "measurements that go together", FEATURE: "single measurements"}
COLUMNS = (
    Column("rank", numeric=False), Column("measurement, and those that go with it", numeric=False),
    Column("how many"), Column("lost, points"),
)  # fmt: skip


def content(run, tables):
    importance = tables["importance"]
    yield Paragraph(" ".join([*asked(run), *most_missed(run, importance)]))
    yield Terms((terms.SHUFFLING,))
    yield beside(importance_picture(run, importance), clusters_picture(run, importance))
    link = Link("importance.csv", "tables/importance.csv")
    yield fold(
        "What goes together, and what is lost without it",
        Paragraph(
            "Measurements that rise and fall together can stand in for each other, so shuffling one alone costs "
            "little even where the model relies on what it measures; those that go together are therefore shuffled "
            "together, and so is each whole family."
        ),
        clusters_block(run, importance),
        Paragraph("Every measurement:", links=(link,), small=True),
    )
    if len(tables["effects"]):
        yield fold("Towards which label each measurement speaks", effects_picture(run, tables["effects"]))
    faces = portraits(run)
    if faces:
        yield fold("Face by face", Paragraph(HOW_FACES), Portraits(faces, faces_picture(faces)), hint=FACES_HINT)


HOW_FACES = (
    "Of every label, where there is one, a face that was named rightly, as surely as usual, and the wrong answer that "
    "was surest. The lines "
    "are the measurements that moved the answer most: points are how much of the answer's probability goes when they "
    "are set to the median of the training faces, so + speaks for the answer and \u2212 against it. The thickest lines "
    "moved it most. Below, how many of the strongest for the answer it takes to change it."
)
FACES_HINT = "what moved the answer for single faces"


def asked(run):
    """Which model, on which faces, and how to read what follows."""
    explanation, fold_of = run.explanation, run.evaluations[0].fold
    one = explanation.n_folds == 1
    all_of_them = np.mean([((fold_of >= 0) & (fold_of != number)).sum() for number in range(explanation.n_folds)])
    drawn = (
        " That is a part of them, so that this stays quick; with all of them it may rest on somewhat other things."
        if explanation.n_train < 0.99 * all_of_them else ""
    )  # fmt: skip
    return [
        f"The model asked is {explanation.classifier}, the first of those that work on measurements, fitted again as "
        f"in the cross-validation, on {count(explanation.n_train)} training pictures of "
        f"{'one fold' if one else f'each of {explanation.n_folds} folds'}.{drawn}",
        f"It was asked about {count(len(explanation.rows))} pictures that were left out there, none of which it was "
        f"fitted on; its macro F1 on them, as they are, is {percent(explanation.score)}. No held-out test picture "
        "was used.",
    ]


def most_missed(run, importance):
    """The measurements without which most is lost."""
    singles, clusters = (importance[importance["kind"] == kind] for kind in (FEATURE, CLUSTER))
    sentences = []
    if len(clusters) and len(singles):
        best = clusters.iloc[0]
        name = short_name(run, best["name"], "and the {} that go with it")
        lost = f"{points(-best['drop'])} points of macro F1" if best["drop"] > 0 else "nothing is lost even there"
        single = singles.iloc[0]["drop"]
        alone = f"the single measurement that is missed most costs {100 * single:.1f}" if single > 0 else (
            "no single measurement is missed when it alone is shuffled"
        )  # fmt: skip
        sentences.append(f"The model is hurt most by shuffling {name}: {lost}; {alone}.")
    sure, n = int((clusters["low"] > 0).sum()), len(clusters)
    shown = f"For {count(sure)} of the {count(n)} clusters" if sure else f"For none of the {count(n)} clusters"
    by_chance = f"; by chance alone about {FALSELY * n:.1f} of so many would" if sure else ""
    return [*sentences, f"{shown} the interval of the loss lies above zero{by_chance}."]


def clusters_block(run, importance):
    """The most important clusters, and who is in them."""
    frame = importance[importance["kind"] == CLUSTER].head(N_CLUSTERS)
    members = {one.name: one.members for one in run.explanation.clusters}
    rows = tuple(
        (
            Cell(str(rank), rank),
            Cell(spoken(row.name), spoken(row.name), _alike(members[row.name], row.name)),
            count_cell(row.n_features),
            Cell(_loss(row.drop), row.drop, f"{_loss(row.low)} to {_loss(row.high)}"),
        )  # fmt: skip
        for rank, row in enumerate(frame.itertuples(index=False), start=1)
    )
    caption = (
        f"Macro F1 lost when measurements that go together are shuffled together, with its 95{THIN}% interval: "
        "percentiles over 500 resamples of whole subjects, or of pictures where they are not known. Clusters join what "
        "has a rank correlation of half or more, on average."
    )
    return TableBlock(caption, COLUMNS, rows, csv="clusters")


def _loss(value):
    """A loss in points; the sign only where shuffling helped."""
    return f"{100 * value:.1f}".replace("-", "\u2212")


def _alike(members, name):
    others = [spoken(member) for member in members if member != name]
    more = f", and {len(others) - N_ALIKE} more" if len(others) > N_ALIKE else ""
    return ", ".join(others[:N_ALIKE]) + more if others else "alone"


def importance_picture(run, importance):
    most = {FAMILY: None, CLUSTER: N_CLUSTERS, FEATURE: N_SINGLE}
    kinds = [importance[importance["kind"] == kind][: most[kind]] for kind in GROUPS]
    frame = pd.concat([one for one in kinds if len(one)])
    table = pd.DataFrame(
        {
            "group": frame["kind"].map(GROUPS),
            "name": [_bar_name(run, row) for row in frame.itertuples(index=False)],
            "value": frame["drop"],
            "low": frame["low"],
            "high": frame["high"],
        }  # fmt: skip
    )
    said = "; ".join(f"{row.name} {100 * row.value:.1f}" for row in table.itertuples(index=False))
    caption = (
        f"Macro F1 lost when values are shuffled; lines are 95{THIN}% intervals, percentiles over 500 resamples of "
        "whole subjects, or of pictures where they are not known; dashed is no loss. In brackets a family's "
        "measurements; after the plus, how many go with the one named."
    )
    display = IntervalsDisplay(table.reset_index(drop=True), 0.0, "Macro F1 lost")
    alt = f"Dots with intervals: macro F1 lost when measurements are shuffled, in points. {said}."
    return Picture("importance", display, alt, caption)


def _bar_name(run, row):
    if row.kind == FAMILY:
        return f"{row.name} ({row.n_features})"
    return short_name(run, row.name) if row.kind == CLUSTER else spoken(row.name)


def clusters_picture(run, importance):
    """The clusters drawn on the mean face; None where no line can show them."""
    ranked = importance[importance["kind"] == CLUSTER]["name"].head(N_CLUSTERS)
    members = {one.name: one.members for one in run.explanation.clusters}
    shown = {name: tuple(filter(drawable, members[name])) for name in ranked if drawable(name)}
    if not shown or run.excerpt.mean_face is None:
        return None
    ranks = tuple(rank for rank, name in enumerate(ranked, start=1) if name in shown)
    display = ClusterFacesDisplay(run.excerpt.mean_face, tuple(shown), ranks=ranks, relatives=shown)
    alt = f"The mean face of the found faces, {len(shown)} times, each with one cluster drawn: "
    caption = (
        "Numbers are the ranks in the table. Thick: the measurement that names the cluster; thin: those that go "
        "with it. Left and right are the subject's own."
    )
    return Picture("clusters", display, alt + ", ".join(map(spoken, shown)) + ".", caption)


def effects_picture(run, effects):
    wide = effects.pivot(index="cluster", columns="label", values="change")
    wide = wide.loc[effects["cluster"].unique(), effects["label"].unique()]
    wide.index = [short_name(run, name) for name in wide.index]
    said = "; ".join(
        f"{name}: {row.idxmax()} {points(row.max())}, {row.idxmin()} {points(row.min())}"
        for name, row in wide.iterrows()
    )
    low, high = (round(100 * one) for one in QUANTILES)
    caption = (
        f"Mean change of each label's probability, in points, when measurements that go together go from low (the "
        f"{low}th percentile of the one named) to high (the {high}th), all else as it is. Such faces may not exist: "
        "this is what the model makes of them, not what faces do."
    )
    alt = f"Table of coloured cells, change of probabilities in points, the largest rise and fall: {said}."
    return Picture("effects", EffectsDisplay(wide), alt, caption)


def faces_picture(faces):
    display = TilesDisplay(tuple(one.tile for one, _, _ in faces), tuple(one.caption for one, _, _ in faces))
    alt = f"{len(faces)} faces with the measurements drawn that moved the model's answer."
    return Picture("reasons", display, alt, embedded=False)


SECTION = Section(
    "explanation",
    "What the answers rest on",
    content,
    tables={
        "importance": explanations.importance_table,
        "clusters": explanations.clusters_table,
        "effects": explanations.effects_table,
        "moves": explanations.moves_table,
    },
    applies=lambda run: run.explanation is not None,
)
