"""Model by model: confusions, scores by label, errors, and how it was tuned."""

from .. import terms
from ..blocks import Annotated, Fold, Heading, Link, Paragraph, Picture, TableBlock, Terms, Tiles, beside, fold
from ..cells import bounded_cell, columns_of, count_cell, number_cell, share_cell, text_cell
from ..clean import clean_words
from ..confusions import confused_table, worst_table
from ..faces import error_faces, pair_faces
from ..figures import ConfusionDisplay, RatesDisplay
from ..formats import THIN, capital, count, file_name, percent
from ..metrics import CV, confusion_table, held_out_part, main_part, per_class_table, ranked_models, tuning_table
from ..narrative import SPLIT_NAMES, model_about, part_accuracy
from ..probabilities import MACRO, areas_table, curves_table
from ..section import Section

TOP_SETTINGS = 10
MOST_NAMED = 3  # errors that are equally frequent
CURVES = {"roc": ("auc", "auc_macro", "ROC curves"), "pr": ("average_precision", "ap_macro", "Precision-recall curves")}


def content(run, tables):
    held_out = held_out_part(run)
    what = (
        f"Scores of the {held_out} part, which took no part in fitting."
        if held_out
        else "There is no held-out part, so these are the answers of the cross-validation, all folds together."
    )
    yield Paragraph(
        f"{what} In a confusion matrix each row is a label and its cells say what the model took such faces for; rows "
        f"add up to 100{THIN}%, and the diagonal is right."
    )
    yield Terms((terms.RECALL, terms.PRECISION, terms.F1, terms.INTERVAL, terms.ROC))
    first, *others = ranked_models(tables["cv"])
    yield Heading(first)
    yield from model_blocks(run, tables, first)
    for model in others:
        yield Fold(model, tuple(model_blocks(run, tables, model)), hint=model_hint(run, tables, model))
    yield Paragraph(
        "A dash stands where the scored part holds no face of a label, and no interval where fewer than five subjects "
        "or different pictures bear it. Counts of "
        "every cell and every error:",
        links=(Link("confusion.csv", "tables/confusion.csv"), Link("worst.csv", "tables/worst.csv")),
        small=True,
    )


def model_hint(run, tables, model):
    """Accuracy and most frequent error, for those who do not unfold it."""
    part = main_part(run)
    accuracy = f"accuracy {percent(part_accuracy(tables, model, part))}{clean_words(tables, model, part)}"
    pairs = tables["confused"][tables["confused"]["model"] == model]
    if not len(pairs):
        return accuracy
    most = "among the most frequent errors" if (pairs["n"] == pairs["n"].max()).sum() > 1 else "most often"
    return f"{accuracy}; {most}: {confused_words(pairs.iloc[0])}"


def model_blocks(run, tables, model):
    """All that is said of one model."""
    if about := model_about(model):
        yield Paragraph(f"{capital(about)}.", small=True)
    yield beside(confusion_picture(run, tables, model), per_class_block(tables, model, main_part(run)))
    rates = [picture for kind in CURVES if (picture := rates_picture(tables, model, kind))]
    if rates:
        yield fold(f"Rates of {model} by label", beside(*rates), hint="ROC and precision-recall curves")
    confused = tables["confused"][tables["confused"]["model"] == model]
    worst = tuple(error_faces(run, tables["worst"][tables["worst"]["model"] == model]))
    if len(confused):
        pairs = tuple((confused_words(pair), tuple(pair_faces(run, pair))) for pair in confused.itertuples())
        errors = [Heading("Most confused"), Annotated(pairs)]
        errors += [Heading("The errors it was surest of"), Tiles(worst)] if worst else []
        yield fold(f"Faces that {model} got wrong", *errors, hint=pairs[0][0])
    tuned = tables["tuning"][tables["tuning"]["model"] == model]
    if len(tuned):
        yield fold(f"How {model} was tuned", tuning_block(model, tuned))


def confused_words(pair):
    """“sad taken for neutral: 84 times, 14.1 % of sad” of a row of the table `confused`."""
    times = "once" if pair.n == 1 else f"{count(pair.n)} times"
    return f"{pair.true} taken for {pair.predicted}: {times}, {percent(pair.share)} of {pair.true}"


