"""The comparison of four classifiers against the same written plainly with scikit-learn, and against LazyPredict.

    python -m benchmarks.compare [--n 4000] [--selectors none,rfe,mutual_info] [--rounds 3] [--n-jobs 2]
    make peers && python -m benchmarks.compare --selectors ""

Both get the same table, folds and models; both also fit every model on all rows. Plainly means one `cross_validate` of
a whole pipeline for every classifier: with the same number of jobs, and as most write it, without a number, which is
one. They take turns, in worker processes that are started before the clock is, and each ratio is one of times that
follow each other. With one job, seconds are the processor's, which other programs leave alone: what the work itself
takes, without how it is spread over cores.

LazyPredict is compared per model of the same kind, on the split of the first fold, one process, one thread: seconds of
fitting and answering, and accuracy. It is left out where it is not installed. Where scikit-learn-intelex is installed
LazyPredict would swap models of scikit-learn for those on import; that is held off, so that both use the same library.
"""

import argparse
import sys
import time
from pathlib import Path

import numpy as np
from joblib import Parallel, delayed
from sklearn.model_selection import cross_validate
from threadpoolctl import threadpool_limits

from benchmarks.command import started
from lineament.classifiers import Execution, Recipe, evaluate, make_classifier, make_folds, resolve_protocol
from lineament.data import data_home, find_duplicates, image_digests, load_dataset
from lineament.data.parallel import Workers
from lineament.features import Inputs, feature_table
from lineament.landmarks import look_at

CLASSIFIERS = ("svm", "logreg", "lda", "forest")
LAZY_NAMES = {"svm": "SVC", "logreg": "LogisticRegression", "lda": "LinearDiscriminantAnalysis",
              "forest": "RandomForestClassifier"}  # fmt: skip


def table_of(data, n):
    """Features, labels and folds of n training pictures of FER2013, landmarks from the cache where they are there."""
    dataset = load_dataset("fer2013", data / "fer2013.zip")
    train = np.flatnonzero(dataset.split == "train")
    dataset = dataset.take(np.sort(np.random.default_rng(0).choice(train, min(n, len(train)), replace=False)))
    digests = image_digests(dataset.images)
    landmarks = look_at(dataset.images, cache=data_home() / "landmarks", workers=Workers(2))
    folds = make_folds(dataset, find_duplicates(digests), cv=5, seed=0)
    return feature_table(landmarks.points), dataset, folds


def ours(table, dataset, folds, protocol, n_jobs):
    """Accuracy of each classifier by `evaluate`, the mean over the folds."""
    evaluations, _ = evaluate(
        CLASSIFIERS, Inputs((table,)), dataset.target, folds=folds, protocol=protocol,
        recipe=Recipe(labels=dataset.label_names), execution=Execution(n_jobs=n_jobs),
    )  # fmt: skip
    scores = {}
    for one in evaluations:
        hits = one.predicted == one.target
        scores[one.name] = np.mean([hits[one.fold == k].mean() for k in range(one.n_folds)])
    return scores


def plainly(table, dataset, folds, protocol, n_jobs):
    """The same by one `cross_validate` a classifier."""
    scores = {}
    splits = [(train, test) for train, test in folds.fits if len(test)]
    for name in CLASSIFIERS:
        model = make_classifier(
            name, selector=protocol.selector, n_features=protocol.n_features, balance=protocol.balance
        )
        result = cross_validate(
            model, table.X, dataset.target, cv=splits, scoring=("accuracy", "f1_macro"), n_jobs=n_jobs
        )
        scores[name] = result["test_accuracy"].mean()
        model.fit(table.X, dataset.target)
    return scores


def timed(compare, *arguments, n_jobs):
    """Scores, and seconds: by the clock, or of the processor where one process does it all on one thread."""
    clock = time.process_time if n_jobs == 1 else time.perf_counter
    with threadpool_limits(1 if n_jobs == 1 else None):
        start = clock()
        scores = compare(*arguments, n_jobs)
        return scores, clock() - start


def start_workers(n_jobs):
    """Start joblib's processes and let them import the classifiers: whoever came first would pay for it."""
    model = make_classifier("svm")
    Parallel(n_jobs=n_jobs)(delayed(type(model).get_params)(model) for _ in range(4 * n_jobs))


