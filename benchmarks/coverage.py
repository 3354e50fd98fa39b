"""Coverage of the printed 95 % intervals: how often they hold the truth, over many drawn sets of answers.

    python -m benchmarks.coverage [--draws 1000] [--write]

A set of n answers is drawn from a model whose true scores are known in closed form, in three schemes:

- single: every picture on its own;
- subjects: clusters of unequal size (5 pictures on average, 20 at n = 3,000), each read better or worse than others
  (normal on the logit scale, standard deviation 0.8);
- copies: every picture one to three times, with the same answer.

2 and 7 labels, balanced and unbalanced, mean accuracies of 0.4, 0.7 and 0.95: twelve settings a number. Of a
cross-validation the models are fitted in every draw: nearest means on a line, five folds that keep clusters together;
the truth is the mean score of these five models (0.6 instead of 0.4 with two labels, where 0.5 is chance). `--write`
puts the table into the README.
"""

import argparse
import time
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats

from benchmarks.command import started
from lineament.data.scores import confusion_scores
from lineament.reports.intervals import differences, score_estimates, shares
from lineament.reports.slices import FEWEST_CLUSTERS, FEWEST_PICTURES

SINGLE, SUBJECTS, COPIES = SCHEMES = ("single", "subjects", "copies")
SIZES = (60, 300, 3000)
PRIORS = {
    "2 labels": (0.5, 0.5),
    "2 labels, unbalanced": (0.85, 0.15),
    "7 labels": (1 / 7,) * 7,
    "7 labels, unbalanced": (0.25, 0.2, 0.17, 0.14, 0.12, 0.08, 0.04),
}
ACCURACIES = (0.4, 0.7, 0.95)
ABILITY = 0.8  # standard deviation of a subject's, on the logit scale
BEHIND = 0.4  # of the second model, on the logit scale
SLICE = 0.3
OTHER_MODELS = "the same accuracy, against models fitted on other pictures"
AT_A_TIME = 300_000  # rows
CV_FOLDS = 5
LEAST_ABOVE_CHANCE = 0.6  # accuracy on two labels
README = Path(__file__).with_name("README.md")
MARKS = "<!-- coverage: begin -->", "<!-- coverage: end -->"


@dataclass(frozen=True)
class Setting:
    """What is drawn: `n` rows in a scheme, labels in the shares of `PRIORS`, a mean accuracy."""

    scheme: str
    n: int
    labels: str
    accuracy: float

    @property
    def prior(self) -> np.ndarray:
        return np.array(PRIORS[self.labels])


# --- answers of a given model ------------------------------------------------------------------------


def logit(p):
    return np.log(p / (1 - p))


def recalls(setting, behind=0.0):
    """Recall of every label (k,) for an ability of zero: around the accuracy, unequal."""
    k = len(setting.prior)
    return 1 / (1 + np.exp(-(logit(setting.accuracy) - behind + np.linspace(-0.5, 0.5, k))))


def mistakes(k):
    """What a wrong answer is, (k, k): rows add up to one, the next label is the likeliest."""
    apart = (np.arange(k) - np.arange(k)[:, None]) % k
    odds = np.where(apart > 0, 1 / (1.0 + apart), 0.0)
    return odds / odds.sum(axis=1, keepdims=True)


def true_scores(setting, behind=0.0):
    """Scores of the model over all pictures of all subjects."""
    right = recalls(setting, behind)
    if setting.scheme == SUBJECTS:
        ability, weight = np.polynomial.hermite_e.hermegauss(60)
        right = 1 / (1 + np.exp(-(logit(right)[:, None] + ABILITY * ability))) @ (weight / weight.sum())
    matrix = mistakes(len(right)) * (1 - right)[:, None]
    matrix[np.diag_indices(len(right))] = right
    return confusion_scores(matrix * setting.prior[:, None])


def drawn_clusters(rng, setting, draws):
    """Cluster of every row (draws, n), and the ability of every row."""
    n = setting.n
    if setting.scheme == SINGLE:
        return np.tile(np.arange(n), (draws, 1)), np.zeros((draws, n))
    if setting.scheme == COPIES:
        times = rng.integers(1, 4, (draws, n))
        return np.stack([np.repeat(np.arange(n), one)[:n] for one in times]), np.zeros((draws, n))
    subjects = n // (5 if n <= 300 else 20)
    size = rng.gamma(2.0, 1.0, (draws, subjects))
    size /= size.sum(axis=1, keepdims=True)
    cluster = np.stack([rng.choice(subjects, n, p=one) for one in size])
    return cluster, np.take_along_axis(rng.normal(0, ABILITY, (draws, subjects)), cluster, axis=1)


