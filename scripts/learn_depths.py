"""How far nose and eye corners lie behind each other, learned from how they move together when heads turn.

    python scripts/learn_depths.py

Under scaled orthography the picture of a point is affine in its x, y and depth. What is left of many faces' points
after the best affine fit of the mean face's (x, y) is therefore, in its first principal component, the depth, up to a
factor and a slant along y (Tomasi and Kanade, "Shape and Motion from Image Streams under Orthography", IJCV 9, 1992).
Expression hardly moves these points. The faces are drawn from the embedded face model, which was learned from
FER2013's training part. Factor and slant are set by the pitch of `landmarks.quality.head_pose` on the same faces:
a slope of 1, an equal mean. Its yaw takes no part: with a flat generic head it spreads twice as far as the
nose's way sideways allows. Prints the depths for `features/pose.py`.
"""

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from lineament.data.face_model import AppearanceModel
from lineament.features import normalised
from lineament.features.pose import RIGID
from lineament.features.shape import TEMPLATE
from lineament.landmarks.layout import mirrored
from lineament.landmarks.quality import head_pose

N_FACES, N_POSED = 20_000, 1_500


def drawn_faces(n: int) -> np.ndarray:
    """Normalised shapes (2n, 68, 2) of the face model, and their mirror images."""
    model, rng = AppearanceModel.load(), np.random.default_rng(0)
    emotion = rng.integers(0, len(model.emotions), n)
    own = rng.standard_normal((n, model.n_coefficients))
    points = model.points(model.emotion_mean[emotion] + np.einsum("nij,nj->ni", model.emotion_spread[emotion], own))
    return normalised(np.concatenate([points, mirrored(points)]))


def relative_depth(faces: np.ndarray) -> tuple[np.ndarray, float]:
    """First component (k,) of what an affine fit leaves, negative at the nose tip, and its share of the variance."""
    flat = np.c_[TEMPLATE[RIGID], np.ones(len(RIGID))]
    seen = faces[:, RIGID].transpose(0, 2, 1).reshape(-1, len(RIGID))  # a row a coordinate
    left = seen - seen @ np.linalg.pinv(flat).T @ flat.T
    values, vectors = np.linalg.eigh(left.T @ left)
    depth = vectors[:, -1]
    return depth * -np.sign(depth[RIGID.index(30)]), values[-1] / values.sum()


def pitch(faces: np.ndarray, depth: np.ndarray) -> np.ndarray:
    """Turn upwards (n,) in radians with these depths, as `features.pose` computes it."""
    head = np.c_[TEMPLATE[RIGID], depth]
    down = faces[:, RIGID, 1] @ np.linalg.pinv(head - head.mean(axis=0)).T
    return np.arcsin(down[:, 2] / np.linalg.norm(down, axis=1))


def main():
    faces = drawn_faces(N_FACES)
    component, share = relative_depth(faces)
    posed = faces[np.random.default_rng(1).choice(len(faces), N_POSED, replace=False)]
    wanted = np.radians(head_pose(posed * 30)[:, 1].astype(float))
    candidates = []
    for factor in np.arange(0.2, 0.8, 0.02):
        for slant in np.arange(-0.6, 0.01, 0.05):
            depth = factor * component + slant * TEMPLATE[RIGID, 1]
            slope, level = np.polyfit(wanted, pitch(posed, depth), 1)
            candidates.append((abs(slope - 1) > 0.03, abs(level), factor, slant))
    *_, factor, slant = min(candidates)
    depth = factor * component + slant * TEMPLATE[RIGID, 1]
    depth -= depth[RIGID.index(36)]
    correlation = np.corrcoef(wanted, pitch(posed, depth))[0, 1]
    print(f"first component {share:.0%} of the rest; factor {factor:.2f}, slant {slant:.2f}, pitch r {correlation:.2f}")
    print({point: round(float(behind), 2) for point, behind in zip(RIGID, depth)})


if __name__ == "__main__":
    main()
