"""The section on what answers rest on: sentences, tables, figures and faces."""

from dataclasses import dataclass

import cv2
import numpy as np
import pandas as pd

from ..classifiers.ablation import ALL, ALONE, CLASSIFIER, MOST_COLUMNS, MOST_ROWS, WITHOUT
from ..classifiers.explain import QUANTILES
from ..features import FEATURES
from . import figures
from .excerpt import Thumbnail
from .explanations import CLUSTER, FAMILY, FEATURE
from .faces import Example
from .run import Run
from .tables import Tables
from .views import MISSING, Cell, Column, View, count, count_cell, percent, points, text_cell

SIDE = 336  # pixels of a face with lines on it; shown at half of that, so that the lines are sharp
COLORS = ((255, 209, 71), (96, 205, 255), (255, 140, 190))  # RGB, light on faces of any tone; first to third move
N_LINES = 5  # features of a cluster that are drawn on a face
N_CLUSTERS = 12  # shown of the most important
N_SINGLE = 8  # single features likewise
LEAST_SHOWN = 0.005  # a smaller move would be written as a change of 0.0 to 0.4 points
N_ALIKE = 3  # members of a cluster that the table names
KINDS = {"dist": "distance", "angle": "angle", "ellipse": "ellipse", "area": "area", "curve": "curvature",
         "symmetry": "right less left", "shape": "shape", "pair": "distance", "furrows": "furrows"}  # fmt: skip
GROUPS = {
    FAMILY: "whole families",
    CLUSTER: "measurements that go together",
    FEATURE: "single measurements",
}


@dataclass(frozen=True)
class Reason:
    """One line under a face: `color` of its lines on the face, the change in points, and what it says."""

    color: str
    change: str
    what: str


@dataclass(frozen=True)
class ReasonedFace:
    """A face with what moved its answer drawn on it."""

    example: Example
    reasons: tuple[Reason, ...]
    flips: str


def spoken(name: str) -> str:
    """A feature's name for people: "mouth height (distance)" of dist_mouth_height."""
    kind, _, rest = name.partition("_")
    return f"{rest.replace('_', ' ')} ({KINDS[kind]})" if rest and kind in KINDS else name.replace("_", " ")


def drawable(name: str) -> bool:
    return name in FEATURES and bool(FEATURES[name].strokes)


def sentences_of(run: Run, tables: Tables) -> dict[str, list[str]]:
    """The sentences of the section, by their place in it; none without an explanation."""
    if run.explanation is None:
        return {}
    return {
        "reasons": sentences(run),
        "importance": importance_sentences(run, tables),
        "ablation": ablation_sentences(run),
        "stability": stability_sentences(run, tables),
    }


def sentences(run: Run) -> list[str]:
    """Which model, on which faces, and how to read what follows."""
    explanation, fold = run.explanation, run.evaluations[0].fold
    one = explanation.n_folds == 1
    all_of_them = np.mean([((fold >= 0) & (fold != number)).sum() for number in range(explanation.n_folds)])
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


def importance_sentences(run: Run, tables: Tables) -> list[str]:
    frame = tables.importance
    found = [
        "Values are shuffled among the faces, and the macro F1 that this costs is measured: what the model does not "
        "use costs nothing. Measurements that rise and fall together can stand in for each other, so shuffling one "
        "alone costs little even where the model relies on what it measures; those that go together are therefore "
        "shuffled together, and so is each whole family.",
    ]
    singles = frame[frame["kind"] == FEATURE]
    clusters = frame[frame["kind"] == CLUSTER]
    if len(clusters) and len(singles):
        best = clusters.iloc[0]
        found.append(
            f"The most is lost with {_named(run, best['name'])}: {100 * best['drop']:.1f} points; the single "
            f"measurement that is missed most costs {100 * singles.iloc[0]['drop']:.1f}."
        )
    sure = int((clusters["low"] > 0).sum())
    found.append(f"For {sure} of the {len(clusters)} clusters the loss is clearly above zero.")
    return found


def ablation_sentences(run: Run) -> list[str]:
    """What the ablation used."""
    widest = max((one.n_features for one in run.explanation.ablation), default=0)
    rows = int((run.evaluations[0].fold >= 0).sum())
    drawn = f" {count(MOST_ROWS)} of the training pictures were drawn for it." if rows > MOST_ROWS else ""
    axes = f" {MOST_COLUMNS} principal components stand for more measurements than that."
    return [
        f"Each row is fitted anew, on the folds of the run, always by {CLASSIFIER}: it is quick and has nothing to "
        f"tune, so that rows differ in their measurements alone.{drawn}{axes if widest > MOST_COLUMNS else ''} A "
        "family may be worth much alone and still not be missed, when others say the same."
    ]


