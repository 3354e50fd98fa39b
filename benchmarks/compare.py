"""The comparison of four classifiers against the same written plainly with scikit-learn, and against LazyPredict.

    python -m benchmarks.compare [--n 6000] [--selectors none,rfe,mutual_info]

Both get the same table, folds, models and two jobs; both also fit every model on all rows. Plainly means one
`cross_validate` of a whole pipeline for every classifier. LazyPredict fits its models once, on one split; seconds are
per fit of a model of the same kind. It is left out where it is not installed.
"""

import argparse
import time
from pathlib import Path

import numpy as np
from sklearn.model_selection import cross_validate

from classifiers import evaluate, make_classifier, make_folds, resolve_protocol
from data import data_home, find_duplicates, image_digests, load_dataset
from features import feature_table
from landmarks import extract_landmarks

CLASSIFIERS = ("svm", "logreg", "lda", "forest")
LAZY_NAMES = {"svm": "SVC", "logreg": "LogisticRegression", "lda": "LinearDiscriminantAnalysis",
              "forest": "RandomForestClassifier"}  # fmt: skip


def table_of(data, n):
    """Features, labels and folds of n training pictures of FER2013, landmarks from the cache where they are there."""
    dataset = load_dataset("fer2013", data / "fer2013.zip")
    train = np.flatnonzero(dataset.split == "train")
    dataset = dataset.take(np.sort(np.random.default_rng(0).choice(train, min(n, len(train)), replace=False)))
    digests = image_digests(dataset.images)
    landmarks = extract_landmarks(dataset, digests=digests, cache=data_home() / "landmarks", n_jobs=2)
    folds = make_folds(dataset, find_duplicates(digests), cv=5, seed=0)
    return feature_table(landmarks.points), dataset, folds


def ours(table, dataset, folds, protocol):
    evaluations, _ = evaluate(
        CLASSIFIERS, inputs={"features": table.X}, feature_names=table.names, target=dataset.target,
        n_classes=len(dataset.label_names), folds=folds, protocol=protocol, n_jobs=2,
    )  # fmt: skip
    scores, seconds = {}, {}
    for one in evaluations:
        hits = one.predicted == one.target
        scores[one.name] = np.mean([hits[one.fold == k].mean() for k in range(5)])
        seconds[one.name] = np.mean(one.fit_seconds)
    return scores, seconds


def plainly(table, dataset, folds, protocol):
    scores = {}
    splits = [(train, test) for train, test in folds.fits if len(test)]
    for name in CLASSIFIERS:
        model = make_classifier(
            name, selector=protocol.selector, n_features=protocol.n_features, balance=protocol.balance
        )
        result = cross_validate(
            model, table.X, dataset.target, cv=splits, scoring=("accuracy", "f1_macro"), n_jobs=2
        )
        scores[name] = result["test_accuracy"].mean()
        model.fit(table.X, dataset.target)
    return scores


def lazily(table, dataset, folds):
    """Seconds of one fit by LazyPredict on the rows of the first fold, by our names."""
    from lazypredict.Supervised import CLASSIFIERS as ALL
    from lazypredict.Supervised import LazyClassifier

    chosen = [model for name, model in ALL if name in LAZY_NAMES.values()]
    train, test = folds.fits[0]
    X, y = np.nan_to_num(table.X), dataset.target
    models, _ = LazyClassifier(verbose=0, ignore_warnings=True, classifiers=chosen).fit(
        X[train], X[test], y[train], y[test]
    )
    return {ours: (models.loc[lazy, "Time Taken"], models.loc[lazy, "Accuracy"]) for ours, lazy in LAZY_NAMES.items()}


def main(options):
    table, dataset, folds = table_of(options.data, options.n)
    print(f"{len(dataset)} pictures, {len(table.names)} features\n")
    print("| selector | ours, s | plainly, s | times faster | largest difference in accuracy |\n|---|---|---|---|---|")
    for selector in options.selectors.split(","):
        protocol = resolve_protocol(
            d=len(table.names), n_classes=7, n_features=None, selector=selector, cv=5, balance="class-weight", seed=0
        )
        start = time.perf_counter()
        scores, seconds = ours(table, dataset, folds, protocol)
        middle = time.perf_counter()
        plain = plainly(table, dataset, folds, protocol)
        end = time.perf_counter()
        difference = max(abs(scores[name] - plain[name]) for name in CLASSIFIERS)
        figures = f"{middle - start:.0f} | {end - middle:.0f} | {(end - middle) / (middle - start):.2f}"
        print(f"| {selector} | {figures} | {difference:.1e} |", flush=True)
    try:
        lazy = lazily(table, dataset, folds)
    except ImportError:
        return
    print("\n| model | ours, s a fit | accuracy | LazyPredict, s a fit | accuracy |\n|---|---|---|---|---|")
    for name, (taken, accuracy) in lazy.items():
        print(f"| {name} | {seconds[name]:.1f} | {scores[name]:.3f} | {taken:.1f} | {accuracy:.3f} |")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--n", type=int, default=6000)
    parser.add_argument("--selectors", default="none,rfe,mutual_info")
    main(parser.parse_args())
