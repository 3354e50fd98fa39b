"""Planted leaks: how often the audit finds each under its own name, and how often it accuses another.

python -m benchmarks.leaks --seeds 20
"""

import argparse
from collections import Counter
from collections.abc import Callable

import numpy as np
import pandas as pd

from benchmarks.command import started
from lineament.classifiers import Protocol
from lineament.classifiers.audit import DUPLICATES, SELECTION, SEQUENCES, SUBJECTS, audit
from lineament.data import Dataset, Duplicates, find_duplicates
from lineament.data.images import ArrayImages
from lineament.reports.leakage import gaps_of

N_PERSONS = 40
LABELS = ("a", "b", "c")
NONE = "none"


class Planted:
    """Faces of persons in sequences: what is measured of them, and which are copies.

    `X` (n, d) tells the labels moderately well, and nothing else; a leak is planted by what is added.
    """

    def __init__(self, seed: int, n_sequences: int = 3, n_frames: int = 3):
        self.rng = np.random.default_rng(seed)
        self.person, sequence, _ = (axis.ravel() for axis in np.indices((N_PERSONS, n_sequences, n_frames)))
        self.sequence = self.person * n_sequences + sequence
        self.n = len(self.person)
        self.target = self.rng.integers(0, len(LABELS), self.n)
        self.known = {"groups": self.person.astype(str), "sequences": self.sequence.astype(str)}
        self.copies = np.arange(self.n)

    def informed(self, d=6, strength=1.2):
        """Measurements (n, d) of which the first three tell the label."""
        return self.rng.normal(size=(self.n, d)) + strength * np.eye(len(LABELS), d)[self.target]

    def signature(self, of, d=6):
        """Numbers (n, d) that are the same, but for a hair, for all rows of one number in `of` (n,)."""
        return self.rng.normal(size=(of.max() + 1, d))[of] + 0.01 * self.rng.normal(size=(self.n, d))

    def label_by(self, of):
        """Every row of one number in `of` (n,) bears one label."""
        self.target = self.rng.permutation(np.arange(of.max() + 1) % len(LABELS))[of]


def clean(seed):
    """Nothing planted: persons and sequences leave no trace."""
    planted = Planted(seed)
    return planted, planted.informed()


def identity(seed):
    """Persons are recognised, and bear mostly one label; no two pictures are of one sequence."""
    planted = Planted(seed)
    planted.label_by(planted.person)
    planted.known = {"groups": planted.known["groups"]}
    return planted, planted.signature(planted.person) + 0.3 * planted.rng.normal(size=(planted.n, 6))


def frames(seed):
    """Frames of one sequence are all but one picture, with one label; persons leave no trace."""
    planted = Planted(seed)
    planted.label_by(planted.sequence)
    X = planted.signature(planted.sequence)
    return planted, X + 0.8 * np.eye(len(LABELS), 6)[planted.target]


def near_copies(seed):
    """Pictures come in pairs, copies of each other; persons and sequences are not known, or leave no trace."""
    planted = Planted(seed)
    of = planted.rng.permutation(planted.n) // 2
    planted.label_by(of)
    planted.known, planted.copies = {}, of
    return planted, planted.signature(of) + 0.8 * np.eye(len(LABELS), 6)[planted.target]


def selection(seed):
    """120 pictures, and 2,000 measurements of noise: those that fit the labels by chance are picked."""
    planted = Planted(seed, n_sequences=3, n_frames=1)
    return planted, planted.rng.normal(size=(planted.n, 2000))


SITUATIONS: dict[str, tuple[Callable, str]] = {
    NONE: (clean, NONE),
    "identity": (identity, SUBJECTS),
    "sequence": (frames, SEQUENCES),
    "near copies": (near_copies, DUPLICATES),
    "selection": (selection, SELECTION),
}


def accused(name: str, seed: int, classifier: str = "knn") -> list[str]:
    """The rules that the audit of one planted dataset shows to be broken."""
    planted, X = SITUATIONS[name][0](seed)
    pictures = ArrayImages(np.zeros((planted.n, 4, 4), dtype=np.uint8))
    dataset = Dataset(name, pictures, planted.target, LABELS, np.arange(planted.n).astype(str), **planted.known)
    found = audit(
        dataset,
        duplicates_of(planted),
        X,
        found=np.ones(planted.n, dtype=bool),
        protocol=Protocol(selector="anova", n_features=min(8, X.shape[1] - 1), seed=seed),
        classifiers=(classifier,),
    )
    gaps = gaps_of(found, dataset, duplicates_of(planted))
    return gaps[gaps["verdict"].isin(("flattered", "too low"))]["rule"].tolist()


def duplicates_of(planted) -> Duplicates:
    """Near copies as a search of pictures gives them."""
    order = np.argsort(planted.copies, kind="stable")
    same = np.flatnonzero(np.diff(planted.copies[order]) == 0)
    return find_duplicates(np.arange(planted.n).astype(str), np.stack([order[same], order[same + 1]], axis=1))


def table(seeds: int, classifier: str) -> pd.DataFrame:
    """By what is planted: in how many of the seeds its rule is accused, and any other."""
    rows = []
    for name, (_, rule) in SITUATIONS.items():
        by_seed = [accused(name, seed, classifier) for seed in range(seeds)]
        counts = Counter(one for found in by_seed for one in found if one != rule)
        hits = sum(rule in found for found in by_seed)
        others = sum(any(one != rule for one in found) for found in by_seed)
        rows.append((name, np.nan if rule == NONE else hits, others, dict(counts)))
    return pd.DataFrame(rows, columns=["planted", "found", "another accused", "which"])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--classifier", default="knn")
    arguments = parser.parse_args()
    print(table(arguments.seeds, arguments.classifier).to_string(index=False))


if __name__ == "__main__":
    started(main)