def stability_sentences(run: Run, tables: Tables) -> list[str]:
    """What the choice of features over the folds is worth."""
    frame = tables.stability
    if not len(frame):
        return []
    own = frame[frame["own"]]
    found = [
        f"The measurements with the largest F statistic between labels, chosen by every fold from its own training "
        f"pictures, and {CLASSIFIER} with them alone. Stability 1 says that all folds chose the same ones, 0 that they "
        "agree no more than lots would (Nogueira, Sechidis and Brown 2018)."
    ]
    if len(own):
        row = own.iloc[-1]
        found.append(
            f"The selector of this run, {run.protocol.selector}, kept {row['kept']:.0f} a fold, {count(row['always'])} "
            f"of them in every fold: stability {row['stability']:.2f}."
        )
    elif run.protocol.selector == "none":
        found.append("This run itself kept all of them.")
    return found


def _named(run, name):
    size = next((len(one.members) for one in run.explanation.clusters if one.name == name), 1)
    return spoken(name) + (f" and the {size - 1} that go with it" if size > 1 else "")


def _short(run, name, more="+{}"):
    size = next((len(one.members) for one in run.explanation.clusters if one.name == name), 1)
    return spoken(name) + (" " + more.format(size - 1) if size > 1 else "")


def _loss(value):
    """A loss in points; the sign only where shuffling helped."""
    return f"{100 * value:.1f}".replace("-", "\u2212")


# --- tables ----------------------------------------------------------------------------------------


def clusters_view(run: Run, tables: Tables) -> View:
    """The most important clusters, and who is in them."""
    frame = tables.importance[tables.importance["kind"] == CLUSTER].head(N_CLUSTERS)
    members = {one.name: one.members for one in run.explanation.clusters}
    rows = tuple(
        (
            Cell(str(rank), rank), Cell(spoken(row.name), spoken(row.name), _alike(members[row.name], row.name)),
            count_cell(row.n_features), Cell(_loss(row.drop), row.drop, f"{_loss(row.low)} to {_loss(row.high)}"),
        )  # fmt: skip
        for rank, row in enumerate(frame.itertuples(index=False), start=1)
    )
    columns = (
        Column("rank", numeric=False), Column("measurement, and those that go with it", numeric=False),
        Column("how many"), Column("lost, points"),
    )  # fmt: skip
    caption = (
        "Macro F1 lost when measurements that go together are shuffled together, with its 95\u202f% interval from "
        "resampled faces. Clusters join what has a rank correlation of half or more, on average."
    )
    return View(caption, columns, rows, csv="clusters")


def _alike(members, name):
    others = [spoken(member) for member in members if member != name]
    more = f", and {len(others) - N_ALIKE} more" if len(others) > N_ALIKE else ""
    return ", ".join(others[:N_ALIKE]) + more if others else "alone"


def ablation_view(tables: Tables) -> View:
    """Families alone, families taken away."""
    whole = tables.ablation[tables.ablation["kind"] == ALL]
    names = {ALL: "all families", ALONE: "{} alone", WITHOUT: "all without {}"}
    rows = tuple(
        (
            text_cell(names[row.kind].format(row.family)), count_cell(row.n_features),
            _spread(row.f1_macro, row.std),
            Cell("" if row.kind == ALL else points(row.f1_macro - whole["f1_macro"].iloc[0]),
                 row.f1_macro - whole["f1_macro"].iloc[0]),
        )
        for row in tables.ablation.itertuples()
    )  # fmt: skip
    columns = (Column("measurements", numeric=False), Column("how many"), Column("macro F1"), Column("to all, points"))
    return View("In percent: mean ± standard deviation over the folds.", columns, rows, csv="ablation", quiet=(0,))


def stability_view(tables: Tables) -> View:
    """Agreement of the folds by the number of features kept."""
    rows = tuple(
        (
            text_cell(row.selector), Cell(f"{row.kept:.0f}", row.kept), count_cell(row.always),
            Cell(MISSING if np.isnan(row.stability) else f"{row.stability:.2f}", row.stability),
            _spread(row.f1_macro, row.std),
        )  # fmt: skip
        for row in tables.stability.itertuples()
    )
    columns = (
        Column("selector", numeric=False), Column("kept a fold"), Column("in every fold"), Column("stability"),
        Column("macro F1"),
    )  # fmt: skip
    caption = "How much the choices of different folds agree; macro F1 in percent, ± over the folds."
    return View(caption, columns, rows, csv="stability")


def _spread(mean, std):
    return Cell(MISSING) if np.isnan(mean) else Cell(f"{100 * mean:.1f} ± {100 * std:.1f}", mean)


