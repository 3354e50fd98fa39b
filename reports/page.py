"""A run to the content of its page: sections, tables, figures and words, the same for HTML and Markdown."""

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

from . import card, faces, figures, reasons, views, words
from ..data.scores import SCORES
from .metrics import BASELINES, CV, RANKED_BY, main_part, selections
from .probabilities import MACRO
from .run import Run
from .statistics import level_groups
from .tables import Tables
from .uncertainty import NO_DIFFERENCE, fold_ranking
from .views import View, percent

N_DRAWN_FEATURES = 12


@dataclass(frozen=True)
class Picture:
    """A figure: the Display that draws it, and what it shows in words.

    `embedded` is False for a figure that stands in the folder alone, because
    the page shows its content in another way.
    """

    name: str
    display: object
    alt: str
    caption: str = ""
    embedded: bool = True

    @property
    def width(self) -> int:
        """CSS pixels."""
        return round(96 * self.display.size[0])

    @property
    def height(self) -> int:
        return round(96 * self.display.size[1])


@dataclass(frozen=True)
class Section:
    """One section of the page, by its template `section_<name>`."""

    name: str
    title: str


@dataclass(frozen=True)
class ModelPart:
    """What the page says of one model."""

    name: str
    about: str
    per_class: View
    confusion: Picture
    probabilities: tuple[Picture, ...]
    pairs: tuple[tuple[str, tuple[faces.Example, ...]], ...]
    worst: tuple[faces.Example, ...]
    tuning: View | None


@dataclass(frozen=True)
class Page:
    """Everything that the templates show."""

    run: Run
    title: str
    sections: tuple[Section, ...]
    sentences: dict[str, list[str]]
    facts: list
    views: dict[str, View]
    pictures: dict[str, Picture]
    models: tuple[ModelPart, ...]
    examples: tuple[faces.Example, ...]
    part: str
    held_out: str | None
    versions: dict[str, str]
    config: str
    selected: dict[str, View]
    card: list[tuple[str, list[str]]]
    gaps: list[str]
    reasoned: tuple[reasons.ReasonedFace, ...]
    terms: tuple[tuple[str, str], ...] = words.TERMS
    synthetic: str = words.SYNTHETIC

    def all_pictures(self) -> list[Picture]:
        of_models = (picture for model in self.models for picture in (model.confusion, *model.probabilities))
        return [*self.pictures.values(), *of_models]


def page_of(run: Run, tables: Tables, *, config: str) -> Page:
    """Content of the page of a run; `config` is the text of config.toml."""
    part = main_part(run)
    held_out = None if part == CV else part
    examples = tuple(faces.example_faces(run))
    reasoned = reasons.reasoned_faces(run)
    ranked = _ranked(run, tables)
    first = ranked[0].name
    return Page(
        run=run,
        title=f"Emotions from faces: {run.dataset.name}",
        sections=_sections(run, tables),
        sentences={
            "summary": words.summary(run, tables, held_out),
            "data": words.data_sentences(run),
            "faces": words.found_sentences(run),
            "features": words.selection_sentences(run, tables),
            "protocol": words.protocol_sentences(run),
            "ranks": words.rank_sentences(tables),
            "slices": card.served(run, tables, first),
            "cost": words.cost_sentences(run),
            "warnings": words.warnings(run),
            **reasons.sentences_of(run, tables),
        },
        facts=words.facts(run, tables, held_out),
        views=_views(run, tables, held_out, first),
        pictures={picture.name: picture for picture in _pictures(run, tables, held_out, examples, reasoned, first)},
        models=tuple(_model_part(run, tables, evaluation, part) for evaluation in ranked),
        examples=examples,
        part=words.PARTS[part],
        held_out=held_out,
        versions=run.versions,
        config=config,
        card=card.card(run, tables, first),
        gaps=words.gap_sentences(run, tables),
        reasoned=reasoned,
        selected={models: views.selected_view(frame) for models, frame in selected_groups(run, tables).items()},
    )


