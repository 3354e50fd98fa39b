"""The model card: what a model may be used for, on whom it was tried, and what its numbers cannot tell."""

import numpy as np

from ...classifiers.evaluate import UNUSED
from ...data.sources import DATASETS
from ..blocks import Definitions, fold
from ..formats import capital, count
from ..metrics import scored_parts
from ..narrative import SPLIT_NAMES, SYNTHETIC, first_model, limits, model_about
from ..section import Section
from ..slices import served_worse

CANNOT_TELL = (
    "A label is what annotators saw in a face, or what an actor was asked to show. It is not what the person felt.",
    "A model that is right more often than another on these pictures need not be so on other people, cameras or light.",
    "Intervals and tests allow for chance in the choice of pictures and subjects. They do not allow for wrong labels, "
    "nor for a use that differs from this data.",
    "Macro averages run over the labels that the scored pictures hold.",
)
PEOPLE = ("age", "sex", "gender", "race", "ethnicity", "skin colour")
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
NO_LIMIT = "None that the run itself could find."


def content(run, tables):
    model = first_model(tables)
    yield Definitions(
        (
            ("What it is", (purpose(run, model),)),
            ("Who is under-served", tuple(map(capital, served_worse(tables["slices"], model)))),
            ("What the numbers cannot tell", (*CANNOT_TELL, groups_of_people(run))),
            ("Where law restricts use", LAW),
        )
    )
    shortcomings = [*([SYNTHETIC] if run.dataset.synthetic else []), *limits(run), *left_out(run)]
    entries = (
        ("Data", (run.dataset.about or f"“{run.dataset.name}”, given by the user.", pictures_and_people(run))),
        ("Licence", (licence(run), LANDMARK_LICENCE)),
        ("Protocol", (protocol(run),)),
        ("Limits of this run", tuple(shortcomings) or (NO_LIMIT,)),
    )
    yield fold("Data, licence, protocol and limits", Definitions(entries))


def groups_of_people(run):
    """Whether people are told apart by what they are."""
    known = [name for name in run.dataset.traits if name.lower() in PEOPLE]
    if not known:
        return (
            "Age, sex and skin colour are not looked at here, so nothing on this page says whether the model treats "
            "people of different groups alike."
        )
    return (
        f"People are told apart by {', '.join(known)}, as the dataset has it, under “On which faces it works”; by what "
        "else they differ nothing here tells."
    )


def purpose(run, model):
    about = model_about(model)
    labels = run.dataset.label_names
    n_models = len(run.evaluations)
    place = f", the first of {n_models} in this run," if n_models > 1 else ""
    named = f"the {len(labels)} labels {', '.join(labels)}" if len(labels) <= 12 else f"{len(labels)} labels"
    return (
        f"{model}{f' ({about})' if about else ''}{place} gives a face one of {named}. "
        "It is meant for research and teaching, not for decisions about people."
    )


def pictures_and_people(run):
    n = len(np.unique(run.dataset.groups)) if run.dataset.groups is not None else 0
    people = ("1 subject" if n == 1 else f"{count(n)} subjects") if n else "an unknown number of subjects"
    return f"{count(len(run.dataset))} pictures of {people}."


def left_out(run):
    n = int((run.evaluations[0].fold == UNUSED).sum())
    pictures = "1 training picture was" if n == 1 else f"{count(n)} training pictures were"
    return [f"{pictures} left out, because a held-out part shows the same."] if n else []


def licence(run):
    source = DATASETS.get(run.dataset.name)
    if source is None or not source.licence:
        return "The licence of these pictures is not known to Lineament: ask where you had them from."
    return f"Pictures: {source.licence}."


def protocol(run):
    parts = scored_parts(run)
    names = [f"{SPLIT_NAMES[part]} ({count(int(rows.sum()))} pictures)" for part, rows in parts.items()]
    kept = run.protocol.grouped_by or "identical pictures"
    return (
        f"Scored: {', '.join(names)}. Kept on one side of every fold: {kept}. Whatever learns is fitted within "
        "the fold."
    )


SECTION = Section("card", "Model card", content)