def rows_against_plain(table, dataset, folds, selectors, *, rounds, n_jobs):
    """One row of the table a selector: median seconds, and the median of the rounds' ratios."""
    start_workers(n_jobs)
    for selector in selectors:
        protocol = resolve_protocol(
            d=len(table.names), n_classes=7, n_features=None, selector=selector, cv=5, balance="class-weight", seed=0
        )
        seconds = []
        for _ in range(rounds):
            scores, own = timed(ours, table, dataset, folds, protocol, n_jobs=n_jobs)
            plain, same_jobs = timed(plainly, table, dataset, folds, protocol, n_jobs=n_jobs)
            one_job = same_jobs
            if n_jobs > 1:
                _, one_job = timed(plainly, table, dataset, folds, protocol, n_jobs=None)
            seconds.append((own, same_jobs, one_job))
        own, same_jobs, one_job = np.array(seconds).T
        difference = max(abs(scores[name] - plain[name]) for name in CLASSIFIERS)
        yield (
            f"| {selector} | {np.median(own):.1f} | {np.median(same_jobs):.1f} | {np.median(same_jobs / own):.2f} "
            f"| {np.median(one_job):.1f} | {np.median(one_job / own):.2f} | {difference:.1e} |"
        )


def lazily(X, y, train, test):
    """Seconds and accuracy of each of LazyPredict's models of our kinds, by our names."""
    sys.modules["sklearnex"] = None  # LazyPredict would patch scikit-learn with it, for us as well
    from lazypredict.Supervised import CLASSIFIERS as ALL
    from lazypredict.Supervised import LazyClassifier

    chosen = [model for name, model in ALL if name in LAZY_NAMES.values()]
    lazy = LazyClassifier(verbose=0, ignore_warnings=True, classifiers=chosen)
    models, _ = lazy.fit(X[train], X[test], y[train], y[test])
    return {ours: tuple(models.loc[name, ["Time Taken", "Accuracy"]]) for ours, name in LAZY_NAMES.items()}


def singly(X, y, train, test):
    """The same of ours: whole pipelines, probabilities included."""
    results = {}
    for name in CLASSIFIERS:
        start = time.perf_counter()
        model = make_classifier(name, balance="class-weight").fit(X[train], y[train])
        predicted = model.classes_[model.predict_proba(X[test]).argmax(axis=1)]
        results[name] = time.perf_counter() - start, np.mean(predicted == y[test])
    return results


def rows_against_lazy(table, dataset, folds, rounds):
    """One row a kind of model: the medians of seconds, and accuracies; raises ImportError without LazyPredict."""
    split = np.nan_to_num(table.X), dataset.target, *folds.fits[0]
    with threadpool_limits(1):
        own, lazy = zip(*((singly(*split), lazily(*split)) for _ in range(rounds)))
    for name in CLASSIFIERS:
        (mine, accuracy), (theirs, other) = (np.median([one[name] for one in runs], axis=0) for runs in (own, lazy))
        yield f"| {name} | {mine:.2f} | {accuracy:.1%} | {theirs:.2f} | {other:.1%} | {theirs / mine:.2f} |"


def main(options):
    table, dataset, folds = table_of(options.data, options.n)
    print(f"{len(dataset)} pictures, {len(table.names)} features")
    if options.selectors:
        print("\n| selector | ours, s | plainly, as many jobs, s | faster | plainly, s | faster | difference |")
        print("|---|---|---|---|---|---|---|")
        selectors, settings = options.selectors.split(","), {"rounds": options.rounds, "n_jobs": options.n_jobs}
        for row in rows_against_plain(table, dataset, folds, selectors, **settings):
            print(row, flush=True)
    try:
        rows = list(rows_against_lazy(table, dataset, folds, options.rounds))
    except ImportError as reason:
        print(f"\nLazyPredict is left out ({reason}). Install it: make peers")
        return
    print("\n| model | ours, s | accuracy | LazyPredict, s | accuracy | times faster |\n|---|---|---|---|---|---|")
    print("\n".join(rows))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--n", type=int, default=4000)
    parser.add_argument("--selectors", default="none,rfe,mutual_info")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--n-jobs", type=int, default=2)
    started(main, parser.parse_args())