def _sections(run, tables):
    sections = {
        "reading": "How to read this",
        "ranking": "The models compared",
        "gaps": "Honest beside careless",
        "models": "Model by model",
        "reasons": "What the answers rest on",
        "certainty": "How sure, and how rightly so",
        "slices": "On which faces it works",
        "data": "The pictures",
        "faces": "Faces found",
        "training": "How the net learned",
        "features": "What was measured",
        "cost": "What it cost",
        "protocol": "How it was tested",
        "card": "Model card",
        "repeat": "To repeat this run",
    }
    absent = {"training": not len(tables.history), "gaps": run.audit is None, "reasons": run.explanation is None}
    return tuple(Section(name, title) for name, title in sections.items() if not absent.get(name))


def _ranked(run, tables):
    by_name = {evaluation.name: evaluation for evaluation in run.evaluations}
    return [by_name[model] for model in tables.cv["model"].unique() if model not in BASELINES]


def _views(run, tables, held_out, first):
    found = {
        "labels": views.labels_view(tables, words.PARTS),
        "skipped": views.skipped_view(run),
        "found": views.found_view(tables),
        "ranking": views.ranking_view(tables, held_out),
        "parts": views.parts_view(tables, words.PARTS),
        "pairs": views.pairs_view(tables),
        "certainty": views.certainty_view(tables),
        "slices": views.slices_view(tables, first),
        "cost": views.cost_view(tables),
        "seconds": views.seconds_view(run),
        "versions": views.versions_view(run.versions),
        **reasons.views(run, tables),
    }
    return found | ({"gaps": views.gaps_view(run, tables)} if run.audit else {})


def selected_groups(run: Run, tables: Tables) -> dict[str, pd.DataFrame]:
    """Rows of `tables.selected` by the models that share them, in the order of the run."""
    names = [", ".join(models) for models in selections(run.evaluations)]
    return {name: tables.selected[tables.selected["models"] == name] for name in names}


def _model_part(run, tables, evaluation, part):
    name = evaluation.name
    table = tables.confusion[(tables.confusion["model"] == name) & (tables.confusion["part"] == part)]
    display = figures.ConfusionDisplay(table.reset_index(drop=True))
    confused = tables.confused[tables.confused["model"] == name]
    return ModelPart(
        name=name,
        about=words.model_about(name),
        per_class=views.per_class_view(tables, name, part),
        confusion=Picture(f"confusion_{_file_name(name)}", display, _confusion_alt(table, name, words.PARTS[part])),
        probabilities=tuple(_probability_pictures(tables, name)),
        pairs=tuple((words.confused_words(pair), tuple(faces.pair_faces(run, pair))) for pair in confused.itertuples()),
        worst=tuple(faces.error_faces(run, tables.worst[tables.worst["model"] == name])),
        tuning=views.tuning_view(tables, name),
    )


def _probability_pictures(tables, name):
    certainty = tables.certainty.set_index("model").loc[name]
    areas = tables.areas[tables.areas["model"] == name].set_index("label")
    for kind, column, words_of in (
        ("roc", "auc", "ROC curves"), ("pr", "average_precision", "Precision-recall curves")
    ):  # fmt: skip
        table = tables.curves[(tables.curves["model"] == name) & (tables.curves["curve"] == kind)]
        if len(table):
            values = areas[column].to_dict() | {MACRO: certainty["auc_macro" if kind == "roc" else "ap_macro"]}
            alt = f"{words_of} of {name}, one label against the rest; areas: "
            alt += ", ".join(f"{label} {value:.2f}" for label, value in values.items()) + "."
            display = figures.RatesDisplay(table.reset_index(drop=True), kind, values, words_of)
            yield Picture(f"{kind}_{_file_name(name)}", display, alt)
    table = tables.calibration[tables.calibration["model"] == name].reset_index(drop=True)
    side = "surer than right" if certainty["confidence"] > certainty["accuracy"] else "less sure than right"
    alt = (
        f"Calibration of {name}: on average {percent(certainty['confidence'])} sure and "
        f"{percent(certainty['accuracy'])} right, so {side}; calibration error {100 * certainty['ece']:.1f} points."
    )
    display = figures.CalibrationDisplay(table, certainty["ece"], f"{name}: error {100 * certainty['ece']:.1f} points")
    yield Picture(f"calibration_{_file_name(name)}", display, alt)