def confusion_picture(run, tables, model):
    part = main_part(run)
    frame = tables["confusion"]
    table = frame[(frame["model"] == model) & (frame["part"] == part)].reset_index(drop=True)
    right = table[table["true"] == table["predicted"]]
    recalls = ", ".join(f"{row.true} {percent(row.share, 0)}" for row in right.itertuples() if row.share == row.share)
    wrong = table[(table["true"] != table["predicted"]) & (table["n"] > 0)]
    alt = f"Confusion matrix of {model}, {SPLIT_NAMES[part]}. Named rightly: {recalls}."
    if len(wrong):
        worst = wrong[wrong["n"] == wrong["n"].max()]
        pairs = "; ".join(f"{row.true} taken for {row.predicted}" for row in worst.head(MOST_NAMED).itertuples())
        more = f"; and {len(worst) - MOST_NAMED} more" if len(worst) > MOST_NAMED else ""
        times = "once" if worst["n"].iloc[0] == 1 else f"{count(worst['n'].iloc[0])} times"
        alt += f" Most frequent error, {times}{' each' if len(worst) > 1 else ''}: {pairs}{more}."
    return Picture(f"confusion_{file_name(model)}", ConfusionDisplay(table), alt)


def per_class_block(tables, model, part):
    """Precision, recall and F1 of one model by label."""
    chosen = "model == @model and part == @part and faces == 'all'"
    intervals = tables["intervals"].query(chosen)
    per_class = tables["per_class"].query(chosen)
    bounds = {(row.label, row.metric): (row.value, row.low, row.high) for row in intervals.itertuples()}
    areas = tables["areas"][tables["areas"]["model"] == model].set_index("label")["auc"]
    nothing = (float("nan"),) * 3
    rows = tuple(
        (
            text_cell(row.label),
            *(bounded_cell(*bounds.get((row.label, name), nothing)) for name in ("precision", "recall", "f1")),
            number_cell(areas.get(row.label, float("nan")), 2),
            count_cell(row.n),
        )
        for row in per_class.itertuples()
    )
    pooled = ", the mean over the folds" if part == CV else ""
    caption = (
        f"{model} by label, in percent, with 95{THIN}% intervals (Wilson’s, by clusters); AUC is the area under the "
        f"ROC curve{pooled}."
    )
    return TableBlock(caption, columns_of("label", "precision", "recall", "F1", "AUC", "n"), rows, csv="per_class")


def rates_picture(tables, model, kind):
    """ROC or precision-recall curves, with the areas in words; None where no label can be told from the rest."""
    column, mean, title = CURVES[kind]
    table = tables["curves"][(tables["curves"]["model"] == model) & (tables["curves"]["curve"] == kind)]
    if not len(table):
        return None
    areas = tables["areas"][tables["areas"]["model"] == model].set_index("label")[column].to_dict()
    areas |= {MACRO: tables["certainty"].set_index("model").loc[model, mean]}
    alt = f"{title} of {model}, one label against the rest; areas: "
    alt += ", ".join(f"{label} {value:.2f}" for label, value in areas.items()) + "."
    return Picture(f"{kind}_{file_name(model)}", RatesDisplay(table.reset_index(drop=True), kind, areas, title), alt)


def tuning_block(model, trials):
    """Settings of one model over its fits, those most often chosen first."""
    settings = (
        trials.groupby(["setting", "rung"], sort=False)
        .agg(fits=("fit", "size"), rows=("rows", "mean"), f1_macro=("f1_macro", "mean"), chosen=("chosen", "sum"))
        .reset_index()
        .sort_values(["chosen", "rung", "f1_macro"], ascending=False, kind="stable")
    )
    rows = tuple(
        (
            text_cell(row.setting), count_cell(row.chosen), count_cell(row.fits), count_cell(round(row.rows)),
            share_cell(row.f1_macro),
        )
        for row in settings.head(TOP_SETTINGS).itertuples()
    )  # fmt: skip
    titles = ("setting", "fits that chose it", "fits that tried it", "faces tried on", "macro F1, %")
    caption = (
        f"What --tune tried for {model} in {trials['fit'].nunique()} fits, each on its own training pictures alone: "
        "means over the fits. The macro F1 on folds within chose the setting, so it is no score of the model. "
        f"{count(len(rows))} of {count(len(settings))} rows."
    )
    return TableBlock(caption, columns_of(*titles), rows, csv="tuning")


SECTION = Section(
    "models",
    "Model by model",
    content,
    tables={
        "per_class": per_class_table,
        "confusion": confusion_table,
        "confused": confused_table,
        "worst": worst_table,
        "areas": areas_table,
        "curves": curves_table,
        "tuning": lambda run: tuning_table(run.evaluations),
    },
)