def views(run: Run, tables: Tables) -> dict[str, View]:
    """The tables of the section; none without an explanation."""
    if run.explanation is None:
        return {}
    found = {"clusters": clusters_view(run, tables), "stability": stability_view(tables)}
    return found | ({"ablation": ablation_view(tables)} if len(tables.ablation) else {})


# --- figures ---------------------------------------------------------------------------------------


def displays(run: Run, tables: Tables, faces: tuple[ReasonedFace, ...]):
    """Name, Display, alt, caption and whether it stands on the page, of every figure of the section."""
    if run.explanation is None:
        return
    yield _importance_display(run, tables)
    ranked = tables.importance[tables.importance["kind"] == CLUSTER]["name"].head(N_CLUSTERS)
    members = {one.name: one.members for one in run.explanation.clusters}
    shown = {name: tuple(filter(drawable, members[name])) for name in ranked if drawable(name)}
    if shown and run.excerpt.mean_face is not None:
        ranks = tuple(rank for rank, name in enumerate(ranked, start=1) if name in shown)
        display = figures.ClusterFacesDisplay(run.excerpt.mean_face, tuple(shown), ranks=ranks, relatives=shown)
        alt = f"The mean face of the found faces, {len(shown)} times, each with one cluster drawn: "
        caption = (
            "Numbers are the ranks in the table. Thick: the measurement that names the cluster; thin: those that go "
            "with it. Left and right are the subject's own."
        )
        yield "clusters", display, alt + ", ".join(map(spoken, shown)) + ".", caption, True
    if len(tables.effects):
        yield _effects_display(run, tables)
    if len(tables.ablation):
        yield _ablation_display(tables)
    if len(tables.stability):
        yield _curve_display(tables)
    if faces:
        tiles, captions = zip(*((face.example.tile, face.example.caption) for face in faces))
        alt = f"{len(faces)} faces with the measurements drawn that moved the model's answer."
        yield "reasons", figures.TilesDisplay(tiles, captions), alt, "", False


_IMPORTANCE_CAPTION = (
    "Macro F1 lost when values are shuffled; lines are 95\u202f% intervals from resampled faces, dashed is no loss. "
    "In brackets a family's measurements; after the plus, how many go with the one named."
)


def _importance_display(run, tables):
    most = {FAMILY: None, CLUSTER: N_CLUSTERS, FEATURE: N_SINGLE}
    parts = [tables.importance[tables.importance["kind"] == kind][: most[kind]] for kind in GROUPS]
    frame = pd.concat([part for part in parts if len(part)])
    table = pd.DataFrame(
        {
            "group": frame["kind"].map(GROUPS), "name": [_bar_name(run, row) for row in frame.itertuples(index=False)],
            "value": frame["drop"], "low": frame["low"], "high": frame["high"],
        }  # fmt: skip
    )
    said = "; ".join(f"{row.name} {100 * row.value:.1f}" for row in table.itertuples(index=False))
    display = figures.IntervalsDisplay(table.reset_index(drop=True), 0.0, "Macro F1 lost")
    alt = f"Dots with intervals: macro F1 lost when measurements are shuffled, in points. {said}."
    return "importance", display, alt, _IMPORTANCE_CAPTION, True


def _bar_name(run, row):
    if row.kind == FAMILY:
        return f"{row.name} ({row.n_features})"
    return _short(run, row.name) if row.kind == CLUSTER else spoken(row.name)


def _effects_display(run, tables):
    wide = tables.effects.pivot(index="cluster", columns="label", values="change")
    wide = wide.loc[tables.effects["cluster"].unique(), tables.effects["label"].unique()]
    wide.index = [_short(run, name) for name in wide.index]
    said = []
    for name, row in wide.iterrows():
        said.append(f"{name}: {row.idxmax()} {points(row.max())}, {row.idxmin()} {points(row.min())}")
    low, high = (round(100 * one) for one in QUANTILES)
    caption = (
        f"Mean change of each label's probability, in points, when measurements that go together go from low (the "
        f"{low}th percentile of the one named) to high (the {high}th), all else as it is. Such faces may not exist: "
        "this is what the model makes of them, not what faces do."
    )
    alt = f"Table of coloured cells, change of probabilities in points, the largest rise and fall: {'; '.join(said)}."
    return "effects", figures.EffectsDisplay(wide), alt, caption, True