def drawn_answers(rng, setting, draws):
    """Truth, answers of two models and clusters, (draws, n) each; the models find the same pictures hard."""
    cluster, ability = drawn_clusters(rng, setting, draws)
    k, shape = len(setting.prior), cluster.shape

    def uniform():
        """Numbers in 0 … 1, the same for copies."""
        values = rng.random(shape)
        return np.take_along_axis(values, cluster, axis=1) if setting.scheme == COPIES else values

    target = np.searchsorted(np.cumsum(setting.prior)[:-1], uniform(), side="right")
    hard, answers = uniform(), []
    for behind in (0.0, BEHIND):
        chance = 1 / (1 + np.exp(-(logit(recalls(setting, behind))[target] + ability)))
        right = np.where(uniform() < 0.5, hard, uniform()) < chance
        limits = np.cumsum(mistakes(k), axis=1)[target]
        wrong = np.minimum((uniform()[..., None] > limits).sum(axis=-1), k - 1)
        answers.append(np.where(right, target, wrong))
    return target, *answers, cluster


# --- coverage ----------------------------------------------------------------------------------------


def held(interval, truth):
    """Whether each interval holds the truth, and its width; NaN where none was given."""
    low, high = interval
    return np.where(np.isnan(low), np.nan, (low <= truth) & (truth <= high)), high - low


def judged(setting, draws, rng, *, clustered=True, interval=None):
    """By score: truth held or not and width of the interval, (draws,) each, of all that is printed.

    `clustered` False ignores the clusters, and `interval` takes the place of the method: what a test plants.
    """
    target, first, second, cluster = drawn_answers(rng, setting, draws)
    k, n = len(setting.prior), setting.n
    draw = np.repeat(np.arange(draws), n)
    own = (np.arange(draws)[:, None] * n + cluster).ravel()
    clusters = own if clustered else np.arange(draws * n)
    interval = interval or (lambda estimates: estimates.interval())
    truth, later = true_scores(setting), true_scores(setting, BEHIND)
    scored = score_estimates(target.ravel(), first.ravel(), k, clusters, draw)
    found = {name: held(interval(scored[name]), truth[name]) for name in ("accuracy", "recall_macro", "f1_macro")}
    enough = scored["recall"].enough.reshape(draws, k)
    for name, label in product(("precision", "recall", "f1"), (0, k - 1)):
        low, high = (np.where(enough, bound.reshape(draws, k), np.nan)[:, label] for bound in interval(scored[name]))
        which = "frequent" if label == 0 else "rare"
        found[f"{name}, {which} label"] = held((low, high), truth[name][label])
    rights = first == target, second == target
    both = shares(
        np.r_[2 * draw, 2 * draw + 1], np.r_[clusters, clusters], np.concatenate(rights, axis=None), 2 * draws
    )
    paired = differences(both.take(slice(0, None, 2)), both.take(slice(1, None, 2)))
    found["paired difference"] = held(interval(paired), truth["accuracy"] - later["accuracy"])
    chosen = rng.random((draws, n)) < SLICE
    for name, mask in (("pictures", chosen), ("clusters", np.take_along_axis(chosen, cluster, axis=1))):
        if name == "pictures" and setting.scheme == COPIES:
            continue  # copies of a picture lie in the same slice
        parts = shares(2 * draw + mask.ravel(), clusters, rights[0].ravel(), 2 * draws)
        apart = differences(parts.take(slice(1, None, 2)), parts.take(slice(0, None, 2)))
        few = np.minimum(*np.stack([parts.n_clusters[0::2], parts.n_clusters[1::2]])) < FEWEST_CLUSTERS
        few |= np.minimum(mask.sum(axis=1), (~mask).sum(axis=1)) < FEWEST_PICTURES
        found[f"slice of {name} against the rest"] = held([np.where(few, np.nan, end) for end in interval(apart)], 0.0)
    return found


# --- cross-validation, with models that are fitted -----------------------------------------------------


def nearest_means(x, target, train, k):
    """Classes (draws, k) from left to right by their mean over the rows to train on, and the limits between them."""
    rows = [train & (target == label) for label in range(k)]
    centres = np.stack([np.where(one.any(axis=1), (x * one).sum(axis=1) / np.maximum(one.sum(axis=1), 1), np.inf)
                        for one in rows], axis=1)  # fmt: skip
    order = np.argsort(centres, axis=1)
    centres = np.take_along_axis(centres, order, axis=1)
    return order, (centres[:, 1:] + centres[:, :-1]) / 2


