"""Sentences made from the numbers of a run, the same in HTML and in Markdown."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..classifiers.evaluate import UNUSED
from ..classifiers.registry import AUGMENTS, BALANCES, CLASSIFIERS
from ..classifiers.selection import SELECTORS
from ..classifiers.tuning import TUNINGS
from ..data.dataset import TEST, TRAIN, VALIDATION
from ..features import FEATURES
from ..landmarks import DETECTORS
from ..landmarks import ON_MISS
from .metrics import BASELINE, BASELINES, CV, GUESS, RANKED_BY, majority_label, scored_parts, selections
from .run import Run
from .tables import Tables
from .gaps import repeated_mean
from .uncertainty import ALPHA, NO_DIFFERENCE
from .views import SCORE_TITLES, TOP_FEATURES, count, percent, points, size

PARTS = {CV: "cross-validation", TRAIN: "training", VALIDATION: "validation", TEST: "test", "unused": "left out"}

NUMBERS = ("No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten", "Eleven", "Twelve")

SYNTHETIC = (
    "The faces behind these numbers were drawn by a computer and show nobody. The numbers tell that the pipeline "
    "works; they say nothing about how well it reads the faces of people."
)

TERMS = (
    ("Accuracy", "the share of pictures whose label was named rightly."),
    (
        "Recall of a label",
        "of the faces that bear it, the share that was named so. Macro recall is the mean over the labels: rare labels "
        "count as much as frequent ones, so a model cannot do well by ignoring them.",
    ),
    ("Precision of a label", "of the faces that were named so, the share that bear it."),
    ("F1", "the harmonic mean of precision and recall of a label; macro F1 is its mean over the labels."),
    (
        "Cross-validation",
        "the training pictures are dealt into folds; each fold is predicted by a model fitted on the others. "
        "± is the standard deviation over the folds.",
    ),
    (
        "95\u202f% interval",
        "where the number would plausibly lie if the pictures had been drawn anew; whole subjects are drawn where "
        "they are known, because pictures of one person are alike.",
    ),
    (
        "No difference shown",
        "the numbers differ, but by no more than chance alone would often bring about. It does not say that two models "
        "are equally good.",
    ),
    (
        "Majority label, stratified guess",
        "two models that look at no face: one always gives the most frequent label, one draws each answer as often as "
        "the label occurs. What a real model adds is the difference to them.",
    ),
)


@dataclass(frozen=True)
class Fact:
    """A number at the head of the page, and what it is."""

    value: str
    what: str


def facts(run: Run, tables: Tables, held_out: str | None) -> list[Fact]:
    """The four numbers to know first."""
    first = tables.cv[tables.cv["metric"] == RANKED_BY].iloc[0]
    baseline = _cv_row(tables, BASELINE)
    found = [Fact(percent(first["mean"]), f"accuracy of {first['model']}, the first, in cross-validation")]
    if held_out:
        accuracy = _part_accuracy(tables, first["model"], held_out)
        found.append(Fact(percent(accuracy), f"its accuracy on the {held_out} part"))
    found.append(Fact(percent(baseline["mean"]), f"for always answering “{majority_label(run)}”"))
    found.append(Fact(percent(run.landmarks.found.mean()), f"of {count(len(run.dataset))} pictures with a face found"))
    return found


def summary(run: Run, tables: Tables, held_out: str | None) -> list[str]:
    """The result in plain words: who came first, by how much, and against what."""
    if len(np.unique(run.dataset.target)) == 1:
        return [
            f"All {count(len(run.dataset))} pictures of “{run.dataset.name}” bear one label, “{majority_label(run)}”: "
            "there is nothing to tell apart, and only what is said of pictures and landmarks means anything here."
        ]
    frame = tables.cv[tables.cv["metric"] == RANKED_BY]
    ranked = frame[~frame["model"].isin(BASELINES)]
    sentences = [_setting(run, len(ranked)), _first(ranked.iloc[0], run.evaluations[0].n_folds)]
    if len(ranked) > 1:
        sentences.append(_second(tables, ranked.iloc[0], ranked.iloc[1]))
    sentences.append(_against_baseline(run, tables, ranked.iloc[0], _cv_row(tables, BASELINE)))
    if held_out:
        sentences.append(_on_held_out(run, tables, ranked.iloc[0]["model"], held_out))
    return sentences


def _setting(run, n_models):
    names, synthetic = run.dataset.label_names, "synthetic " if run.dataset.synthetic else ""
    number = NUMBERS[n_models] if n_models < len(NUMBERS) else count(n_models)
    models = f"{number} model was" if n_models == 1 else f"{number} models were"
    return (
        f"{models} asked which of {len(names)} labels ({', '.join(names)}) each of {count(len(run.dataset))} "
        f"{synthetic}pictures of “{run.dataset.name}” bears."
    )


def _first(row, n_folds):
    interval = "" if np.isnan(row["low"]) else f" (95\u202f% interval {percent(row['low'])} to {percent(row['high'])})"
    return (
        f"In a cross-validation of {n_folds} folds {row['model']} came first: it named the label of "
        f"{percent(row['mean'])} of the pictures that it had not been fitted on{interval}."
    )


def _second(tables, first, second):
    lead = 100 * (first["mean"] - second["mean"])
    behind = "level with it" if round(lead, 1) == 0 else f"{lead:.1f} points behind"
    pair = tables.pairs[(tables.pairs["first"] == first["model"]) & (tables.pairs["second"] == second["model"])]
    if not len(pair) or np.isnan(pair.iloc[0]["p_folds_holm"]):
        return f"{second['model']} came second, {behind}."
    p = p_text(pair.iloc[0]["p_folds_holm"])
    if pair.iloc[0]["verdict"] == NO_DIFFERENCE:
        return f"{second['model']} came second, {behind}: {NO_DIFFERENCE} between the two (p {p} over the folds)."
    return f"{second['model']} came second, {behind}; the folds show the difference (p {p})."


def p_text(p: float) -> str:
    """“= 0.031” or “< 0.001”."""
    return "< 0.001" if p < 0.001 else f"= {p:.3f}"


def _against_baseline(run, tables, first, baseline):
    gain = 100 * (first["mean"] - baseline["mean"])
    counts = np.bincount(run.dataset.target)
    rank = "the most frequent label" if (counts == counts.max()).sum() == 1 else "as frequent a label as any"
    reference = (
        f"always answering “{majority_label(run)}”, {rank}, is right in {percent(baseline['mean'])} of the cases, "
        f"guessing as often as labels occur in {percent(_cv_row(tables, GUESS)['mean'])}"
    )
    if gain <= 0 or first["low"] <= baseline["mean"]:
        return f"That is not clearly more than no model at all: {reference}."
    return f"For comparison, {reference}: {first['model']} gains {gain:.1f} points over the former."


def _on_held_out(run, tables, model, part):
    n = int(scored_parts(run)[part].sum())
    return (
        f"On the {part} part, {count(n)} pictures that took no part in fitting or ranking, {model} was right in "
        f"{percent(_part_accuracy(tables, model, part))}{_interval_words(tables, model, part)}."
    )


def _interval_words(tables, model, part):
    frame = tables.intervals.query("model == @model and part == @part and faces == 'all' and label == ''")
    row = frame[frame["metric"] == RANKED_BY]
    if not len(row) or np.isnan(row.iloc[0]["low"]):
        return ""
    return f" (95\u202f% interval {percent(row.iloc[0]['low'])} to {percent(row.iloc[0]['high'])})"


def _cv_row(tables, model):
    return tables.cv[(tables.cv["model"] == model) & (tables.cv["metric"] == RANKED_BY)].iloc[0]


def _part_accuracy(tables, model, part, faces="all"):
    frame = tables.parts
    return frame[(frame["model"] == model) & (frame["part"] == part) & (frame["faces"] == faces)].iloc[0]["accuracy"]


def data_sentences(run: Run) -> list[str]:
    """Pictures, subjects, split, duplicates."""
    dataset = run.dataset
    sentences = [dataset.about] if dataset.about else []
    if dataset.groups is None:
        sentences.append("Who is shown is not known.")
    else:
        sentences.append(f"The pictures show {count(len(np.unique(dataset.groups)))} subjects.")
    if dataset.split is None:
        sentences.append("There is no official split, so every score comes from cross-validation.")
    return [*sentences, *_duplicate_sentences(run)]


def _duplicate_sentences(run):
    if not run.duplicates.count:
        return ["No picture occurs twice."]
    repeat = "1 picture repeats" if run.duplicates.count == 1 else f"{count(run.duplicates.count)} pictures repeat"
    if run.duplicates.near:
        sentences = [
            f"{repeat} an earlier one: {count(run.duplicates.exact)} exactly, {count(run.duplicates.near)} in another "
            "crop, size or compression."
        ]
    else:
        sentences = [f"{repeat} an earlier one exactly."]
    left_out = int((run.evaluations[0].fold == UNUSED).sum())
    if run.dataset.split is not None:
        across = run.duplicates.across_split(run.dataset.split)
        sentences.append(
            f"{count(across['exact'])} training pictures lie in a held-out part too; {count(left_out)} were left out "
            "of training and of cross-validation: a model would otherwise be examined on what it has learned by heart."
        )
        if across["near"]:
            sentences.append(
                f"Another {count(across['near'])} nearly lie in a held-out part too. They were trained on, as the "
                "official split has them, so scores of the held-out part flatter; cross-validation keeps near copies "
                "on one side and does not."
            )
    return sentences


def found_sentences(run: Run) -> list[str]:
    """How many faces, by which detector, and what became of the others."""
    found = run.landmarks.found
    about = DETECTORS[run.detector].about if run.detector in DETECTORS else run.detector
    missed, unreadable = int((~found).sum()), int((~run.landmarks.readable).sum())
    sentences = [
        f"The detector saw a face in {count(int(found.sum()))} of {count(len(found))} pictures, "
        f"{percent(found.mean())}. It was {about}.",
    ]
    if missed:
        keep = ON_MISS.get(run.on_miss, run.on_miss)
        sentences.append(
            f"The other {count(missed)} stay in every score (“all”); what stands for their landmarks: {keep}. "
            "Scores over “detected” leave them out, and flatter a model where hard faces are missed."
        )
    if unreadable:
        sentences.append(f"{count(unreadable)} pictures could not be read.")
    return sentences


def selection_sentences(run: Run, tables: Tables) -> list[str]:
    """What was measured, and what the selector made of it."""
    selector, d = run.protocol.selector, run.table.X.shape[1]
    sentences = [f"Every face gives {count(d)} measurements ({', '.join(run.families)})."]
    if not selections(run.evaluations):
        return [*sentences, "No model of this run works on measurements: each sees the picture itself."]
    if selector == "none":
        sentences.append("No selector was used: models saw all of them.")
        return [*sentences, "They are ordered by how much they differ between labels."]
    about = SELECTORS[selector].about if selector in SELECTORS else selector
    sentences.append(f"Selector: {selector}, {about}; fitted anew in each fold.")
    if not drawable(tables):
        return [*sentences, "It makes components, mixtures of many measurements, which no line on a face can show."]
    always = int((tables.selected["share"] == 1).groupby(tables.selected["models"]).sum().max())
    if always > TOP_FEATURES:
        sentences.append(
            f"{count(always)} features were kept in every fold. Among equals the order is by how much a feature "
            "differs between the labels."
        )
    return sentences


def drawable(tables: Tables) -> list[str]:
    """Names of the selected features that can be drawn, most often kept first."""
    return [name for name in first_selection(tables)["feature"] if name in FEATURES]


def first_selection(tables: Tables) -> pd.DataFrame:
    """Rows of `tables.selected` of the first group of models; empty where no model selects."""
    selected = tables.selected
    return selected[selected["models"] == selected["models"].iloc[0]] if len(selected) else selected


def protocol_sentences(run: Run) -> list[str]:
    """How models were compared."""
    protocol, n_folds = run.protocol, run.evaluations[0].n_folds
    sentences = [
        f"The training part is dealt into {n_folds} folds with about equal shares of every label. Each fold is "
        "predicted by models that were fitted on the other folds only. All models get the same folds.",
        f"What belongs together stays on one side of every fold: {protocol.grouped_by or 'identical pictures'}.",
        "Whatever learns from data is fitted within the fold, on its training pictures alone: filling gaps, scaling, "
        "selecting features, balancing and the classifier itself. Measuring a face learns nothing, so it is done once.",
        f"Balance of labels: {protocol.balance} ({BALANCES.get(protocol.balance, 'as named')}).",
        f"Added to the training faces: {protocol.augment} ({AUGMENTS.get(protocol.augment, 'as named')}).",
        _tuning_sentence(protocol.tune),
    ]
    if protocol.reference:
        sentences.append(protocol.reference)
    if len(scored_parts(run)) > 1:
        sentences.append(
            "Held-out pictures are predicted once, by a model fitted on the whole training part. "
            "They chose nothing: the ranking is the cross-validation's."
        )
    sentences.append(
        f"Models are ranked by {SCORE_TITLES[RANKED_BY]}. The interval of a mean over folds is a t interval with the "
        "variance s²(1/K + n_test/n_train), which allows for the training pictures that folds share (Nadeau and "
        "Bengio 2003); other intervals are percentiles of 2,000 resamples, of whole subjects where they are known."
    )
    return sentences


def _tuning_sentence(tune):
    if tune == "none":
        return "Parameters of the models are the defaults; none was tuned on these pictures."
    return (
        f"Parameters of the models were searched by successive halving (--tune {tune}: "
        f"{TUNINGS.get(tune, 'as named')}), for every fit anew, on folds within its own training pictures; the "
        "pictures that it predicts took no part."
    )


def rank_sentences(tables: Tables) -> list[str]:
    """Friedman's test over the folds; empty for fewer than three models."""
    if not len(tables.ranks):
        return []
    p = tables.ranks["friedman_p"].iloc[0]
    verdict = "the models differ" if p < ALPHA else f"{NO_DIFFERENCE} among them"
    return [
        f"Friedman's test over the folds: {verdict} (p {p_text(p)}); pairs after Nemenyi. Folds share training "
        "pictures, which this test does not allow for: it is too sure of itself here, and is meant for several "
        "datasets (lineament compare).",
    ]


