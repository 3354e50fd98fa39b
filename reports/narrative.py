"""Sentences about a whole run, from its numbers; those of one section stand with it in `sections`."""

import numpy as np

from ..classifiers.evaluate import UNUSED
from ..classifiers.registry import CLASSIFIERS
from ..data.dataset import TEST, TRAIN, VALIDATION
from ..data.duplicates import ties
from .baselines import BASELINE, BASELINES, GUESS, majority_baseline, majority_label
from .clean import clean_sentence, clean_words
from .formats import capital, count, p_text, percent, points
from .metrics import CV, RANKED_BY, held_out_part, ranked_models, scored_parts
from .run import Failure, Run
from .section import Tables
from .uncertainty import NO_DIFFERENCE, gain_over_majority, interval_words

SPLIT_NAMES = {CV: "cross-validation", TRAIN: "training", VALIDATION: "validation", TEST: "test", "unused": "left out"}
SCORE_NAMES = {"accuracy": "accuracy", "recall_macro": "macro recall", "f1_macro": "macro F1"}
NUMBERS = ("No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten", "Eleven", "Twelve")
FEW_SUBJECTS = 30
SYNTHETIC = (
    "The faces behind these numbers were drawn by a computer and show nobody. The numbers tell that the pipeline "
    "works; they say nothing about how well it reads the faces of people."
)


def lead(run: Run, tables: Tables) -> list[str]:
    """What was asked, and who came first."""
    if len(np.unique(run.dataset.target)) == 1:
        return [
            f"All {count(len(run.dataset))} pictures of “{run.dataset.name}” bear one label, “{majority_label(run)}”: "
            "there is nothing to tell apart, and only what is said of pictures and landmarks means anything here."
        ]
    ranked = _ranking(tables)
    return [_setting(run, len(ranked)), _first(ranked, run.evaluations[0].n_folds), *_selected(ranked)]


def facts(run: Run, tables: Tables) -> list[tuple[str, str]]:
    """The numbers to know first, and what they are."""
    ranked, held_out = _ranking(tables), held_out_part(run)
    first = ranked.iloc[0]
    place = ", the first," if len(ranked) > 1 else ""
    entries = [(percent(first["value"]), f"accuracy of {first['model']}{place} in cross-validation")]
    if held_out:
        accuracy = part_accuracy(tables, first["model"], held_out)
        clean = clean_words(tables, first["model"], held_out)
        entries.append((percent(accuracy), f"its accuracy on the {held_out} part{clean}"))
    elif len(ranked) > 1:
        second = ranked.iloc[1]
        level = f": {NO_DIFFERENCE}" if _pair(tables, first, second)["verdict"] == NO_DIFFERENCE else ""
        ahead = points(first["value"] - second["value"])
        entries.append((ahead, f"points ahead of {second['model']}, the second{level}"))
    entries.append((percent(_cv_row(tables, BASELINE)["value"]), f"for always answering {_always(run)[0]}"))
    entries.append((percent(run.landmarks.found.mean()), f"of {count(len(run.dataset))} pictures with a face found"))
    return entries


def rest_of_ranking(run: Run, tables: Tables) -> list[str]:
    """Who came second and by how much, and what the first does on the held-out part."""
    ranked, held_out = _ranking(tables), held_out_part(run)
    sentences = [_second(tables, ranked.iloc[0], ranked.iloc[1])] if len(ranked) > 1 else []
    if held_out:
        model = ranked.iloc[0]["model"]
        sentences += [_on_held_out(run, tables, model, held_out), clean_sentence(run, tables, model, held_out)]
    return sentences


def against_baseline(run: Run, tables: Tables) -> str:
    """What the first model adds to no model at all."""
    model, n_models = first_model(tables), len(run.evaluations)
    reference = (
        f"always answering {' '.join(_always(run))} is right in {percent(_cv_row(tables, BASELINE)['value'])} of the "
        f"cases, guessing as often as labels occur in {percent(_cv_row(tables, GUESS)['value'])}"
    )
    gain = gain_over_majority(run, model)
    if not gain.low > 0:
        return f"{model} is not clearly better than no model at all: {reference}."
    models = "both models" if n_models == 2 else f"all {n_models} models"
    at_once = f", an interval that holds for {models} at once" if n_models > 1 else ""
    return (
        f"{capital(reference)}: {model} gains {100 * gain.value:.1f} points over the former ({points(gain.low)} to "
        f"{points(gain.high)}{at_once})."
    )


