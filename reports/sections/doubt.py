"""When it should not answer: what a model gains by leaving faces unanswered, and sets of labels that keep a promise."""

import numpy as np

from ...classifiers.abstention import RISKS
from ...classifiers.conformal import least_faces
from .. import terms
from ..blocks import Bullets, Paragraph, Picture, TableBlock, Terms, beside, fold
from ..cells import bounded_cell, columns_of, count_cell, number_cell, points_cell, share_cell, text_cell, value_cell
from ..doubt import GUARANTEED, PLAIN, areas_table, curves_table, refusals_table
from ..figures import RiskCoverageDisplay
from ..formats import THIN, count, percent
from ..label_sets import ALL, BY_LABEL, sets_table
from ..metrics import CV, main_part, ranked_models
from ..section import Section

MOST_NAMED = 6  # labels in a sentence
LEAST_DRAWN = 30  # faces
BROKEN = (
    " That is more than was promised: these faces most likely differ from those that the threshold was learned from."
)


def content(run, tables):
    model = ranked_models(tables["cv"])[0]
    refusals = tables["refusals"]
    yield Paragraph(
        "A model need not answer every face. It can answer those that it is surest of and leave the others to a "
        f"person, or name every label that it cannot rule out. {_learned(run)}"
    )
    sentences = Bullets((sorting_sentence(tables, model), *refusal_sentences(refusals, model)))
    yield beside(curves_picture(tables, model), sentences)
    yield Terms((terms.RISK, terms.PROMISED_RISK, terms.AURC))
    yield fold(
        "In numbers",
        refusals_block(refusals, ranked_models(tables["cv"])),
        areas_block(tables["aurc"]),
        hint="what their order of the faces is worth, and what they can promise",
    )
    sets = tables["label_sets"]
    yield Bullets((*set_sentences(sets, model), *few_sentences(run, sets, model)))
    yield Terms((terms.LABEL_SET,))
    yield fold(
        "Sets in numbers",
        sets_block(sets, model),
        groups_block(sets, model),
        hint="promise and coverage, by label and by what the detector saw",
    )


def _learned(run):
    """Where thresholds come from."""
    if main_part(run) == CV:
        return "Thresholds for the faces of one fold were learned from the answers to the other folds."
    return f"Thresholds were learned in cross-validation and measured on the {main_part(run)} part, apart from it."


# --- risk ------------------------------------------------------------------------------------------


def sorting_sentence(tables, model):
    """Whether the confidence of a model tells right answers from wrong ones."""
    area = tables["aurc"].set_index("model").loc[model]
    if area["error"] == 0:
        return f"{model} made no error here, so there is nothing to leave out."
    if area["error"] == 1:
        return f"{model} was always wrong here: no order of its answers helps."
    whole = f"{percent(area['error'])} of all its answers are wrong"
    if area["gain_high"] < 0:
        return f"Sorting by confidence does harm here: {whole}, and more than that where {model} is surest."
    if not area["gain_low"] > 0:
        return (
            f"Sorting by confidence does not help here: {whole}, and no fewer where {model} is surest, as far as these "
            "faces show."
        )
    half = _at_half(tables["risk_coverage"], model)
    return f"Sorting by confidence helps: {whole}, but {percent(half)} of those to the half that {model} is surest of."


def _at_half(curves, model):
    frame = curves[curves["model"] == model]
    return float(frame.loc[(frame["coverage"] - 0.5).abs().idxmin(), "risk"])


def refusal_sentences(refusals, model):
    """What can be promised, risk by risk; risks at which nothing can are told together."""
    frame = refusals[refusals["model"] == model]
    promised = frame[frame["kind"] == GUARANTEED]
    sentences, silent = [], []
    for row in promised.itertuples():
        if not row.n:
            silent.append(percent(row.risk, 0))
            continue
        sentences.append(
            f"At a promised risk of {percent(row.risk, 0)} it answers {percent(row.answered)} of the faces; "
            f"{percent(row.measured)} of these answers{_bounds(row)} were wrong.{BROKEN if row.low > row.risk else ''}"
        )
    if silent:
        sentences.append(f"No share of the faces can be answered at a promised risk of {_or(silent)}.{_why(frame)}")
    return sentences


