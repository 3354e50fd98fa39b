"""What is lost when columns are shuffled among the faces, and what follows when they go from low to high."""

from collections.abc import Mapping, Sequence

import numpy as np

from .clusters import Cluster
from .explanation import Effect, Importance
from .questions import Questions

QUANTILES = (0.1, 0.9)
N_RESAMPLES = 500
MOST_CANDIDATES = 20_000  # rows times features that the screen predicts


def screened_columns(questions: Questions) -> np.ndarray:
    """The columns that are worth shuffling: whose shuffle costs the true label most probability, on other rows.

    A probability tells more from few rows than macro F1 does.
    """
    candidates, level = questions.candidates, questions.level
    if len(candidates) <= level.n_features:
        return candidates
    lost = np.zeros(len(candidates))
    most = max(40, MOST_CANDIDATES // len(candidates)) // len(questions.models)
    for model in questions.models:
        rows = model.screened[:most]
        changes = [([], 0), *questions.shuffled(model, rows, [[column] for column in candidates], 0)]
        true = questions.answers(model, rows, changes)[:, np.arange(len(rows)), questions.target[rows]]
        lost += (true[0] - true[1:]).sum(axis=1)
    return candidates[np.argsort(-lost, kind="stable")[: level.n_features]]


def importances(
    questions: Questions, groups: Mapping[str, np.ndarray], plain: Sequence[np.ndarray]
) -> tuple[Importance, ...]:
    """An Importance of each group of columns, by name, the most important first; `plain` are the answers as is."""
    weights = _resamples(questions.folds.groups[questions.rows], questions.seed)
    predicted = np.concatenate(plain).argmax(axis=-1)
    columns = list(groups.values())
    # (groups, repeats, rows)
    answers = np.concatenate([_answers_shuffled(questions, model, columns) for model in questions.models], axis=-1)
    whole, resampled = (questions.macro_f1(predicted, by) for by in (None, weights))
    ranked = []
    for (name, members), shuffled in zip(groups.items(), answers):
        drops = tuple(float(whole - questions.macro_f1(one)) for one in shuffled)
        drawn = np.mean([resampled - questions.macro_f1(one, weights) for one in shuffled], axis=0)
        ranked.append(Importance(name, len(members), drops, *map(float, np.percentile(drawn, [2.5, 97.5]))))
    return tuple(sorted(ranked, key=lambda one: -one.drop))


def _answers_shuffled(questions, model, groups):
    repeats = [
        questions.answers(model, model.scored, questions.shuffled(model, model.scored, groups, repeat)).argmax(axis=-1)
        for repeat in range(questions.level.repeats)
    ]
    return np.stack(repeats, axis=1)


def _resamples(groups, seed):
    """How often every row occurs in each of N_RESAMPLES resamples of whole groups, (N_RESAMPLES, n)."""
    _, group = np.unique(groups, return_inverse=True)
    n_groups = group.max() + 1
    rng = np.random.default_rng([seed, len(groups)])
    return rng.multinomial(n_groups, np.full(n_groups, 1 / n_groups), size=N_RESAMPLES)[:, group]


def effect_of(questions: Questions, cluster: Cluster, columns: np.ndarray) -> Effect:
    """Partial dependence at two values: the cluster is set for every face, everything else stays."""
    train = questions.X[questions.models[0].train]
    falls = np.array(cluster.correlations) < 0
    low, high = np.nanquantile(train[:, columns], QUANTILES, axis=0)
    ends = [(columns, np.where(falls, low, high)), (columns, np.where(falls, high, low))]
    changes = [np.subtract(*questions.answers(model, model.scored, ends)) for model in questions.models]
    middle = cluster.members.index(cluster.name)
    means = np.concatenate(changes).mean(axis=0)
    return Effect(cluster.name, float(low[middle]), float(high[middle]), tuple(means.tolist()))