def _always(run):
    """What the baseline always answers, and how frequent that is; folds of balanced labels may differ in it."""
    blind, trained_on = majority_baseline(run.evaluations[0]), run.evaluations[0].fold >= 0
    answers, counts = np.unique(blind.predicted[trained_on]), np.bincount(run.dataset.target[trained_on])
    if len(answers) > 1:
        return ("the label that is most frequent in training",)
    rank = "the most frequent label" if (counts == counts.max()).sum() == 1 else "as frequent a label as any"
    return f"“{run.dataset.label_names[answers[0]]}”", f"({rank})"


def warnings(run: Run) -> list[str]:
    """What a reader must know first: one label alone, no face found, labels that are not scored, steps that failed."""
    present = np.unique(run.dataset.target)
    sentences = []
    if len(present) == 1:
        sentences.append(
            f"Every picture bears the label “{run.dataset.label_names[present[0]]}”. There is nothing to tell apart: "
            "the scores below mean nothing."
        )
    if not run.landmarks.found.any():
        sentences.append("No face was found: what was measured are the points of a box that covers the frame, or none.")
    for part, rows in scored_parts(run).items():
        names = [run.dataset.label_names[label] for label in present if not (run.dataset.target[rows] == label).any()]
        if names:
            sentences.append(f"The {SPLIT_NAMES[part]} part holds no picture of: {', '.join(names)}.")
    return sentences + list(map(failure_words, run.failures))


def failure_words(failure: Failure) -> str:
    """What is missing on the page, and why."""
    return f"The {failure.step} is missing: {failure.reason.rstrip('.')}. All else on this page stands without it."


def limits(run: Run) -> list[str]:
    """What this run in particular lacks."""
    dataset, found = run.dataset, run.landmarks.found
    sentences = _label_limits(run)
    if dataset.groups is None:
        sentences.append(
            "Who is shown is not known: the same person may sit on both sides of a split, and scores on new people may "
            "be lower."
        )
    elif (n := len(np.unique(dataset.groups))) < FEW_SUBJECTS:
        subjects = "1 subject" if n == 1 else f"{n} subjects"
        sentences.append(f"Only {subjects}: every score rests on few people, and its interval allows for that.")
    if not found.any():
        sentences.append("The detector saw no face at all: no landmark here is more than a guess.")
    elif not found.all():
        missed = int((~found).sum())
        sentences.append(
            f"No face was found in {count(missed)} of the pictures ({percent(missed / len(found))}); landmarks there "
            "are a guess or none."
        )
    return sentences


def repeated_pictures(run: Run) -> list[str]:
    """Identical and nearly identical pictures, and whether they lie on both sides of the split."""
    duplicates, found = run.duplicates, ties(run.dataset, run.duplicates)
    if not duplicates.near_searched:
        nearly = " Near copies, in another crop, size or compression, were not looked for."
    else:
        nearly = ""
    if not duplicates.count:
        sentences = [f"No picture occurs twice, {'exactly or nearly' if not nearly else 'exactly'}.{nearly}"]
    else:
        repeat = "1 picture repeats" if duplicates.count == 1 else f"{count(duplicates.count)} pictures repeat"
        kinds = f"{count(duplicates.exact)} exactly, {count(duplicates.near)} in another crop, size or compression"
        sentences = [f"{repeat} an earlier one exactly.{nearly}" if nearly else f"{repeat} an earlier one: {kinds}."]
    if found.subjects:
        sentences.append(
            f"{count(found.subjects)} subjects share a picture, exactly or nearly, with another subject, and stay on "
            "the side of that one: either who is shown is told wrongly there, or the pictures are much alike."
        )
    if found.apart:
        copies = "1 near copy" if found.apart == 1 else f"{count(found.apart)} near copies"
        sentences.append(
            f"{copies} may lie on another side of a fold than their like: tied together, they would chain too many of "
            "all pictures into one group."
        )
    return sentences + (_across_split(run) if run.dataset.split is not None else [])


def model_about(name: str) -> str:
    """What a classifier is, in one line; "" for one that the registry does not know."""
    return CLASSIFIERS[name].about if name in CLASSIFIERS else ""


def part_accuracy(tables: Tables, model: str, part: str) -> float:
    """Accuracy of a model on all faces of a part."""
    frame = tables["parts"].query("model == @model and part == @part and faces == 'all'")
    return float(frame.iloc[0][RANKED_BY])


def _ranking(tables):
    frame = tables["cv"][tables["cv"]["metric"] == RANKED_BY]
    return frame[~frame["model"].isin(BASELINES)]


def first_model(tables: Tables) -> str:
    """The model that came first."""
    return ranked_models(tables["cv"])[0]


def _cv_row(tables, model):
    frame = tables["cv"]
    return frame[(frame["model"] == model) & (frame["metric"] == RANKED_BY)].iloc[0]