def _bounds(row):
    """“ (2.1 % to 6.0 %)” of a share; "" for too few subjects or pictures."""
    return "" if np.isnan(row.low) else f" ({percent(row.low)} to {percent(row.high)})"


def _why(frame):
    """Whether it is for want of faces or of skill that nothing can be promised."""
    silent = frame[(frame["kind"] == GUARANTEED) & (frame["n"] == 0)]
    plain = frame[(frame["kind"] == PLAIN) & frame["risk"].isin(silent["risk"]) & (frame["n"] > 0)]
    if not len(plain):
        return " Not even the surest answers were right that often."
    return (
        " Some threshold had such a risk on the faces that it was chosen on, but these are too few, or show too few "
        "people, to promise it for new ones."
    )


def curves_picture(tables, model):
    """The curves; None for so few faces that they would show nothing."""
    frame, refusals = tables["risk_coverage"], tables["refusals"]
    if frame["n"].max() < LEAST_DRAWN:
        return None
    own = refusals[refusals["model"] == model]
    shares = tuple((row.risk, row.answered, row.measured, row.kind == GUARANTEED) for row in own.itertuples())
    error = frame[frame["model"] == model]["risk"].iloc[-1]
    told = ", ".join(f"{percent(share)} of the faces at {percent(risk, 0)}" for risk, share, _, kept in shares if kept)
    alt = (
        "Share of wrong answers against the share of faces answered, the surest first. "
        f"{model}: {percent(error)} wrong over all faces; answered at a promised risk: {told}."
    )
    caption = (
        f"The band is the 95{THIN}% interval of {model}. Dotted lines are risks; circles, the shares answered, full "
        "where the risk is promised and hollow where it is not."
    )
    display = RiskCoverageDisplay(frame, model, shares, "Risk against coverage")
    return Picture("risk_coverage", display, alt, caption)


def refusals_block(refusals, models):
    """Shares answered and risks measured, with the promise and without."""
    kinds = {kind: refusals[refusals["kind"] == kind].set_index(["model", "risk"]) for kind in (GUARANTEED, PLAIN)}
    rows = tuple(
        (
            text_cell(model), value_cell(percent(risk, 0), risk), share_cell(promised.answered),
            bounded_cell(promised.measured, promised.low, promised.high), number_cell(promised.threshold),
            share_cell(plain.answered), bounded_cell(plain.measured, plain.low, plain.high),
        )
        for model in models
        for risk in RISKS
        for promised, plain in [[kinds[kind].loc[(model, risk)] for kind in (GUARANTEED, PLAIN)]]
    )  # fmt: skip
    columns = columns_of(
        "model", "promised risk", "answered, %", "of these wrong, %", "confidence from", "without promise, %",
        "of these wrong, %",
    )  # fmt: skip
    caption = (
        "The share of the faces that a model answers where it promises a risk, and how many of these answers were "
        "wrong; then the same with thresholds that promise nothing."
    )
    return TableBlock(caption, columns, rows, csv="refusals")


def areas_block(areas):
    rows = tuple(
        (
            text_cell(row.model), share_cell(row.error), bounded_cell(row.aurc, row.low, row.high),
            share_cell(row.least), share_cell(row.excess), points_cell(row.gain, row.gain_low, row.gain_high),
        )
        for row in areas.itertuples()
    )  # fmt: skip
    caption = (
        "Mean risk over all coverages (AURC), in percent; the least is that of the best order there is, the gain what "
        "sorting by confidence is worth against no order."
    )
    return TableBlock(caption, columns_of("model", "error", "AURC", "least", "excess", "gain"), rows, csv="aurc")


# --- sets ------------------------------------------------------------------------------------------


