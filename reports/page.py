"""A run to the content of its page: sections, tables, figures and words, the same for HTML and Markdown."""

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

from reports import faces, figures, views, words
from reports.metrics import BASELINE, CV, SCORES, Tables, main_part, selections
from reports.run import Run
from reports.views import View, percent

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
    terms: tuple[tuple[str, str], ...] = words.TERMS
    limits: tuple[str, ...] = words.LIMITS
    synthetic: str = words.SYNTHETIC

    def all_pictures(self) -> list[Picture]:
        return [*self.pictures.values(), *(model.confusion for model in self.models)]


def page_of(run: Run, tables: Tables, *, versions: dict[str, str], config: str) -> Page:
    """Content of the page of a run; `config` is the text of config.toml."""
    part = main_part(run)
    held_out = None if part == CV else part
    examples = tuple(faces.example_faces(run))
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
        },
        facts=words.facts(run, tables, held_out),
        views=_views(run, tables, held_out) | {"versions": views.versions_view(versions)},
        pictures={picture.name: picture for picture in _pictures(run, tables, held_out, examples)},
        models=tuple(_model_part(tables, evaluation, part) for evaluation in _ranked(run, tables)),
        examples=examples,
        part=words.PARTS[part],
        held_out=held_out,
        versions=versions,
        config=config,
        selected={models: views.selected_view(frame) for models, frame in selected_groups(run, tables).items()},
    )


def _sections(run, tables):
    sections = [
        Section("reading", "How to read this"),
        Section("data", "The pictures"),
        Section("faces", "Faces found"),
        Section("ranking", "The models compared"),
        Section("models", "Model by model"),
        Section("training", "How the net learned"),
        Section("features", "What was measured"),
        Section("cost", "What it cost"),
        Section("protocol", "How it was tested"),
        Section("limits", "Limits"),
        Section("repeat", "To repeat this run"),
    ]
    return tuple(section for section in sections if section.name != "training" or len(tables.history))


def _ranked(run, tables):
    by_name = {evaluation.name: evaluation for evaluation in run.evaluations}
    return [by_name[model] for model in tables.cv["model"].unique() if model != BASELINE]


def _views(run, tables, held_out):
    return {
        "labels": views.labels_view(tables, words.PARTS),
        "skipped": views.skipped_view(run),
        "found": views.found_view(tables),
        "ranking": views.ranking_view(tables, held_out),
        "parts": views.parts_view(tables, words.PARTS),
        "cost": views.cost_view(tables),
        "seconds": views.seconds_view(run),
    }


def selected_groups(run: Run, tables: Tables) -> dict[str, pd.DataFrame]:
    """Rows of `tables.selected` by the models that share them, in the order of the run."""
    names = [", ".join(models) for models in selections(run.evaluations)]
    return {name: tables.selected[tables.selected["models"] == name] for name in names}


def _model_part(tables, evaluation, part):
    name = evaluation.name
    table = tables.confusion[(tables.confusion["model"] == name) & (tables.confusion["part"] == part)]
    display = figures.ConfusionDisplay(table.reset_index(drop=True))
    picture = Picture(f"confusion_{_file_name(name)}", display, _confusion_alt(table, name, words.PARTS[part]))
    return ModelPart(name, words.model_about(name), views.per_class_view(tables, name, part), picture)


def _confusion_alt(table, model, part):
    right = table[table["true"] == table["predicted"]]
    recalls = ", ".join(f"{row.true} {percent(row.share, 0)}" for row in right.itertuples() if row.share == row.share)
    wrong = table[(table["true"] != table["predicted"]) & (table["n"] > 0)]
    alt = f"Confusion matrix of {model}, {part}. Named rightly: {recalls}."
    if len(wrong):
        worst = wrong.loc[wrong["n"].idxmax()]
        alt += f" Most frequent error: {worst['true']} taken for {worst['predicted']}, {worst['n']} times."
    return alt


def _pictures(run, tables, held_out, examples):
    yield _labels_picture(tables)
    yield _found_picture(tables)
    if run.landmarks.found.any():
        yield _score_picture(run)
    if examples:
        tiles = tuple(example.tile for example in examples)
        captions = tuple(example.caption for example in examples)
        alt = f"{len(tiles)} example faces with their landmarks."
        yield Picture("faces", figures.TilesDisplay(tiles, captions), alt, embedded=False)
    for metric in SCORES:
        yield _scores_picture(run, tables, metric, held_out)
    yield from _training_pictures(tables)
    yield from _feature_pictures(run, tables)


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
    names, face = words.drawable(tables)[:N_DRAWN_FEATURES], faces.mean_face(run)
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
