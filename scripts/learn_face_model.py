"""Learn the statistical face behind the embedded dataset from FER2013's training part.

    python scripts/learn_face_model.py --data ../shared/data/fer2013.zip --out data/face_model.npz

Deterministic: the same data and libraries give the same model. What goes in is
told in `data/face_model.md`; what comes out holds means and modes of thousands
of faces, and no face of a person.
"""

import argparse
import logging
import sys
from pathlib import Path

import cv2
import numpy as np
from scipy.spatial import Delaunay
from sklearn.covariance import ledoit_wolf_shrinkage
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.model_selection import StratifiedKFold, cross_val_predict

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # run from a checkout, not installed

from lineament.data import face_model as fm
from lineament.data.dataset import TRAIN, image_digests
from lineament.data.parallel import Workers
from lineament.data.sources import load_dataset
from lineament.landmarks import look_at
from lineament.landmarks.layout import JAW, MIRROR

log = logging.getLogger("learn_face_model")

MIN_SCORE = 0.5  # of dlib's detector: frontal, unobstructed faces
MIN_SHARPNESS = 15.0  # percentile of the sharpness among the faces that are left
MAX_TURN = 0.17  # of the nose tip from the middle of the jaw, in widths of the jaw
MAX_ROLL = 0.3  # rad
MIN_EYE_DISTANCE = 10.5  # px: smaller faces are too coarse
MAX_CUT_CHIN = 9.0  # px that the jaw may lie outside the picture; disgust is mostly shown in close-ups
MOST_OF_AN_EMOTION = 700  # faces, those with the highest detector scores: else smiles would fill the modes
STABLE = (27, 28, 29, 30, 31, 33, 35, 36, 39, 42, 45)  # points that expressions move least
WIDEST_MOUTHS = 0.12  # share of faces whose mean is the reference
N_SHAPE, N_TEXTURE = 24, 80
OUTSIDE_WEIGHT = 0.4  # of a pixel outside the face in the texture's variance
FILL_ROUNDS = 3  # of filling unseen pixels from the modes
CLEAR_SHARE = 0.5  # of each emotion's faces kept: those whose label the model itself finds likeliest
MIN_CLEAR = 100  # faces, so that the mean of a rare emotion is nobody's face either
SEED = 0


def main():
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    options = _options()
    images, points, emotion, names = typical_faces(options.data, options.cache)
    model = learn(images, points, emotion, names)
    model.save(options.out)
    log.info("%s: %.2f MB", options.out, options.out.stat().st_size / 1e6)


def _options():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="FER2013 as downloaded: folder or zip")
    parser.add_argument("--out", type=Path, default=fm.ASSET)
    parser.add_argument("--cache", type=Path, help="folder of the landmark cache")
    return parser.parse_args()


def typical_faces(path, cache):
    """Pictures (n, 48, 48), points (n, 68, 2), labels (n,) and label names of faces that are fit to learn from."""
    dataset = load_dataset("fer2013", path)
    digests = image_digests(dataset.images)
    _, first = np.unique(digests, return_index=True)  # an exact copy is one face
    training = np.sort(first[dataset.split[first] == TRAIN])
    dataset = dataset.take(training)
    landmarks = look_at(dataset.images, cache=cache, workers=Workers(progress=True))
    images = np.stack([dataset.images[row] for row in range(len(dataset))])
    good = (landmarks.score > MIN_SCORE) & well_posed(landmarks.points)
    sharp = sharpness(images)
    good &= sharp > np.percentile(sharp[good], MIN_SHARPNESS)
    log.info("%d of %d faces are clear and frontal", good.sum(), len(good))
    chosen = surest(np.flatnonzero(good), landmarks.score, dataset.target)
    return images[chosen], landmarks.points[chosen], dataset.target[chosen], dataset.label_names


def surest(rows, score, emotion):
    """Of these rows, the `MOST_OF_AN_EMOTION` with the highest score in each emotion, sorted."""
    rows = rows[np.argsort(-score[rows], kind="stable")]
    return np.sort(np.concatenate([rows[emotion[rows] == k][:MOST_OF_AN_EMOTION] for k in np.unique(emotion)]))


