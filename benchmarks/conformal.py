"""Whether promises are kept: label sets of guaranteed coverage, and thresholds of guaranteed risk, on drawn faces.

    python -m benchmarks.conformal [--draws 1000]

A face is a point in the plane, drawn around the middle of its label; in "people" with a shift that all faces of a
person share, 1 to 8 of them. The model knows the middles, but takes the scatter for smaller than it is: it is too sure.
In each draw thresholds are learned from n faces, and judged by the faces of 6,000 people that no draw sees. "fitted": a
linear discriminant analysis is fitted in five folds, by people, thresholds are learned from its answers to the folds,
and the promise is measured of the model that is fitted on all faces.

Coverage is the mean over the draws, which is what is promised: at least the level, and at most 1 / (people of the label
+ 1) more, because a threshold is one of so many scores.
"""

import argparse
from dataclasses import dataclass

import numpy as np
from scipy.special import softmax
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.model_selection import GroupKFold, cross_val_predict

from benchmarks.command import started
from lineament.classifiers.abstention import RISKS, answered, confidence_of, guaranteed_threshold, plain_threshold
from lineament.classifiers.conformal import LEVELS, sets_of, thresholds_of

MIDDLES = np.array([[0.0, 0.0], [3.2, 0.0], [0.0, 3.2]])
SIZES = (60, 300, 3000)
KINDS = {"apart": {"alike": 0.0}, "people": {"alike": 0.5}, "fitted": {"alike": 0.5, "fits": True}}
POOL = 6_000  # people


@dataclass(frozen=True)
class Faces:
    """Points (n, 2), labels (n,) and people (n,)."""

    X: np.ndarray
    target: np.ndarray
    people: np.ndarray

    @classmethod
    def drawn(cls, rng, n, *, k, alike, people=None):
        """n faces of k labels, or those of `people`; `alike`: the share of the variance that is a person's own."""
        if alike:
            sizes = rng.integers(1, 9, people or n)
            person = np.repeat(np.arange(len(sizes)), sizes)
            person = person if people else person[:n]
        else:
            person = np.arange(people or n)
        target = rng.choice(k, len(person), p=np.arange(k + 1, 1, -1) / np.arange(k + 1, 1, -1).sum())
        shift = rng.normal(size=(person[-1] + 1, 2))[person]
        X = MIDDLES[target] + np.sqrt(alike) * shift + np.sqrt(1 - alike) * rng.normal(size=shift.shape)
        return cls(X, target, person)


def too_sure(X, k):
    """Probabilities (n, k) of a model that takes the scatter of faces for smaller than it is."""
    distance = ((X[:, None] - MIDDLES[:k]) ** 2).sum(axis=-1)
    return softmax(-1.2 * distance, axis=1)


def fitted(faces, k):
    """Out-of-fold probabilities of faces, and a function that gives those of the model of all faces."""
    model = LinearDiscriminantAnalysis()
    folds = GroupKFold(5, shuffle=True, random_state=0)
    proba = cross_val_predict(model, faces.X, faces.target, groups=faces.people, cv=folds, method="predict_proba")
    return proba, model.fit(faces.X, faces.target).predict_proba


class Pool:
    """Many faces, by whose answers promises are judged."""

    def __init__(self, rng, *, k, alike):
        self.faces, self.k = Faces.drawn(rng, 0, k=k, alike=alike, people=POOL), k

    def coverage(self, proba, thresholds):
        """Share of sets (k,) that hold the true label, by label, each person counting once a label."""
        held = sets_of(proba, thresholds)[np.arange(len(proba)), self.faces.target]
        return np.array([self._mean(held, self.faces.target == label) for label in range(self.k)])

    def risk(self, proba, threshold):
        """Mean over people of the share of wrong answers among those given."""
        return self._mean(proba.argmax(axis=1) != self.faces.target, answered(confidence_of(proba), threshold))

    def _mean(self, hit, rows):
        n = np.bincount(self.faces.people[rows], minlength=POOL)
        hits = np.bincount(self.faces.people[rows], weights=hit[rows], minlength=POOL)
        return float((hits[n > 0] / n[n > 0]).mean()) if n.any() else 0.0


def simulated(n, *, alike, draws, seed=0, fits=False):
    """What `draws` of n faces promise and keep.

    Returns
    -------
    coverage : ndarray of shape (draws, levels, k)
        NaN where faces were too few for a promise.
    broken : ndarray of shape (2, risks), int
        How many draws' thresholds have more risk than promised: guaranteed ones, plain ones.
    silent : ndarray of shape (risks,), int
        How many draws can guarantee nothing.
    """
    rng, k = np.random.default_rng(seed), 2 if n < 100 else 3
    pool = Pool(rng, k=k, alike=alike)
    coverage = np.full((draws, len(LEVELS), k), np.nan)
    broken, silent = np.zeros((2, len(RISKS)), dtype=int), np.zeros(len(RISKS), dtype=int)
    of_pool = too_sure(pool.faces.X, k)
    for draw in range(draws):
        faces = Faces.drawn(rng, n, k=k, alike=alike)
        if fits:
            proba, predict = fitted(faces, k)
            of_pool = predict(pool.faces.X)
        else:
            proba = too_sure(faces.X, k)
        known = {"clusters": faces.people}
        for place, level in enumerate(LEVELS):
            thresholds = thresholds_of(proba, faces.target, faces.target, k, level=level, seed=draw, **known)
            learned = np.isfinite(thresholds)
            coverage[draw, place, learned] = pool.coverage(of_pool, thresholds)[learned]
        confidence, wrong = confidence_of(proba), proba.argmax(axis=1) != faces.target
        for place, risk in enumerate(RISKS):
            ours = guaranteed_threshold(confidence, wrong, risk, **known)
            silent[place] += ours is None
            for kind, one in enumerate((ours, plain_threshold(confidence, wrong, risk))):
                broken[kind, place] += one is not None and pool.risk(of_pool, one) > risk
    return coverage, broken, silent


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--draws", type=int, default=1000)
    draws = parser.parse_args().draws
    print(f"faces      n  level    held by label            | risk: guaranteed / plain broken, silent, of {draws}")
    for name, settings in KINDS.items():
        for n in SIZES:
            coverage, broken, silent = simulated(n, draws=draws, **settings)
            for place, (level, risk) in enumerate(zip(LEVELS, RISKS)):
                known = np.isfinite(coverage[:, place]).mean(axis=0) > 0.5  # of rarer ones those draws would be special
                text = " ".join(f"{np.nanmean(one):.3f}" for one in coverage[:, place, known].T) or "too few faces"
                told = f"{risk:.2f}: {broken[0, place]:4d} {broken[1, place]:4d} {silent[place]:4d}"
                print(f"{name:7} {n:5}  {level:.2f}     {text:24} | {told}", flush=True)


if __name__ == "__main__":
    started(main)
