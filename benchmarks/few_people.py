"""The default SVM beside a plain one where few people are shown, each in pictures that hardly differ.

    python -m benchmarks.few_people [--draws 10]

Laboratory sets are of this kind: 118 people, of each expression three neighbouring frames. Here 118 subjects are drawn
as the sample is, one face an emotion, and every face twice more as the next frame would show it: turned, moved and
scaled a little, lighter or darker, with new noise. Landmarks are looked for in each. The plain SVM is
`make_pipeline(StandardScaler(), SVC(C=5, gamma="scale"))`. Macro F1 and accuracy over five folds by subject, mean over
draws of so many subjects, and how often ours is behind. The faces are synthetic.
"""

import argparse

import cv2
import numpy as np
from sklearn.metrics import f1_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from benchmarks.command import started
from lineament.classifiers.inner import inner_folds
from lineament.classifiers.registry import fit_single_views, make_classifier
from lineament.data.images import ArrayImages
from lineament.data.parallel import Workers
from lineament.data.sample import draw_sample
from lineament.features import feature_table
from lineament.landmarks import look_at

SUBJECTS = (12, 30, 59, 118)
FRAMES = 3


def frames_of(image, rng):
    """The face, and as the frames after it might show it."""
    yield image
    height, width = image.shape
    for _ in range(FRAMES - 1):
        placed = cv2.getRotationMatrix2D((width / 2, height / 2), rng.normal(0, 0.6), 1 + rng.normal(0, 0.008))
        placed[:, 2] += rng.normal(0, 0.5, 2)
        frame = cv2.warpAffine(image, placed, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
        noisy = frame * (1 + rng.normal(0, 0.02)) + rng.normal(0, 2, frame.shape)
        yield np.clip(noisy, 0, 255).astype(np.uint8)


def table_of(n_subjects):
    """Feature table, labels and subjects of the frames."""
    faces, rng = draw_sample(seed=5, n_subjects=n_subjects, per_emotion=1), np.random.default_rng(0)
    frames = [frame for image in faces.images for frame in frames_of(image, rng)]
    seen = look_at(ArrayImages(np.stack(frames)), workers=Workers(2, progress=True))
    row = np.repeat(np.arange(len(faces)), FRAMES)
    return feature_table(seen.points), faces.target[row], np.unique(faces.groups, return_inverse=True)[1][row]


def scores(model_of, X, y, subjects, seed):
    """Macro F1 and accuracy, the mean over five folds by subject."""
    folds = inner_folds(y, subjects, n_folds=5, random_state=seed)
    answers = [(y[test], model_of(X[train], y[train], subjects[train]).predict(X[test])) for train, test in folds]
    return np.mean([(f1_score(*one, average="macro"), (one[0] == one[1]).mean()) for one in answers], axis=0)


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--draws", type=int, default=10)
    draws = parser.parse_args(arguments).draws
    table, y, subjects = table_of(max(SUBJECTS))

    def ours(X, y, groups):
        return fit_single_views(make_classifier("svm"), X, y, groups=groups, families=table.family)

    def plain(X, y, groups):
        return make_pipeline(StandardScaler(), SVC(C=5, gamma="scale")).fit(X, y)

    print(f"{'subjects':>8} {'ours F1':>8} {'plain F1':>8} {'ours':>6} {'plain':>6}  behind in F1")
    for n in SUBJECTS:
        pairs = []
        for draw in range(draws if n < max(SUBJECTS) else max(1, draws // 3)):
            drawn = np.random.default_rng(draw).permutation(max(SUBJECTS))[:n]
            rows = np.isin(subjects, drawn)
            pairs.append([scores(one, table.X[rows], y[rows], subjects[rows], draw) for one in (ours, plain)])
        (f1, accuracy), (plain_f1, plain_accuracy) = 100 * np.mean(pairs, axis=0)
        behind = sum(one[0] < other[0] for one, other in pairs)
        print(f"{n:8} {f1:8.1f} {plain_f1:8.1f} {accuracy:6.1f} {plain_accuracy:6.1f}  {behind} of {len(pairs)}")


if __name__ == "__main__":
    started(main)