def well_posed(points: np.ndarray) -> np.ndarray:
    """Mask (n,) of faces that are frontal, upright, large enough and not cut off."""
    right, left = points[:, 36:42].mean(axis=1), points[:, 42:48].mean(axis=1)
    across = left - right
    width = points[:, 16] - points[:, 0]
    nose = points[:, 30] - (points[:, 0] + points[:, 16]) / 2
    turn = (nose * width).sum(axis=1) / (width**2).sum(axis=1)
    inner = np.delete(points, JAW, axis=1)
    return (
        (np.abs(turn) < MAX_TURN)
        & (np.abs(np.arctan2(across[:, 1], across[:, 0])) < MAX_ROLL)
        & (np.linalg.norm(across, axis=1) > MIN_EYE_DISTANCE)
        & (inner.min(axis=(1, 2)) > 0)
        & (inner.max(axis=(1, 2)) < 47)
        & (points.min(axis=(1, 2)) > -MAX_CUT_CHIN)
        & (points.max(axis=(1, 2)) < 47 + MAX_CUT_CHIN)
    )


def sharpness(images: np.ndarray) -> np.ndarray:
    """Spread of the Laplacian over the spread of the picture, (n,)."""
    return np.array([cv2.Laplacian(image, cv2.CV_32F).std() / max(image.std(), 1) for image in images])


def learn(images, points, emotion, names) -> fm.AppearanceModel:
    """Fit the model to pictures (n, 48, 48), points (n, 68, 2) and labels (n,)."""
    shapes, to_source = aligned(points)
    reference = reference_shape(shapes)
    triangles = mesh(reference)
    textures, seen = warped(images, shapes, to_source, reference, triangles)
    face = face_mask(reference)
    textures = normalised(textures, seen, face)
    log.info("textures of %d faces, %.0f %% of the pixels seen", len(textures), 100 * seen.mean())

    shape_mean, shape_modes, shape_weights = principal_modes(doubled(shapes, mirrored_shapes), N_SHAPE)
    texture_mean, texture_modes, texture_weights = texture_principal_modes(textures, seen, face)
    coefficients = np.concatenate([shape_weights, texture_weights], axis=1)
    emotion = np.concatenate([emotion, emotion])
    means, spreads, pooled = emotion_statistics(coefficients, emotion, len(names))
    steps = np.abs(texture_modes).max(axis=1) / 127
    return fm.AppearanceModel(
        emotions=np.array(names),
        reference=reference.astype(np.float32),
        triangles=triangles.astype(np.uint8),
        shape_mean=shape_mean.reshape(68, 2).astype(np.float32),
        shape_modes=shape_modes.reshape(-1, 68, 2).astype(np.float16),
        texture_mean=texture_mean.reshape(fm.CANVAS, fm.CANVAS).astype(np.float16),
        texture_modes=np.round(texture_modes / steps[:, None]).astype(np.int8).reshape(-1, fm.CANVAS, fm.CANVAS),
        texture_scale=steps.astype(np.float32),
        emotion_mean=means.astype(np.float16),
        emotion_spread=spreads.astype(np.float16),
        pooled_spread=pooled.astype(np.float16),
    )


def aligned(points):
    """Shapes (n, 68, 2) on the canvas, and similarities (n, 2, 3) from the canvas back to the picture.

    Only points that expressions hardly move set the similarity, so that a
    dropped jaw does not pull the eyes upward.
    """
    eyes = np.stack([points[:, 36:42].mean(axis=1), points[:, 42:48].mean(axis=1)], axis=1)
    half = fm.EYE_DISTANCE / 2
    middle = (fm.CANVAS - 1) / 2
    goal = np.array([[middle - half, fm.EYE_LEVEL], [middle + half, fm.EYE_LEVEL]])
    shapes = np.stack([_moved(face, similarity(pair, goal)) for face, pair in zip(points, eyes)])
    for _ in range(3):
        mean = (shapes.mean(axis=0) + mirrored_shapes(shapes).mean(axis=0)) / 2
        mean = _moved(mean, similarity(np.stack([mean[36:42].mean(axis=0), mean[42:48].mean(axis=0)]), goal))
        forth = np.stack([similarity(face[list(STABLE)], mean[list(STABLE)]) for face in points])
        shapes = np.stack([_moved(face, matrix) for face, matrix in zip(points, forth)])
    return fm.with_shut_lips(shapes), np.stack([cv2.invertAffineTransform(matrix) for matrix in forth])


