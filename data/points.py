"""68 landmarks that came with the data: parsed, and pictures that are known by them alone."""

import hashlib
from collections.abc import Iterable, Sequence

import numpy as np

from .images import TreeImages, UnreadableImage

N_POINTS = 68
COLUMNS = tuple(f"{axis}_{number}" for axis in "xy" for number in range(N_POINTS))  # of OpenFace and py-feat
ANOTHER_SCHEME = "x_68"  # a dense mesh, as py-feat's MPDetector writes, whose first 68 points are none of these
NO_PICTURE = "no picture, landmarks only"
MAX_PX = 1e6  # beyond any picture: such a number is no coordinate


def landmark_style(columns: Iterable[str]) -> str:
    """Whose table of 68 points these columns are, "openface" or "pyfeat"; "" for another table.

    OpenFace's FeatureExtraction writes `success`, its FaceLandmarkImg `face` and `confidence` instead; py-feat writes
    `FaceScore`, early versions only `FaceRectX`.
    """
    columns = {column.strip() for column in columns}
    if not columns.issuperset(COLUMNS) or ANOTHER_SCHEME in columns:
        return ""
    if "success" in columns or columns >= {"face", "confidence"}:
        return "openface"
    return "pyfeat" if columns & {"FaceScore", "FaceRectX"} else ""


def interleaved_points(text: str) -> np.ndarray:
    """68 points (68, 2) from text: x and y in turn, parted by spaces, commas, semicolons or lines.

    Raises
    ------
    ValueError
        If there are not 136 finite numbers.
    """
    return _checked(text.replace(";", " ").replace(",", " ").split()).reshape(N_POINTS, 2)


def column_points(row: dict) -> np.ndarray:
    """68 points (68, 2) from a table's columns x_0 … x_67, y_0 … y_67; raises ValueError."""
    return _checked([row[column] for column in COLUMNS]).reshape(2, N_POINTS).T


def _checked(values) -> np.ndarray:
    if len(values) != 2 * N_POINTS:
        raise ValueError(f"{len(values)} numbers instead of {2 * N_POINTS} for the landmarks")
    numbers = np.array([float(value) for value in values], dtype=np.float32)
    if not (np.abs(numbers) <= MAX_PX).all():  # false for NaN too
        raise ValueError("landmarks that are no pixels")
    return numbers


class PointImages(Sequence):
    """Pictures of which some or all are absent: known by the landmarks that were made of them.

    Parameters
    ----------
    tree : Tree
    names : sequence of n file names, "" where there is no picture
    points : ndarray of shape (n, 68, 2)
    """

    def __init__(self, tree, names: Sequence[str], points: np.ndarray):
        self.files = TreeImages(tree, names)
        self.points = points

    def __len__(self):
        return len(self.points)

    def __getitem__(self, index):
        if not self.files.names[index]:
            raise UnreadableImage(NO_PICTURE)
        return self.files[index]

    def digest(self, index) -> str:
        """Hash of the landmarks: one picture may hold several faces, each with its row."""
        content = np.ascontiguousarray(self.points[index], dtype=np.float32).tobytes()
        name = self.files.names[index] if np.isnan(self.points[index]).all() else ""
        return hashlib.blake2b(content + name.encode("utf-8", "backslashreplace"), digest_size=16).hexdigest()

    def take(self, rows):
        return PointImages(self.files.tree, [self.files.names[row] for row in rows], self.points[np.asarray(rows)])
