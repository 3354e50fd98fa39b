"""What is wrong with believing the ranking: careless protocols, copies, and what this run lacks."""

import numpy as np

from .. import terms
from ..blocks import Bullets, Paragraph, Picture, TableBlock, Terms, beside, fold
from ..cells import columns_of, points_cell, share_cell, text_cell
from ..figures import GapsDisplay
from ..formats import THIN, capital, count, percent, points
from ..leakage import FLATTERED, gaps_table, repeated_mean, repeats_table
from ..narrative import against_baseline, first_model, limits, repeated_pictures
from ..section import Section
from ..uncertainty import NO_DIFFERENCE


def content(run, tables):
    yield Bullets(tuple(doubts(run, tables)))
    if run.audit is None:
        yield Paragraph(
            "What careless testing would have claimed was not asked in this run; --audit quick asks it.", small=True
        )
        return
    gaps = tables["gaps"]
    yield Paragraph(
        "Small mistakes in testing can make a model look better than it is. Here "
        f"{audited_model(run, tables)} is tested with each of them in turn, on {audited_pictures(run)}."
    )
    yield beside(gaps_picture(gaps), Bullets((*map(gap_sentence, gaps.itertuples()), refolding_sentence(run))))
    yield Terms((terms.INTERVAL, terms.NO_DIFFERENCE_SHOWN))
    yield fold("Each mistake in numbers", gaps_block(run, gaps))


def audited_model(run, tables):
    """The model of the audit, and that it is not the first where it is another."""
    model, first = run.audit.classifier, first_model(tables)
    return model if model == first else f"{model}, not {first},"


def audited_pictures(run):
    """How many pictures the audit saw, and whether these were all."""
    n, n_all = len(run.audit.rows), int((run.evaluations[0].fold >= 0).sum())
    kind = "pictures" if run.dataset.split is None else "training pictures"
    return f"all {count(n)} {kind}" if n == n_all else f"{count(n)} of the {count(n_all)} {kind}"


def doubts(run, tables):
    """Reasons of this run not to take its scores at their word."""
    if run.dataset.synthetic:
        yield "The faces are synthetic: no score on this page says anything about people."
    if len(np.unique(run.dataset.target)) > 1:
        yield against_baseline(run, tables)
    yield from repeated_pictures(run)
    yield from limits(run)


def gap_sentence(row):
    """One broken rule: the gap in points and its cause, what gap would have been shown, or why there is none to ask."""
    if row.why_not:
        return f"{capital(row.leaky_rule)}: nothing to compare, {row.why_not}."
    gap = f"{points(row.gap)} points ({points(row.low)} to {points(row.high)})"
    sentence = f"{capital(row.leaky_rule)} instead of {row.honest_rule}: {gap}"
    if row.verdict == NO_DIFFERENCE:
        return f"{sentence}, {NO_DIFFERENCE}; one of {100 * row.detectable:.1f} points most likely would have been."
    return f"{sentence}. {row.cause}" if row.verdict == FLATTERED else f"{sentence}."


def refolding_sentence(run):
    """What the choice of folds alone is worth."""
    mean, low, high = repeated_mean(run)
    means = 100 * run.audit.repeats.mean(axis=1)
    moved = f"the choice of folds alone moved the mean between {means.min():.1f} and {means.max():.1f}{THIN}%"
    if round(means.max() - means.min(), 1) == 0:
        moved = "the choice of folds did not move the mean"
    return (
        f"Cross-validation repeated {len(means)} times on other folds: {percent(mean)} ({percent(low)} to "
        f"{percent(high)}); {moved}."
    )


def gaps_picture(gaps):
    possible = gaps[gaps["n"] > 0]
    if not len(possible):
        return None
    said = "; ".join(f"{row.leaky_rule} {100 * row.gap:+.1f} points" for row in possible.itertuples())
    display = GapsDisplay(possible.reset_index(drop=True))
    return Picture("gaps", display, f"Honest and careless accuracy: {said}.")


def gaps_block(run, gaps):
    """The same model under the honest and the careless rule."""
    rows = tuple(
        (
            text_cell(row.leaky_rule), text_cell(row.honest_rule), share_cell(row.leaky), share_cell(row.honest),
            points_cell(row.gap, row.low, row.high), share_cell(row.detectable),
            text_cell(row.why_not or row.verdict),
        )
        for row in gaps.itertuples()
    )  # fmt: skip
    titles = ("careless", "honest", "careless, %", "honest, %", "gap, points", "would show")
    caption = (
        f"Accuracy of {run.audit.classifier} on {count(len(run.audit.rows))} training pictures, each row with one rule "
        f"broken and all others kept; the first three are steps, from single pictures dealt at random to the honest "
        f"rule. Below the gap its interval: it allows for the pictures, whole groups that stay together at a time, and "
        f"for the choice of folds, and all intervals hold together in 95{THIN}% of such audits (Bonferroni). "
        f"“{NO_DIFFERENCE}” where it holds zero; “would show” is the gap that would have been shown in four of five "
        f"cases. Features for the selection test: {run.audit.n_features} by {run.audit.selector}."
    )
    return TableBlock(caption, (*columns_of(*titles, texts=2), *columns_of("verdict")), rows, csv="gaps")


SECTION = Section(
    "leakage",
    "Before you believe it",
    content,
    tables={"gaps": gaps_table, "repeats": repeats_table},
)
