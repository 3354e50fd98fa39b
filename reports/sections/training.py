"""How the nets learned: loss and accuracy by epoch."""

from .. import terms
from ..blocks import Link, Paragraph, Picture, Terms, beside
from ..figures import CurvesDisplay
from ..formats import file_name
from ..metrics import history_table
from ..section import Section


def content(run, tables):
    yield Paragraph(
        "A net goes over the training pictures many times. Thin lines are single fits, thick lines their mean. Where "
        "the training curve goes on improving and the validation curve does not, the net learns its pictures by heart."
    )
    yield Terms((terms.EPOCH,))
    yield beside(*curves_pictures(tables["history"]))
    yield Paragraph("All numbers:", links=(Link("history.csv", "tables/history.csv"),), small=True)


def curves_pictures(table):
    for model, history in table.groupby("model", sort=False):
        for quantity in ("loss", "accuracy"):
            display = CurvesDisplay(history, quantity, f"{model}: {quantity}")
            last = history.groupby("fit")[list(display.frame().columns[2:])].last().mean()
            ends = [f"{column.replace('_', ' ')} {value:.2f}" for column, value in last.items()]
            if ends:
                alt = f"Curves of the {quantity} of {model} by epoch. At the end, mean of the fits: {', '.join(ends)}."
                yield Picture(f"curves_{file_name(model)}_{quantity}", display, alt)


SECTION = Section(
    "training",
    "How the net learned",
    content,
    tables={"history": lambda run: history_table(run.evaluations)},
    applies=lambda run: any(evaluation.history for evaluation in run.evaluations),
)