def cross_validated(setting, draws, rng):
    """Nearest means on a line: intervals of all answers, against the mean scores of the five models, and of others."""
    cluster, ability = drawn_clusters(rng, setting, draws)
    n, k = setting.n, len(setting.prior)
    source = cluster if setting.scheme == COPIES else np.tile(np.arange(n), (draws, 1))
    target = np.searchsorted(np.cumsum(setting.prior)[:-1], rng.random((draws, n)), side="right")
    target, noise = (np.take_along_axis(one, source, axis=1) for one in (target, rng.normal(size=(draws, n))))
    spread = np.hypot(1, ABILITY * (setting.scheme == SUBJECTS))
    # Between two others a class is met with 2F - 1, at an end with F, F the normal share of half a step.
    step = 2 * spread * stats.norm.ppf((setting.accuracy * k + k - 2) / (2 * k - 2))
    x = noise + target * step + ability
    fold = np.take_along_axis(np.argsort(rng.random((draws, n)), axis=1) % CV_FOLDS, cluster, axis=1)
    predicted, confusions = np.zeros_like(target), np.zeros((draws, k, k))
    for number in range(CV_FOLDS):
        order, limits = nearest_means(x, target, fold != number, k)
        answers = np.take_along_axis(order, (x[..., None] > limits[:, None]).sum(axis=-1), axis=1)
        predicted = np.where(fold == number, answers, predicted)
        below = stats.norm.cdf((limits[:, None] - step * np.arange(k)[:, None]) / spread)  # (draws, k, k - 1)
        shares_of = np.diff(below, axis=-1, prepend=0.0, append=1.0) * setting.prior[:, None]
        confusions += np.take_along_axis(shares_of, np.argsort(order, axis=1)[:, None], axis=2) / CV_FOLDS
    truth, draw = confusion_scores(confusions), np.repeat(np.arange(draws), n)
    clusters = (np.arange(draws)[:, None] * n + cluster).ravel()
    scored = score_estimates(target.ravel(), predicted.ravel(), k, clusters, draw)
    headline = ("accuracy", "recall_macro", "f1_macro")
    found = {f"cross-validated {name}": held(scored[name].interval(), truth[name]) for name in headline}
    other = held(scored["accuracy"].interval(), truth["accuracy"].mean())
    return found | {OTHER_MODELS: other}


# --- the table ---------------------------------------------------------------------------------------


def coverage_table(draws=1000, sizes=SIZES, seed=0) -> pd.DataFrame:
    """A row a score and setting: `score`, the setting, `printed` (share of draws with an interval), `held`, `width`."""
    rng, rows = np.random.default_rng(seed), []
    for scheme, n, labels, accuracy in product(SCHEMES, sizes, PRIORS, ACCURACIES):
        setting = Setting(scheme, n, labels, accuracy)
        fitted = replace(setting, accuracy=max(accuracy, LEAST_ABOVE_CHANCE)) if len(setting.prior) == 2 else setting
        step = max(1, AT_A_TIME // n)
        sizes_of_parts = [min(step, draws - start) for start in range(0, draws, step)]
        parts = [judged(setting, size, rng) | cross_validated(fitted, size, rng) for size in sizes_of_parts]
        for name in parts[0]:
            inside, width = (np.concatenate([part[name][place] for part in parts]) for place in (0, 1))
            known = np.isfinite(inside)
            means = (np.nan, np.nan) if not known.any() else (inside[known].mean(), width[known].mean())
            rows.append((name, scheme, n, labels, accuracy, known.mean(), *means))
    return pd.DataFrame(rows, columns=["score", "scheme", "n", "labels", "accuracy", "printed", "held", "width"])


def markdown(table: pd.DataFrame) -> str:
    """Rows score by n, columns schemes: mean, least and most coverage over the settings, and the mean width."""
    # Where few draws bear an interval, those that do are no fair choice: they are the ones with more of a label.
    table = table[table["printed"] > 0.5]
    lines = [
        "| score | n | " + " | ".join(f"{one} | width" for one in SCHEMES) + " |",
        "|---|---" + "|---|---" * 3 + "|",
    ]
    for (score, n), group in table.groupby(["score", "n"], sort=False):
        cells = []
        for scheme in SCHEMES:
            some = group[group["scheme"] == scheme]
            held = 100 * some["held"]
            cells += (
                [f"{held.mean():.1f} ({held.min():.1f} to {held.max():.1f})", f"{100 * some['width'].mean():.1f}"]
                if len(some)
                else ["", ""]
            )
        lines.append(f"| {score.replace('_', ' ')} | {n:,} | " + " | ".join(cells) + " |")
    promised = table[table["score"] != OTHER_MODELS]
    within = 100 * promised["held"].between(0.93, 0.97).mean()
    lines += ["", f"Within 93 and 97 %: {within:.0f} % of the {len(promised):,} numbers behind it."]
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--write", action="store_true", help="put the table into benchmarks/README.md")
    options = parser.parse_args()
    start = time.perf_counter()
    table = coverage_table(options.draws, options.sizes)
    text = markdown(table)
    print(text)
    outside = table[(table["printed"] > 0.5) & ~table["held"].between(0.93, 0.97)]
    print(outside.to_string(index=False))
    print(f"{time.perf_counter() - start:.0f} s")
    if options.write:
        before, rest = README.read_text().split(MARKS[0])
        README.write_text(before + MARKS[0] + "\n" + text + MARKS[1] + rest.split(MARKS[1])[1])


if __name__ == "__main__":
    started(main)
