"""The model card of a run: what it may be used for, on whom it was tried, and what its numbers cannot tell."""

import numpy as np

from ..classifiers.evaluate import UNUSED
from ..data.sources import DATASETS
from . import words
from .metrics import RANKED_BY, majority_label, scored_parts
from .run import Run
from .slices import under_served
from .tables import Tables
from .views import count, percent

FEW_SUBJECTS = 30
CANNOT_TELL = (
    "A label is what annotators saw in a face, or what an actor was asked to show. It is not what the person felt.",
    "A model that is right more often than another on these pictures need not be so on other people, cameras or light.",
    "Age, sex and skin colour are not known here, so nothing on this page says whether the model treats people of "
    "different groups alike.",
    "Intervals and tests allow for chance in the choice of pictures and subjects. They do not allow for wrong labels, "
    "nor for a use that differs from this data.",
    "Macro averages run over the labels that the scored pictures hold.",
)
LAW = (
    "In the European Union the AI Act (Regulation 2024/1689), Article 5(1)(f), forbids inferring emotions of people at "
    "work and in education, save for medical or safety reasons; elsewhere emotion recognition counts as high risk "
    "(Annex III) and those who are exposed to it must be told (Article 50).",
    "Pictures of faces are personal data; where they serve to identify somebody they are biometric data (GDPR, "
    "Article 9).",
)
LANDMARK_LICENCE = (
    "The 68-point landmark model that is installed by default was trained on iBUG 300-W, whose licence forbids "
    "commercial use."
)


def card(run: Run, tables: Tables, model: str) -> list[tuple[str, list[str]]]:
    """Headings and sentences of the model card; `model` is the first of the ranking."""
    return [
        ("What it is", [_what(run, model)]),
        ("Data", [run.dataset.about or f"“{run.dataset.name}”, given by the user.", *_data(run)]),
        ("Licence", [_licence(run), LANDMARK_LICENCE]),
        ("Protocol", _protocol(run)),
        ("Limits of this run", limits(run, tables)),
        ("Who is under-served", served(run, tables, model)),
        ("What the numbers cannot tell", list(CANNOT_TELL)),
        ("Where law restricts use", list(LAW)),
    ]


def _what(run, model):
    about = words.model_about(model)
    labels = run.dataset.label_names
    named = f"the {len(labels)} labels {', '.join(labels)}" if len(labels) <= 12 else f"{len(labels)} labels"
    return (
        f"{model}{f' ({about})' if about else ''}, the first of {len(run.evaluations)} in this run, gives a face one "
        f"of {named}. It is meant for research and teaching, not for decisions about people."
    )


def _data(run):
    n = len(np.unique(run.dataset.groups)) if run.dataset.groups is not None else 0
    people = f"{count(n)} subjects" if n else "an unknown number of subjects"
    return [f"{count(len(run.dataset))} pictures of {people}."]


def _licence(run):
    source = DATASETS.get(run.dataset.name)
    if source is None or not source.licence:
        return "The licence of these pictures is not known to Lineament: ask where you had them from."
    return f"Pictures: {source.licence}."


def _protocol(run):
    parts = scored_parts(run)
    names = [f"{words.PARTS[part]} ({count(int(rows.sum()))} pictures)" for part, rows in parts.items()]
    kept = run.protocol.grouped_by or "identical pictures"
    return [
        f"Scored: {', '.join(names)}. Kept on one side of every fold: {kept}. Whatever learns is fitted within "
        "the fold.",
    ]


def limits(run: Run, tables: Tables) -> list[str]:
    """What this run in particular lacks, in sentences."""
    dataset, found = run.dataset, run.landmarks.found
    sentences = []
    if dataset.synthetic:
        sentences.append(words.SYNTHETIC)
    sentences += _label_limits(run)
    if dataset.groups is None:
        sentences.append(
            "Who is shown is not known: the same person may sit on both sides of a split, and scores on new people may "
            "be lower."
        )
    elif (n := len(np.unique(dataset.groups))) < FEW_SUBJECTS:
        sentences.append(f"Only {n} subjects: intervals that draw subjects anew are too narrow with so few.")
    if not found.any():
        sentences.append("The detector saw no face at all: every landmark is a guess, and every score with it.")
    elif not found.all():
        share = percent(1 - found.mean())
        sentences.append(f"{share} of the faces were not found; their landmarks are a guess or none.")
    left_out = int((run.evaluations[0].fold == UNUSED).sum())
    if left_out:
        sentences.append(f"{count(left_out)} training pictures were left out, because a held-out part shows them too.")
    return sentences or ["None that the run itself could find."]


def _label_limits(run):
    dataset, sentences = run.dataset, []
    n_present = len(np.unique(dataset.target))
    if n_present == 1:
        sentences.append(
            f"Every picture bears the label “{majority_label(run)}”: there is nothing to tell apart, and a score of 100"
            "\u202f% means nothing."
        )
    for part, rows in scored_parts(run).items():
        missing = [
            name for label, name in enumerate(dataset.label_names) if not (dataset.target[rows] == label).any()
        ]
        if missing and n_present > 1:
            sentences.append(f"No picture of the {words.PARTS[part]} part bears: {', '.join(missing)}.")
    return sentences


def served(run: Run, tables: Tables, model: str) -> list[str]:
    """Parts of the pictures on which the model does worse than on the whole, as sentences."""
    whole = _accuracy(tables, model, list(scored_parts(run))[-1])
    worse = under_served(tables.slices, model, whole)
    if not len(worse):
        return ["No part of the pictures whose interval lies below the accuracy of the whole."]
    lines = [
        f"{row.by}, {row.slice}: {percent(row.accuracy)} ({percent(row.low)} to {percent(row.high)}) of "
        f"{count(row.n)} pictures, against {percent(whole)} of all."
        for row in worse.itertuples()
    ]
    return lines


def _accuracy(tables, model, part):
    frame = tables.parts.query("model == @model and part == @part and faces == 'all'")
    return float(frame.iloc[0][RANKED_BY])