def gap_sentences(run: Run, tables: Tables) -> list[str]:
    """Each broken rule: the gap in points, and in one sentence why it matters."""
    sentences = []
    for row in tables.gaps.itertuples():
        if row.why_not:
            sentences.append(f"{capital(row.leaky_rule)}: nothing to compare, {row.why_not}. {row.cause}")
            continue
        gap = f"{points(row.gap)} points ({points(row.low)} to {points(row.high)})"
        verdict = f", {NO_DIFFERENCE}" if row.verdict == NO_DIFFERENCE else ""
        sentences.append(f"{capital(row.leaky_rule)} instead of {row.honest_rule}: {gap}{verdict}. {row.cause}")
    if run.audit:
        mean, low, high = repeated_mean(run)
        means = 100 * run.audit.repeats.mean(axis=1)
        sentences.append(
            f"Cross-validation repeated {len(means)} times on other folds: {percent(mean)} ({percent(low)} to "
            f"{percent(high)}); the choice of folds alone moved the mean between {means.min():.1f} and "
            f"{means.max():.1f}\u202f%."
        )
    return sentences


def capital(text: str) -> str:
    """The text with its first letter large; unlike `str.capitalize`, the rest stays."""
    return text[:1].upper() + text[1:]


def confused_words(pair) -> str:
    """“sad taken for neutral: 84 times, 14.1 % of sad” of a row of `Tables.confused`."""
    times = "once" if pair.n == 1 else f"{count(pair.n)} times"
    return f"{pair.true} taken for {pair.predicted}: {times}, {percent(pair.share)} of {pair.true}"