def _confusion_alt(table, model, part):
    right = table[table["true"] == table["predicted"]]
    recalls = ", ".join(f"{row.true} {percent(row.share, 0)}" for row in right.itertuples() if row.share == row.share)
    wrong = table[(table["true"] != table["predicted"]) & (table["n"] > 0)]
    alt = f"Confusion matrix of {model}, {part}. Named rightly: {recalls}."
    if len(wrong):
        worst = wrong.loc[wrong["n"].idxmax()]
        alt += f" Most frequent error: {worst['true']} taken for {worst['predicted']}, {worst['n']} times."
    return alt


def _pictures(run, tables, held_out, examples, reasoned, first):
    yield _labels_picture(tables)
    yield _found_picture(tables)
    if np.isfinite(run.landmarks.score[run.landmarks.found]).any():  # landmarks made elsewhere have none
        yield _score_picture(run)
    if examples:
        tiles = tuple(example.tile for example in examples)
        captions = tuple(example.caption for example in examples)
        alt = f"{len(tiles)} example faces with their landmarks."
        yield Picture("faces", figures.TilesDisplay(tiles, captions), alt, embedded=False)
    for metric in SCORES:
        yield _scores_picture(run, tables, metric, held_out)
    yield from _rank_pictures(run, tables)
    yield from _gap_pictures(run, tables)
    yield from _slice_pictures(run, tables, first)
    yield from _cost_pictures(tables)
    yield from _training_pictures(tables)
    yield from _feature_pictures(run, tables)
    for name, display, alt, caption, embedded in reasons.displays(run, tables, reasoned):
        yield Picture(name, display, alt, caption, embedded)


def _labels_picture(tables):
    frame = tables.labels.groupby("label", sort=False)["n"].sum()
    texts = tuple(views.count(n) for n in frame)
    display = figures.BarsDisplay(tuple(frame.index), tuple(frame), texts, "Pictures per label")
    alt = "Bars: pictures per label. " + ", ".join(f"{label} {text}" for label, text in zip(frame.index, texts)) + "."
    return Picture("labels", display, alt)


def _found_picture(tables):
    frame = tables.found[tables.found["n"] > 0]
    texts = tuple(percent(share) for share in frame["share"])
    display = figures.BarsDisplay(tuple(frame["label"]), tuple(frame["share"]), texts, "Share of faces found")
    alt = "Bars: share of faces found per label. " + ", ".join(map(" ".join, zip(frame["label"], texts))) + "."
    return Picture("found", display, alt)


def _score_picture(run):
    values = run.landmarks.score[run.landmarks.found]
    low, middle, high = np.nanpercentile(values, [5, 50, 95])
    display = figures.HistogramDisplay(values, "How sure the detector was", "score of the detector; higher is surer")
    alt = f"Histogram of the detector's score: median {middle:.2f}, 90 in 100 between {low:.2f} and {high:.2f}."
    return Picture("detector_score", display, alt)


def _scores_picture(run, tables, metric, held_out):
    frame = tables.cv[tables.cv["metric"] == metric]
    chosen = tables.parts.query("faces == 'all' and part == @held_out") if held_out else tables.parts[:0]
    title = views.SCORE_TITLES[metric]
    display = figures.ScoresDisplay(
        metric, title[0].upper() + title[1:], tables.cv, tables.folds, dict(zip(chosen["model"], chosen[metric]))
    )
    values = "; ".join(f"{row.model} {percent(row.mean)}" for row in frame.itertuples())
    return Picture(f"scores_{metric}", display, f"Dots with intervals: {title} in cross-validation. {values}.")


def _rank_pictures(run, tables):
    found = fold_ranking(run, tables.folds)
    if found is None:
        return
    names, ranking = found
    groups = tuple(level_groups(ranking))
    display = figures.RanksDisplay(tuple(names), tuple(ranking.ranks), ranking.critical_difference, groups)
    order = ", ".join(f"{row.model} {row.mean_rank:.2f}" for row in display.frame().itertuples())
    joined = "; ".join(" and ".join(names[index] for index in group) for group in groups) or "none"
    alt = (
        f"Critical-difference plot of mean ranks over the folds: {order}. Critical difference "
        f"{ranking.critical_difference:.2f}; not told apart: {joined}."
    )
    caption = f"Mean rank over the folds, 1 is best. A bar joins models not told apart: {NO_DIFFERENCE}."
    yield Picture("ranks", display, alt, caption)


