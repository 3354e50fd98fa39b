"""Runs that are made up: no face in them, but every field as a real run has it."""

from dataclasses import replace

import numpy as np

from lineament.classifiers import HELD_OUT, UNUSED, Evaluation, FaceModel, Folds, Protocol, make_classifier
from lineament.classifiers.comparison import Audit, Comparison, CurvePoint
from lineament.classifiers.explain import explain
from lineament.data.dataset import Dataset, Skipped
from lineament.data.duplicates import find_duplicates
from lineament.data.images import ArrayImages
from lineament.features.transformer import DEFAULT_FAMILIES, feature_table
from lineament.landmarks import Faces
from lineament.reports import Run
from lineament.reports.faces import excerpt_of

LABELS = ("angry", "happy <b>|", "sad")
N = 48


def face(rng):
    """68 points that are no face, but apart from each other."""
    angle = np.linspace(0, 2 * np.pi, 68, endpoint=False)
    return (np.c_[np.cos(angle), np.sin(angle)] * rng.uniform(8, 11) + 16).astype(np.float32)


def made_evaluation(name, target, fold, seed, selected=()):
    rng = np.random.default_rng(seed)
    predicted = np.where(rng.random(len(target)) < 0.6, target, rng.integers(0, len(LABELS), len(target)))
    predicted[fold == UNUSED] = -1
    proba = np.eye(len(LABELS))[predicted] * 0.8 + 0.2 / 3
    proba[fold == UNUSED] = np.nan
    n_folds = fold.max() + 1
    return Evaluation(name, target, predicted, proba, fold, tuple(selected for _ in range(n_folds)), (1.0,) * 4, 1e-4)


def made_audit():
    rng = np.random.default_rng(1)
    rows = np.arange(35)
    honest = rng.integers(0, 3, (1, 35))
    comparisons = tuple(
        Comparison(name, honest, np.where(rng.random((1, 35)) < 0.5, rows % 3, honest), why_not)
        for name, why_not in (
            ("duplicates", "no picture occurs twice among these, exactly or nearly"),
            ("sequences", "which pictures are frames of one sequence is not known"),
            ("subjects", "who is shown is not known"),
            ("detected", ""),
            ("selection", ""),
        )
    )
    return Audit(
        classifier="svm",
        selector="anova",
        n_features=20,
        rows=rows,
        comparisons=comparisons,
        repeats=rng.uniform(0.4, 0.5, (3, 3)),
        fold_sizes=(12.0, 23.0),
        learning=tuple(CurvePoint(at, (0.2 + at / 90, 0.3 + at / 90, 0.25)) for at in (5, 12, 23)),
        features=tuple(CurvePoint(at, (0.3, 0.4, 0.35)) for at in (2, 10, 194)),
        seconds=1.0,
    )


def made_run(*, split=True, synthetic=True, found=None, n_models=2, on_miss="fallback", audited=False) -> Run:
    rng = np.random.default_rng(0)
    target = np.arange(N) % 3
    fold = np.arange(N) // 3 % 3
    parts = None
    if split:
        fold[36:], fold[35] = HELD_OUT, UNUSED
        parts = np.array(["train"] * 36 + ["test"] * 12)
    images = ArrayImages(rng.integers(0, 255, (N, 32, 32), dtype=np.uint8))
    dataset = Dataset(
        "toy", images, target, LABELS, np.array([f"{row}.png" for row in range(N)]), split=parts, synthetic=synthetic
    )
    found = rng.random(N) < 0.9 if found is None else found
    landmarks = Faces(
        images=images,
        points=np.array([face(rng) for _ in range(N)]),
        boxes=np.tile(np.int32([4, 4, 28, 28]), (N, 1)),
        found=found,
        score=np.where(found, rng.random(N), np.nan),
        problems=("",) * N,
    )
    if on_miss == "drop":
        landmarks = landmarks.without_missed()
    table = feature_table(landmarks.points)
    return Run(
        dataset=dataset,
        landmarks=landmarks,
        duplicates=find_duplicates(np.arange(N).astype(str)),
        table=table,
        families=DEFAULT_FAMILIES,
        evaluations=tuple(
            made_evaluation(name, target, fold, seed, table.names[:30])
            for seed, name in enumerate(("svm", "forest", "lda")[:n_models])
        ),
        protocol=Protocol(cv=3, selector="anova", n_features=30),
        detector="hog",
        on_miss=on_miss,
        config={"dataset": "toy", "classifiers": ["svm", "forest"], "cv": 3, "backend": None},
        seconds={"load": 0.1, "landmarks": 2.0},
        skipped=(Skipped("a|b.jpg", "the file is empty"),),
        command="python run_pipeline.py --dataset toy",
        n_landmarks_fresh=N,
        audit=made_audit() if audited else None,
    )


def explained(run):
    """The run with a real explanation of its first model, in the shape of an LDA."""
    explanation = explain(
        run.table,
        found=run.landmarks.found,
        folds=Folds(run.evaluations[0].fold, np.arange(len(run.dataset))),
        evaluations=run.evaluations[:1],
        models={run.evaluations[0].name: FaceModel(make_classifier("lda"))},
    )
    return replace(run, explanation=explanation)


def with_excerpt(run):
    return replace(run, excerpt=excerpt_of(run))


def relabelled(run, target, names):
    """The run with other labels; the answers are right in six of ten cases, as before."""
    k, fold = len(names), run.evaluations[0].fold
    target = np.asarray(target, dtype=np.int64)

    def answered(seed, name):
        rng = np.random.default_rng(seed)
        predicted = np.where(rng.random(len(target)) < 0.6, target, rng.integers(0, k, len(target)))
        predicted[fold == UNUSED] = -1
        proba = np.eye(k)[predicted] * 0.8 + 0.2 / k
        proba[fold == UNUSED] = np.nan
        return {"target": target, "predicted": predicted, "proba": proba, "name": name}

    return replace(
        run,
        dataset=replace(run.dataset, target=target, label_names=tuple(names)),
        evaluations=tuple(
            replace(evaluation, **answered(seed, evaluation.name)) for seed, evaluation in enumerate(run.evaluations)
        ),
    )