def cost_sentences(run: Run) -> list[str]:
    """What the seconds count, and the memory."""
    sentences = [
        "Fitting times of models that share a selector include the selector's. “Answer for one face” starts from "
        "measurements or the cropped face, “with its landmarks” from the picture.",
    ]
    if run.landmark_seconds is None:
        sentences.append("How long landmarks take was not measured in this run.")
    else:
        took = f"{1e3 * run.landmark_seconds:.1f}\u202fms"
        sentences.append(f"Finding a face and its landmarks took {took} on one core.")
    if run.peak_memory:
        sentences.append(f"The largest process of the run held {size(run.peak_memory)} of memory at its peak.")
    return sentences


def warnings(run: Run) -> list[str]:
    """What a reader must know first: one label alone, no face found, labels that are not scored, steps that failed."""
    found, present = run.landmarks.found, np.unique(run.dataset.target)
    sentences = []
    if len(present) == 1:
        sentences.append(
            f"Every picture bears the label “{run.dataset.label_names[present[0]]}”. There is nothing to tell apart: "
            "the scores below mean nothing."
        )
    if not found.any():
        sentences.append("No face was found: what was measured are the points of a box that covers the frame, or none.")
    for part, rows in scored_parts(run).items():
        names = [run.dataset.label_names[label] for label in present if not (run.dataset.target[rows] == label).any()]
        if names:
            sentences.append(f"The {PARTS[part]} part holds no picture of: {', '.join(names)}.")
    return sentences + [
        f"The {failure.step} is missing: {failure.reason}. All else on this page stands without it."
        for failure in run.failures
    ]


def model_about(name: str) -> str:
    """What a classifier is, in one line; "" for one that the registry does not know."""
    return CLASSIFIERS[name].about if name in CLASSIFIERS else ""