def set_sentences(sets, model):
    """Whether the sets keep their promise, and what it costs."""
    frame = sets[(sets["model"] == model) & (sets["by"] == BY_LABEL)]
    whole = frame[frame["group"] == ALL]
    middle = whole.iloc[len(whole) // 2]
    sentences = [
        f"Sets of {model} that promise to hold the true label in {percent(middle['level'], 0)} of the cases hold it in "
        f"{percent(middle['coverage'])}{_bounds(middle)}. They name "
        f"{middle['size']:.1f} labels on average; {percent(middle['single'])} name a single one."
    ]
    short = frame[frame["short"]]
    if not len(short):
        return [*sentences, "No promise is seen to be broken, for all faces, any label or any group of faces."]
    named = [f"{_group(row.group)} at {percent(row.level, 0)} ({percent(row.coverage)})" for row in short.itertuples()]
    more = f" and {count(len(named) - MOST_NAMED)} more" if len(named) > MOST_NAMED else ""
    return [*sentences, f"The promise is missed by more than chance for {', '.join(named[:MOST_NAMED])}{more}."]


def few_sentences(run, sets, model):
    """Labels for which a promise can only be kept by naming them always."""
    frame = sets[(sets["model"] == model) & (sets["by"] == BY_LABEL) & sets["always"]]
    frame = frame[frame["group"].isin(run.dataset.label_names)]
    return [
        f"To promise {percent(level, 0)} takes {least_faces(level)} independent faces of a label. There are fewer of "
        f"{_and([f'“{row.group}” ({row.n_learned})' for row in rows.itertuples()])}, so every set holds "
        f"{'it' if len(rows) == 1 else 'them'}."
        for level, rows in frame.groupby("level")
    ]


def sets_block(sets, model):
    """One line a level."""
    frame = sets[(sets["model"] == model) & (sets["by"] == BY_LABEL) & (sets["group"] == ALL)]
    rows = tuple(
        (
            value_cell(percent(row.level, 0), row.level), bounded_cell(row.coverage, row.low, row.high),
            number_cell(row.size, 2), share_cell(row.single), share_cell(row.empty), count_cell(row.n),
        )
        for row in frame.itertuples()
    )  # fmt: skip
    columns = columns_of("promised", "held the true label, %", "labels in a set", "single, %", "empty, %", "faces")
    return TableBlock(f"Sets of labels that {model} cannot rule out.", columns, rows, csv="label_sets")


def groups_block(sets, model):
    """Coverage by label and by group of faces, a column a level."""
    frame = sets[(sets["model"] == model) & (sets["group"] != ALL)]
    levels, rows = sorted(frame["level"].unique()), []
    for (by, group), own in frame.groupby(["by", "group"], sort=False):
        by_level = own.set_index("level")
        cells = (bounded_cell(*by_level.loc[level, ["coverage", "low", "high"]]) for level in levels)
        learned = "each label" if by == BY_LABEL else "what the detector saw"
        rows.append((text_cell(_group(group)), text_cell(learned), count_cell(own["n"].iloc[0]), *cells))
    titles = (f"{percent(level, 0)} promised" for level in levels)
    caption = (
        "How often sets held the true label, in percent, by what their thresholds were learned for. A promise by label "
        "says nothing of faces that were not found, one by what the detector saw nothing of single labels."
    )
    return TableBlock(caption, columns_of("faces", "promised by", "n", *titles, texts=2), tuple(rows), csv="label_sets")


def _group(name):
    return {"face found": "faces found", "face not found": "faces not found", ALL: "all faces"}.get(name, f"“{name}”")


def _or(words):
    return " or ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def _and(words):
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


SECTION = Section(
    "doubt",
    "When it should not answer",
    content,
    tables={
        "risk_coverage": curves_table,
        "aurc": areas_table,
        "refusals": refusals_table,
        "label_sets": sets_table,
    },
    applies=lambda run: len(np.unique(run.dataset.target)) > 1,
)
