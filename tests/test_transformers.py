"""scikit-learn's own checks on every estimator of ours."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.utils.estimator_checks import parametrize_with_checks

from lineament.classifiers.calibration import PairwiseCoupled, TemperatureScaled
from lineament.classifiers.elimination import CrossValidatedElimination
from lineament.classifiers.ensemble import Stack, Vote
from lineament.classifiers.least_squares_svm import LeastSquaresSVM
from lineament.classifiers.linear import BalancedPriorLDA, RowSpaceLogisticRegression, ShrunkLDA
from lineament.classifiers.neighbours import BalancedKNN
from lineament.classifiers.perceptron import BalancedMLP
from lineament.classifiers.preprocessing import BatchedScaler, MedianImputer, Varying
from lineament.classifiers.ranking import MRMR
from lineament.classifiers.svm import FewerNystroem
from lineament.classifiers.whitening import PartlyWhitened
from lineament.data import LineamentError
from lineament.features import FAMILIES, FaceFeatures, feature_table, iter_feature_tables


class AnyWidthFaceFeatures(FaceFeatures):
    """The same transformer for tables of any width, as the checks make them: columns repeat up to 136."""

    def _as_points(self, X):
        repeats = -(-136 // X.shape[1])
        # Distinct points, so that eye corners do not coincide.
        wide = np.tile(X, repeats)[:, :136] + np.arange(136) ** 1.5
        return super()._as_points(wide)


MEMBERS = [("lda", Pipeline([("classify", LinearDiscriminantAnalysis())]))]


@parametrize_with_checks(
    [
        AnyWidthFaceFeatures(),
        BalancedKNN(),
        BalancedMLP(),
        BalancedPriorLDA(),
        CrossValidatedElimination(),
        LeastSquaresSVM(),
        MRMR(),
        MedianImputer(),
        BatchedScaler(),
        RowSpaceLogisticRegression(),
        ShrunkLDA(),
        Varying(),
        FewerNystroem(),
        PairwiseCoupled(SVC(decision_function_shape="ovo")),
        PartlyWhitened(),
        Stack(MEMBERS),
        TemperatureScaled(SVC()),
        Vote(MEMBERS),
    ]
)
def test_scikit_learn_conventions(estimator, check):
    check(estimator)


def test_face_features_take_136_columns_or_points(sample_landmarks):
    points = sample_landmarks.points[:4]
    transformer = FaceFeatures().fit(points)
    np.testing.assert_array_equal(transformer.transform(points), transformer.transform(points.reshape(4, 136)))
    with pytest.raises(ValueError, match="68 landmarks are 136"):
        FaceFeatures().fit(np.zeros((3, 10)))


@pytest.mark.parametrize("families", [(), "angles", ("angels",), ("angles", "angles")])
def test_wrong_families_are_named(families):
    with pytest.raises(LineamentError, match="family|families"):
        FaceFeatures(families).fit(np.zeros((1, 136)))


def test_pandas_output_has_the_names(sample_landmarks):
    flat = sample_landmarks.points[:4].reshape(4, 136)
    frame = FaceFeatures().set_output(transform="pandas").fit_transform(flat)
    assert isinstance(frame, pd.DataFrame) and "dist_mouth_width" in frame


def test_works_in_a_pipeline(sample, sample_landmarks):
    pipeline = make_pipeline(FaceFeatures(), StandardScaler(), SVC())
    flat = sample_landmarks.points.reshape(len(sample), 136)
    assert clone(pipeline).fit(flat, sample.target).score(flat, sample.target) > 0.5


def test_every_family_has_its_own_names():
    names = [name for family in FAMILIES.values() if family.compute for name in family.names]
    assert len(set(names)) == len(names)


def test_blocks_of_many_faces_are_the_rows_of_one_table(sample_landmarks):
    points = sample_landmarks.points[:11]
    blocks = list(iter_feature_tables(points, ("angles", "ellipses"), block=4))
    whole = feature_table(points, ("angles", "ellipses"))
    assert [len(block.X) for block in blocks] == [4, 4, 3] and {block.names for block in blocks} == {whole.names}
    np.testing.assert_allclose(np.concatenate([block.X for block in blocks]), whole.X, rtol=1e-12)


def test_chunks_join_without_a_seam(sample_landmarks, monkeypatch):
    points = sample_landmarks.points[:10]
    whole = feature_table(points).X
    monkeypatch.setattr("lineament.features.transformer.CHUNK", 3)
    np.testing.assert_allclose(feature_table(points).X, whole, rtol=1e-12)


def test_batched_scaler_learns_what_the_whole_table_says():
    X = np.random.default_rng(0).normal(3, 5, size=(9_000, 4)).astype(np.float32)
    X[::7, 1] = np.nan
    one, other = BatchedScaler().fit(X), StandardScaler().fit(X.astype(np.float64))
    np.testing.assert_allclose(one.mean_, other.mean_, rtol=1e-6)
    np.testing.assert_allclose(one.scale_, other.scale_, rtol=1e-6)
    assert one.transform(X).dtype == np.float32