def _gap_pictures(run, tables):
    possible = tables.gaps[tables.gaps["n"] > 0]
    if len(possible):
        said = "; ".join(f"{row.leaky_rule} {100 * row.gap:+.1f} points" for row in possible.itertuples())
        display = figures.GapsDisplay(possible.reset_index(drop=True))
        yield Picture("gaps", display, f"Honest and careless accuracy: {said}.")
    titles = {
        "learning": ("Learning curve", "faces trained on (logarithmic)"),
        "features": ("Number of features", "features kept by the F statistic (logarithmic)"),
    }
    for curve, (title, xlabel) in titles.items():
        table = tables.audit_curves[tables.audit_curves["curve"] == curve].reset_index(drop=True)
        if len(table):
            points = "; ".join(f"{row.at:,.0f}: {percent(row.f1_macro)}" for row in table.itertuples())
            display = figures.GrowthDisplay(table, xlabel, f"{title}: macro F1")
            yield Picture(f"curve_{curve}", display, f"{title} of {run.audit.classifier}, macro F1. {points}.")


def _slice_pictures(run, tables, first):
    frame = tables.slices[tables.slices["model"] == first]
    if not len(frame):
        return
    table = frame.rename(columns={"by": "group", "slice": "name", "accuracy": "value"})
    table = table[["group", "name", "value", "low", "high"]]
    values = "; ".join(f"{row.by}, {row.slice}: {percent(row.accuracy)}" for row in frame.itertuples())
    display = figures.IntervalsDisplay(table, _whole_accuracy(run, tables, first), f"Accuracy of {first}")
    caption = "Lines are 95\u202f% intervals; the dashed line is the accuracy over all pictures."
    yield Picture("slices", display, f"Accuracy of {first} by part of the pictures. {values}.", caption)


def _whole_accuracy(run, tables, model):
    frame = tables.parts[(tables.parts["model"] == model) & (tables.parts["faces"] == "all")]
    return float(frame.set_index("part").loc[main_part(run), RANKED_BY])


def _cost_pictures(tables):
    accuracy = tables.cv[tables.cv["metric"] == RANKED_BY].set_index("model")["mean"]
    table = tables.cost.assign(accuracy=accuracy.loc[tables.cost["model"]].to_numpy())
    values = "; ".join(
        f"{row.model} {percent(row.accuracy)} at {1e6 * row.predict_seconds_per_face:,.0f} µs"
        for row in table.itertuples()
    )
    caption = "Accuracy in the cross-validation against time; the larger the dot, the larger the model's file."
    alt = f"Accuracy against the time to answer for one face: {values}."
    yield Picture("cost", figures.CostDisplay(table), alt, caption)


def _training_pictures(tables):
    for model, history in tables.history.groupby("model", sort=False):
        for quantity in ("loss", "accuracy"):
            display = figures.CurvesDisplay(history, quantity, f"{model}: {quantity}")
            last = history.groupby("fit")[list(display.frame().columns[2:])].last().mean()
            ends = [f"{column.replace('_', ' ')} {value:.2f}" for column, value in last.items()]
            if ends:
                alt = f"Curves of the {quantity} of {model} by epoch. At the end, mean of the fits: {', '.join(ends)}."
                yield Picture(f"curves_{_file_name(model)}_{quantity}", display, alt)


def _feature_pictures(run, tables):
    names, face = words.drawable(tables)[:N_DRAWN_FEATURES], run.excerpt.mean_face
    if not names:
        return
    if face is not None:
        alt = f"The mean face of the found faces, {len(names)} times, each with one feature drawn: {', '.join(names)}."
        caption = "Left and right are the subject's own. Numbers are the ranks in the table."
        yield Picture("selected_faces", figures.FeatureFacesDisplay(face, tuple(names)), alt, caption)
    top = words.first_selection(tables).head(views.TOP_FEATURES)
    texts = tuple(percent(share, 0) for share in top["share"])
    display = figures.BarsDisplay(tuple(top["feature"]), tuple(top["share"]), texts)
    alt = "Bars: share of folds that kept each feature. " + ", ".join(map(" ".join, zip(top["feature"], texts))) + "."
    yield Picture("selected", display, alt, "Share of the folds that kept a feature.")


def _file_name(name):
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name)
