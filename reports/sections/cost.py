"""What it cost: time to fit and to answer, bytes, memory."""

from ..blocks import Paragraph, Picture, TableBlock, beside, fold
from ..cells import columns_of, text_cell, value_cell
from ..figures import CostDisplay
from ..formats import moment, percent, seconds, size
from ..metrics import RANKED_BY, cost_table
from ..section import Section

COLUMNS = columns_of(
    "model", "fit, one fold", "fit, whole training part", "answer for one face", "with its landmarks", "model file"
)


def content(run, tables):
    yield beside(cost_picture(tables), Paragraph(" ".join(cost_sentences(run)), small=True))
    steps = seconds_block(run.seconds) if run.seconds else None
    yield fold("Every model, and the steps of this run", cost_block(tables["cost"]), steps)


def cost_block(cost):
    """What fitting, predicting and keeping a model cost."""
    rows = tuple(
        (
            text_cell(row.model),
            value_cell(seconds(row.fit_seconds), row.fit_seconds),
            value_cell(seconds(row.fit_all_seconds), row.fit_all_seconds),
            value_cell(moment(row.predict_seconds_per_face), row.predict_seconds_per_face),
            value_cell(moment(row.whole_seconds_per_face), row.whole_seconds_per_face),
            value_cell(size(row.model_bytes), row.model_bytes),
        )
        for row in cost.itertuples()
    )
    return TableBlock("Wall time on one core of the machine of this run, and bytes on disk.", COLUMNS, rows, csv="cost")


def cost_picture(tables):
    accuracy = tables["cv"][tables["cv"]["metric"] == RANKED_BY].set_index("model")["value"]
    cost = tables["cost"]
    table = cost.assign(accuracy=accuracy.loc[cost["model"]].to_numpy())
    values = "; ".join(
        f"{row.model} {percent(row.accuracy)} at {1e6 * row.predict_seconds_per_face:,.0f} µs"
        for row in table.itertuples()
    )
    caption = "Accuracy in the cross-validation against time; the larger the dot, the larger the model's file."
    alt = f"Accuracy against the time to answer for one face: {values}."
    return Picture("cost", CostDisplay(table), alt, caption)


def cost_sentences(run):
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


def seconds_block(times):
    """Wall time of the steps of the run."""
    rows = tuple((text_cell(step), value_cell(seconds(value), value)) for step, value in times.items())
    return TableBlock("Wall time of the steps of this run.", columns_of("step", "time"), rows)


SECTION = Section("cost", "What it cost", content, tables={"cost": cost_table})