def similarity(source, goal):
    """The similarity (2, 3) that brings points (p, 2) closest to others: rotation, scale, shift."""
    start, end = source.mean(axis=0), goal.mean(axis=0)
    a, b = (source - start) @ (1, 1j), (goal - end) @ (1, 1j)
    turn = np.vdot(a, b) / np.vdot(a, a).real
    linear = np.array([[turn.real, -turn.imag], [turn.imag, turn.real]])
    return np.column_stack([linear, end - linear @ start])


def _moved(points, matrix):
    return points @ matrix[:, :2].T + matrix[:, 2]


def mirrored_shapes(shapes):
    out = shapes[:, MIRROR].copy()
    out[..., 0] = fm.CANVAS - 1 - out[..., 0]
    return out


def doubled(values, mirror):
    """Each face and its mirror image: nobody's left differs from right on average."""
    return np.concatenate([values, mirror(values)])


def reference_shape(shapes):
    """Mean of the shapes with the widest mouths: gives the mouth's inside room in the texture."""
    gap = (shapes[:, 66] - shapes[:, 62])[:, 1]
    wide = shapes[gap >= np.quantile(gap, 1 - WIDEST_MOUTHS)]
    return doubled(wide, mirrored_shapes).mean(axis=0)


def mesh(reference):
    """Triangles (t, 3) over the reference, of one orientation, in drawing order.

    Eyes and mouth come first: where they are shut their triangles are slivers,
    whose rough edge the triangles around them then cover.
    """
    vertices = fm.with_frame(reference)
    triangles = Delaunay(vertices).simplices
    areas = fm.mesh_areas(vertices[None], triangles)[0]
    triangles = np.where((areas < 0)[:, None], triangles[:, ::-1], triangles)
    triangles = triangles[np.abs(areas) > 1e-6]
    return triangles[np.argsort(~fm.within_closed_parts(triangles), kind="stable")]