def _setting(run, n_models):
    names, synthetic = run.dataset.label_names, "synthetic " if run.dataset.synthetic else ""
    number = NUMBERS[n_models] if n_models < len(NUMBERS) else count(n_models)
    models = f"{number} model was" if n_models == 1 else f"{number} models were"
    asked = int((run.evaluations[0].fold != UNUSED).sum())
    return (
        f"{models} asked which of {len(names)} labels ({', '.join(names)}) each of {count(asked)} "
        f"{synthetic}pictures of “{run.dataset.name}” bears."
    )


def _first(ranked, n_folds):
    row = ranked.iloc[0]
    interval = "" if np.isnan(row["low"]) else f" (95\u202f% interval {percent(row['low'])} to {percent(row['high'])})"
    place = " came first: it" if len(ranked) > 1 else ""
    return (
        f"In a cross-validation of {n_folds} folds {row['model']}{place} named the label of "
        f"{percent(row['value'])} of the pictures that it had not been fitted on{interval}."
    )


def _selected(ranked):
    """What choosing the first does to its score; nothing to say of a model alone."""
    if len(ranked) == 1:
        return []
    return [
        f"It was chosen as the best of {len(ranked)} by these very answers, so its score tends to flatter it, which "
        "the interval does not take off."
    ]


def _pair(tables, first, second):
    """The row of two models in the table of pairs."""
    pairs = tables["pairs"]
    return pairs[(pairs["first"] == first["model"]) & (pairs["second"] == second["model"])].iloc[0]


def _second(tables, first, second):
    ahead, pair = 100 * (first["value"] - second["value"]), _pair(tables, first, second)
    behind = f"{ahead:.1f} points behind"
    if round(ahead, 1) == 0:
        behind = "level with it" if ahead == 0 or pair["verdict"] == NO_DIFFERENCE else "less than 0.1 points behind"
    p = pair["p_folds_holm"]
    if np.isnan(p):
        return f"{second['model']} came second, {behind}."
    if pair["verdict"] == NO_DIFFERENCE:
        shown = f": {NO_DIFFERENCE} between the two (p {p_text(p)} over the folds){power_words(pair['detectable'])}"
    else:
        shown = f"; the folds show the difference (p {p_text(p)})"
    return f"{second['model']} came second, {behind}{shown}."


def power_words(smallest: float) -> str:
    """What difference would have been shown; "" where that is not known."""
    if np.isnan(smallest):
        return ""
    if smallest >= 1:
        return "; with so few pictures none would have been shown, however large"
    return f"; one of {100 * smallest:.1f} points would have been shown in 80\u202f% of the cases"


def _on_held_out(run, tables, model, part):
    n = int(scored_parts(run)[part].sum())
    return (
        f"On the {part} part, {count(n)} pictures that took no part in fitting or ranking, {model} was right in "
        f"{percent(part_accuracy(tables, model, part))}{interval_words(tables['intervals'], model, part)}."
    )


def _across_split(run):
    across = run.duplicates.across_split(run.dataset.split)
    left_out = int((run.evaluations[0].fold == UNUSED).sum())
    sentences = ["No training picture lies exactly so in a held-out part."]
    if across["exact"] or left_out:
        pictures = (
            "1 training picture lies" if across["exact"] == 1 else f"{count(across['exact'])} training pictures lie"
        )
        sentences = [
            f"{pictures} in a held-out part too; {count(left_out)} left out of training and of cross-validation: a "
            "model would otherwise be examined on what it has learned by heart."
        ]
    if across["near"]:
        pictures = "1 training picture nearly lies" if across["near"] == 1 else (
            f"{count(across['near'])} training pictures nearly lie"
        )  # fmt: skip
        sentences.append(
            f"{pictures} in a held-out part too: in another crop, size or compression. What the official split has "
            "so was trained on, so some of the held-out part may be remembered: scores without such pictures stand "
            "beside. Cross-validation keeps near copies on one side."
        )
    return sentences


def _label_limits(run):
    dataset, sentences = run.dataset, []
    n_present = len(np.unique(dataset.target))
    if n_present == 1:
        sentences.append(
            f"Every picture bears the label “{majority_label(run)}”: there is nothing to tell apart, and a score of 100"
            "\u202f% means nothing."
        )
    for part, rows in scored_parts(run).items():
        absent = [name for label, name in enumerate(dataset.label_names) if not (dataset.target[rows] == label).any()]
        if absent and n_present > 1:
            sentences.append(f"No picture of the {SPLIT_NAMES[part]} part bears: {', '.join(absent)}.")
    return sentences