def _ablation_display(tables):
    frame = tables.ablation[tables.ablation["kind"] != ALL]
    whole = tables.ablation[tables.ablation["kind"] == ALL].iloc[0]["f1_macro"]
    groups = {ALONE: "one family alone", WITHOUT: "all others without it"}
    table = pd.DataFrame(
        {
            "group": frame["kind"].map(groups), "name": frame["family"], "value": frame["f1_macro"],
            "low": frame["f1_macro"] - frame["std"], "high": frame["f1_macro"] + frame["std"],
        }  # fmt: skip
    ).reset_index(drop=True)
    said = "; ".join(f"{row.group} {row.name} {percent(row.value)}" for row in table.itertuples(index=False))
    display = figures.IntervalsDisplay(table, whole, f"Macro F1 of {CLASSIFIER}")
    alt = f"Dots: macro F1 with families alone and taken away, {percent(whole)} with all. {said}."
    return "ablation", display, alt, "Lines are ± one standard deviation over the folds; dashed: all families.", True


def _curve_display(tables):
    frame = tables.stability[~tables.stability["own"]]
    table = pd.DataFrame(
        {
            "at": frame["kept"], "f1_macro": frame["f1_macro"], "low": frame["f1_macro"] - frame["std"],
            "high": frame["f1_macro"] + frame["std"],
        }  # fmt: skip
    )
    said = "; ".join(f"{row.at:.0f}: {percent(row.f1_macro)}" for row in table.itertuples(index=False))
    display = figures.GrowthDisplay(table, "measurements kept (logarithmic)", f"Macro F1 of {CLASSIFIER}")
    alt = f"Macro F1 of {CLASSIFIER} by the number of measurements kept. {said}."
    return "curve_kept", display, alt, "The band is ± one standard deviation over the folds.", True


# --- faces -----------------------------------------------------------------------------------------


def reasoned_faces(run: Run) -> tuple[ReasonedFace, ...]:
    """The explained faces whose pictures are kept."""
    if run.explanation is None:
        return ()
    members = {one.name: one.members for one in run.explanation.clusters}
    shown = [face for face in run.explanation.faces if face.row in run.excerpt.thumbnails]
    return tuple(_reasoned(run, face, members) for face in shown)


def _reasoned(run, face, members):
    names = run.dataset.label_names
    true, said = names[run.dataset.target[face.row]], names[face.predicted]
    caption = f"{true}, {'rightly' if said == true else 'taken for ' + said}: {100 * face.probability:.0f}\u202f%"
    moves = [move for move in face.moves if abs(move.change) >= LEAST_SHOWN] or face.moves[:1]
    reasons = tuple(_reason(run, move, color) for move, color in zip(moves, COLORS))
    lines = [[name for name in members[move.name] if drawable(name)][:N_LINES] for move in moves]
    tile = tile_with_lines(run.excerpt.thumbnails[face.row], lines)
    alt = (
        f"Face labelled {true}; the model said {said} with {100 * face.probability:.0f}\u202f%. Drawn: "
        + ", ".join(reason.what for reason in reasons) + "."
    )
    return ReasonedFace(Example(tile, caption, alt), reasons, _flips(face, names))


def _reason(run, move, color):
    side = "above" if move.value > move.median else "below" if move.value < move.median else "at"
    hexadecimal = "#" + "".join(f"{channel:02x}" for channel in color)
    return Reason(hexadecimal, points(move.change), f"{_short(run, move.name, 'and {} alike')}, {side} the median")


def _flips(face, names):
    if face.flips_after is None:
        return "With all that speak for it at the median it would still say so."
    what = "the strongest" if face.flips_after == 1 else f"the {face.flips_after} strongest"
    return f"With {what} at the median it would say {names[face.flips_to]}."


def tile_with_lines(thumbnail: Thumbnail, features) -> np.ndarray:
    """The face (SIDE, SIDE, 3) uint8 RGB with groups of features drawn; the first group thickest and on top."""
    picture = thumbnail.picture
    picture = picture if picture.ndim == 3 else np.repeat(picture[..., None], 3, axis=2)
    scale = SIDE / len(picture)
    tile = cv2.resize(picture, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA)
    if not thumbnail.has_points:
        return tile
    # The picture's pixel centres map as (x + 0.5) * scale - 0.5.
    landmarks = (thumbnail.points + 0.5) * scale - 0.5
    for rank, color in reversed(list(enumerate(COLORS[: len(features)]))):
        strokes = [stroke for name in features[rank] for stroke in FEATURES[name].draw(landmarks)]
        _draw(tile, strokes, (20, 20, 20), 6 - rank)
        _draw(tile, strokes, color, 4 - rank)
    return tile


def _draw(tile, strokes, color, width):
    for stroke in strokes:
        line = np.round(stroke * 16).astype(np.int32)  # 4 fractional bits, for smooth lines
        cv2.polylines(tile, [line], False, color, width, cv2.LINE_AA, shift=4)