def warped(images, shapes, to_source, reference, triangles):
    """Textures (n, CANVAS²) float32 in the reference shape, and the mask (n, CANVAS²) of pixels that were in sight."""
    vertices = fm.with_frame(reference)
    owner, weight = barycentric(vertices, triangles)
    corners = triangles[owner]  # (CANVAS², 3)
    textures = np.empty((len(images), len(owner)), dtype=np.float32)
    seen = np.empty((len(images), len(owner)), dtype=bool)
    for row, (image, shape, matrix) in enumerate(zip(images, fm.with_frame(shapes), to_source)):
        x, y = _moved((shape[corners] * weight[..., None]).sum(axis=1), matrix).astype(np.float32).T
        side = len(image) - 1
        seen[row] = (x >= -0.5) & (x <= side + 0.5) & (y >= -0.5) & (y <= side + 0.5)
        flat = cv2.remap(image.astype(np.float32), x[None], y[None], cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
        textures[row] = flat[0]
    return textures, seen


def barycentric(vertices, triangles):
    """Owner (CANVAS²,) of each canvas pixel, and its barycentric weights (CANVAS², 3)."""
    y, x = np.mgrid[: fm.CANVAS, : fm.CANVAS]
    pixels = np.stack([x.ravel(), y.ravel(), np.ones(x.size)])  # (3, CANVAS²)
    corners = np.concatenate([vertices[triangles], np.ones((len(triangles), 3, 1))], axis=2)
    weights = np.linalg.inv(corners.transpose(0, 2, 1)) @ pixels  # (t, 3, CANVAS²)
    owner = weights.min(axis=1).argmax(axis=0)
    return owner, weights[owner, :, np.arange(x.size)]


def face_mask(reference):
    """Mask (CANVAS²,) of the face: jaw and forehead."""
    outline = np.concatenate([reference[list(JAW)], fm.with_frame(reference)[68:75][::-1]])
    mask = np.zeros((fm.CANVAS, fm.CANVAS), dtype=np.uint8)
    return cv2.fillPoly(mask, [np.round(outline).astype(np.int32)], 1).ravel().astype(bool)


def normalised(textures, seen, face):
    """Textures of mean 0 and standard deviation 1 over what is seen of the face."""
    part = seen & face
    count = part.sum(axis=1, keepdims=True)
    mean = (textures * part).sum(axis=1, keepdims=True) / count
    spread = np.sqrt((((textures - mean) * part) ** 2).sum(axis=1, keepdims=True) / count)
    return (textures - mean) / spread


def principal_modes(values, n):
    """Mean, the first n modes times their standard deviations, and whitened weights (len(values), n)."""
    flat = values.reshape(len(values), -1)
    pca = PCA(n, svd_solver="randomized", random_state=SEED).fit(flat)
    spread = np.sqrt(pca.explained_variance_)
    log.info("%d modes hold %.1f %% of the variance", n, 100 * pca.explained_variance_ratio_.sum())
    return pca.mean_, pca.components_ * spread[:, None], pca.transform(flat) / spread


def texture_principal_modes(textures, seen, face):
    """The same of the textures; pixels that were out of sight are filled from the modes themselves."""

    def mirror(flat):
        return flat.reshape(-1, fm.CANVAS, fm.CANVAS)[..., ::-1].reshape(len(flat), -1)

    values, seen = doubled(textures, mirror), doubled(seen, mirror)
    importance = np.where(face, 1.0, OUTSIDE_WEIGHT).astype(np.float32)
    mean = (values * seen).sum(axis=0) / np.maximum(seen.sum(axis=0), 1)
    values = np.where(seen, values, mean) * importance
    for _ in range(FILL_ROUNDS):
        mean, modes, weights = principal_modes(values, N_TEXTURE)
        np.copyto(values, mean + weights.astype(np.float32) @ modes.astype(np.float32), where=~seen)
    mean, modes, weights = principal_modes(values, N_TEXTURE)
    return mean / importance, modes / importance, weights


def emotion_statistics(coefficients, emotion, n_emotions):
    """Mean (k, d) and covariance factor (k, d, d) of each emotion's clear examples, and the pooled factor (d, d)."""
    clear = clear_examples(coefficients, emotion)
    log.info("clear examples of each emotion: %s", np.bincount(emotion[clear]).tolist())
    faces = [coefficients[clear & (emotion == k)] for k in range(n_emotions)]
    means = np.stack([group.mean(axis=0) for group in faces])
    residuals = [group - group.mean(axis=0) for group in faces]
    pooled = np.cov(np.concatenate(residuals).T)
    spreads = [np.linalg.cholesky(_shrunk(group, pooled)) for group in residuals]
    return means, np.stack(spreads), np.linalg.cholesky(pooled)


def _shrunk(residuals, pooled):
    """Covariance of one emotion drawn toward the pooled one, more so where there are few faces."""
    share = max(ledoit_wolf_shrinkage(residuals), 0.1)
    return (1 - share) * np.cov(residuals.T) + share * pooled


def clear_examples(coefficients, emotion):
    """Mask (n,) of the faces in each emotion whose label a linear model, fitted on others, finds likeliest.

    FER2013's labels are often wrong; a mean over wrong labels is a face without expression.
    """
    folds = StratifiedKFold(5, shuffle=True, random_state=SEED)
    n = len(emotion) // 2  # a face and its mirror image stay together
    judge = LinearDiscriminantAnalysis(priors=np.full(emotion.max() + 1, 1 / (emotion.max() + 1)))
    belief = cross_val_predict(judge, coefficients[:n], emotion[:n], cv=folds, method="predict_proba")
    own = belief[np.arange(n), emotion[:n]]
    bar = np.array([_kept_from(own[emotion[:n] == k]) for k in range(belief.shape[1])])
    clear = own >= bar[emotion[:n]]
    return np.concatenate([clear, clear])


def _kept_from(belief):
    """The belief from which on an emotion's faces are kept."""
    share = max(CLEAR_SHARE, min(1.0, MIN_CLEAR / len(belief)))
    return np.quantile(belief, 1 - share)


if __name__ == "__main__":
    main()
