"""Explanations: what is planted is found, and no face is asked about that the model was fitted on."""

import json
from dataclasses import replace

import numpy as np
import pytest
from joblib import parallel_config
from sklearn.metrics import f1_score

from lineament.classifiers import HELD_OUT, UNUSED, Evaluation, FaceModel, Folds, make_classifier
from lineament.classifiers.ablation import ablation, selection_stability, stability
from lineament.classifiers.clusters import clusters_of
from lineament.classifiers.explain import Explanation, explain, explained_evaluation
from lineament.classifiers.questions import LEVELS, Questions
from lineament.classifiers.registry import fit_single_views
from lineament.classifiers.stored import LeftOut
from lineament.data.errors import LineamentError
from lineament.features import FeatureTable
from lineament.reports import rewrite_report, tables_of, write_report
from lineament.reports.portraits import spoken, tile_with_lines
from made_runs import explained, made_run, with_excerpt

N = 300
NAMES = tuple(f"m_{column}" for column in range(8))
FAMILY = ("first",) * 4 + ("second",) * 4


def made_data(seed=0, informative=(2,)):
    """Eight columns of noise; the informative ones hold the label."""
    rng = np.random.default_rng(seed)
    target = rng.integers(0, 3, N)
    X = rng.normal(size=(N, 8))
    for column in informative:
        X[:, column] = 3 * target + rng.normal(size=N)
    return X, target


def made_folds(held_out=False):
    """Five folds of groups of three; the last rows may be held out, and one is unused."""
    groups = np.arange(N) // 3
    fold = groups % 5
    if held_out:
        fold[-60:] = HELD_OUT
        fold[0] = UNUSED
    return Folds(fold, groups)


def made_evaluation(target, folds, name="lda", selected=()):
    proba = np.eye(3)[target]
    return Evaluation(name, target, target, proba, folds.fold, selected, (1.0,), 0.0)


def explanation(X, target, folds=None, *, classifier="lda", selected=(), found=None, model=None, **settings):
    folds = folds or made_folds()
    return explain(
        FeatureTable(X, NAMES, FAMILY),
        found=np.ones(N, dtype=bool) if found is None else found,
        folds=folds,
        evaluations=[made_evaluation(target, folds, classifier, selected)],
        models={classifier: FaceModel(model or make_classifier(classifier, balance="class-weight"))},
        **settings,
    )


def test_what_is_planted_comes_first_and_noise_costs_nothing():
    result = explanation(*made_data())
    first, *noise = result.features
    assert first.name == "m_2" and first.drop > 0.3 and first.low > 0.2
    assert all(abs(one.drop) < 0.05 for one in noise)
    assert result.families[0].name == "first" and result.families[0].drop > 0.3
    assert abs(result.families[1].drop) < 0.05
    assert result.related[0].name == "m_2" and result.effects[0].name == "m_2"
    # The label rises with the value: the last gains what the first loses.
    assert result.effects[0].changes[0] < -0.3 and result.effects[0].changes[2] > 0.3
    assert sum(result.effects[0].changes) == pytest.approx(0, abs=1e-9)


def test_copies_stand_in_for_each_other_until_they_are_shuffled_together():
    X, target = made_data(informative=())
    truth = target + np.random.default_rng(1).normal(size=N) * 0.1
    X[:, :4] = truth[:, None] * [1, -1, 1, 1] + np.random.default_rng(2).normal(size=(N, 4)) * 0.3
    result = explanation(X, target, classifier="svm")
    family, cluster = result.families[0], result.related[0]
    assert family.name == "first" and family.drop > result.features[0].drop + 0.15
    assert cluster.n_features == 4 and cluster.drop == pytest.approx(family.drop, abs=0.05)
    members = next(one for one in result.clusters if one.name == cluster.name)
    assert set(members.members) == set(NAMES[:4])
    assert np.sign(members.correlations[members.members.index("m_1")]) == (1 if members.name == "m_1" else -1)


def test_no_face_is_asked_about_that_was_fitted_on(monkeypatch):
    """Rows, and the groups that they belong to; held-out and unused rows take no part at all."""
    folds, seen = made_folds(held_out=True), []
    answers = Questions.answers

    def recorded(self, model, rows, changes):
        seen.append((model, np.asarray(rows)))
        return answers(self, model, rows, changes)

    monkeypatch.setattr(Questions, "answers", recorded)
    result = explanation(*made_data(), folds)
    assert len(seen) > 20
    for model, rows in seen:
        assert not set(folds.groups[rows]) & set(folds.groups[model.train])
        assert (folds.fold[rows] == model.number).all() and (folds.fold[model.train] >= 0).all()
        assert not set(model.screened) & set(model.scored)
    assert (folds.fold[result.rows] >= 0).all() and len(np.unique(result.rows)) == len(result.rows)
    assert {face.row for face in result.faces} <= set(result.rows)


def test_labels_that_follow_nothing_are_scored_at_chance():
    X, target = made_data(informative=())
    result = explanation(X, target, classifier="svm")
    assert result.score < 0.45 and result.features[0].low < 0.05


def test_the_same_seed_gives_the_same_and_processes_change_nothing():
    X, target = made_data()
    with parallel_config("threading"):
        one, again, two = (explanation(X, target, seed=1, n_jobs=jobs) for jobs in (1, 1, 2))
    other = explanation(X, target, seed=2)

    def compared(result):
        return repr(replace(result, seconds=0.0).to_dict())  # text, in which NaN equals NaN

    assert compared(one) == compared(again) == compared(two) != compared(other)


def test_large_data_are_asked_in_one_fold(monkeypatch):
    small = replace(LEVELS["quick"], most_train=90, most_rows=30, most_screened=12, n_features=3)
    monkeypatch.setitem(LEVELS, "quick", small)
    result = explanation(*made_data())
    assert result.n_folds == 1 and result.n_train <= 90 and len(result.rows) == 30
    assert len(result.features) == 3 and result.features[0].name == "m_2"


def test_features_that_were_not_selected_are_left_alone():
    result = explanation(*made_data(), selected=(("m_2", "m_5"),) * 5)
    assert result.n_candidates == 2 and {one.name for one in result.features} == {"m_2", "m_5"}
    assert [one.n_features for one in result.families] == [1, 1]
    of_the_run = result.stability[-1]
    assert of_the_run.by == "own" and of_the_run.stability == 1 and of_the_run.always == 2


def test_components_are_made_again_from_all_features():
    X, target = made_data()
    model = make_classifier("lda", selector="pca", n_features=3)
    result = explanation(X, target, selected=(("pca0", "pca1", "pca2"),) * 5, model=model)
    assert result.n_candidates == 8 and all(one.by == "anova" for one in result.stability)


def test_gaps_missed_faces_and_a_rare_label():
    X, target = made_data()
    X[::7] = np.nan
    found = np.arange(N) % 7 != 0
    target[target == 2] = 1
    target[:9:3] = 2
    result = explanation(X, target, found=found)
    assert result.features[0].name == "m_2" and found[[face.row for face in result.faces]].all()


def test_for_one_face_the_planted_measurement_moves_the_answer():
    X, target = made_data()
    faces = explanation(X, target).faces
    assert {target[face.row] for face in faces if target[face.row] == face.predicted} == {0, 1, 2}
    for face in faces:
        if target[face.row] == face.predicted != 1:  # the middle label is what the median stands for
            assert face.moves[0].name == "m_2" and face.moves[0].change > 0.3
            assert face.flips_after == 1 and face.flips_to == 1
        assert face.moves[0].value == pytest.approx(X[face.row, NAMES.index(face.moves[0].name)])


def test_levels_and_models_of_images():
    X, target = made_data()
    folds = made_folds()
    assert explanation(X, target, level="none") is None
    with pytest.raises(LineamentError, match="Did you mean 'quick'"):
        explanation(X, target, level="quik")
    assert explained_evaluation([made_evaluation(target, folds, "cnn")]) is None
    worse = replace(made_evaluation(target, folds, "svm"), predicted=np.zeros(N, dtype=np.int64))
    assert explained_evaluation([worse, made_evaluation(target, folds)]).name == "lda"


def test_families_come_from_the_table():
    X, target = made_data()
    result = explanation(X, target)
    assert {one.name: one.n_features for one in result.families} == {"first": 4, "second": 4}


def test_folds_that_train_on_one_label_give_a_reason():
    X, target = made_data()
    folds = made_folds()
    target = np.where(folds.fold == 0, 1, 0)
    result = explanation(X, target, folds)
    assert isinstance(result, LeftOut) and "one label" in result.reason


def test_an_explanation_of_json_from_before_there_were_providers_is_read():
    document = json.loads(json.dumps(explanation(*made_data()).to_dict()))
    del document["provider"]
    assert Explanation.from_dict(document).provider == "columns"


# --- ablation, stability, clusters -----------------------------------------------------------------


def test_ablation_scores_the_given_folds():
    X, target = made_data()
    folds = made_folds(held_out=True)
    rows = ablation(FeatureTable(X, NAMES, FAMILY), target, folds=folds)
    assert [(one.kind, one.family, one.n_features) for one in rows] == [
        ("all", "", 8), ("alone", "first", 4), ("alone", "second", 4)
    ]  # fmt: skip
    for number, value in enumerate(rows[1].f1_macro):
        train, test = (folds.fold >= 0) & (folds.fold != number), folds.fold == number
        model = make_classifier("lda", balance="class-weight").fit(X[train, :4], target[train])
        assert value == pytest.approx(f1_score(target[test], model.predict(X[test, :4]), average="macro"))
    assert np.mean(rows[1].f1_macro) > 0.7 and np.mean(rows[2].f1_macro) < 0.5


def test_ablation_takes_families_away():
    X, target = made_data()
    table = FeatureTable(X[:, :6], NAMES[:6], ("a", "a", "b", "c", "c", "c"))
    rows = ablation(table, target, folds=made_folds(), most_rows=150)
    scores = {(one.kind, one.family): np.mean(one.f1_macro) for one in rows}
    assert len(rows) == 7 and scores["without", "b"] < 0.5 < scores["without", "a"]
    assert ablation(FeatureTable(X, NAMES, ("a",) * 8), target, folds=made_folds()) == ()


def test_ablation_of_many_columns_goes_by_components(monkeypatch):
    monkeypatch.setattr("lineament.classifiers.ablation.MOST_COLUMNS", 5)
    X, target = made_data(informative=(0, 1, 2, 3))
    rows = ablation(FeatureTable(X, NAMES, FAMILY), target, folds=made_folds())
    assert np.mean(rows[0].f1_macro) > 0.8


def test_stability_by_hand():
    kept = np.zeros((4, 10), dtype=bool)
    kept[:, :3] = True
    assert stability(kept) == 1
    rng = np.random.default_rng(0)
    by_lot = np.array([rng.permutation(100) < 20 for _ in range(200)])
    assert abs(stability(by_lot)) < 0.02
    assert np.isnan(stability(np.ones((3, 4), dtype=bool)))
    # Two selections of one out of two that never agree: 1 - (2 * 1/2 * 1/2) / (1/2 * 1/2).
    assert stability(np.eye(2, dtype=bool)) == pytest.approx(-1)


def test_constant_features_are_chosen_last():
    X, target = made_data()
    X[:, 0] = 1.0
    results = selection_stability(X, target, made_folds(), [("m_2",), ("m_2",), ("m_2",), ("m_2",), ("m_3",)])
    assert [one.kept for one in results] == [3, 5, 8, 1]
    assert results[-1].by == "own" and results[-1].stability < 1
    # Two columns of noise more do no harm; without the planted one there would be nothing.
    assert all(np.mean(one.f1_macro) > 0.7 for one in results[:3])
    assert results[2].always == 8 and results[3].f1_macro == ()


def test_clusters_join_what_rises_and_falls_together():
    rng = np.random.default_rng(0)
    base = rng.normal(size=(200, 3))
    X = np.column_stack([base[:, 0], -np.exp(base[:, 0]), base[:, 0] ** 3, base[:, 1], base[:, 2], np.ones(200)])
    clusters = clusters_of(X, np.arange(6), NAMES[:6])
    assert set(clusters[0].members) == {"m_0", "m_1", "m_2"} and len(clusters) == 4
    assert sorted(abs(one) for one in clusters[0].correlations) == pytest.approx([1, 1, 1])
    assert min(clusters[0].correlations) == pytest.approx(-1)
    assert clusters_of(X, np.array([3]), NAMES)[0].members == ("m_3",)


# --- the report ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def run():
    """A run whose measurements include some of pixels, which no line can show."""
    run = made_run(split=False)
    names = tuple(f"hog_{place}" if place < 40 else name for place, name in enumerate(run.table.names))
    kept = tuple(replace(one, selected=()) for one in run.evaluations)
    table = FeatureTable(run.table.X, names, ("hog",) * 40 + run.table.family[40:])
    return with_excerpt(explained(replace(run, table=table, evaluations=kept)))


def test_explanation_comes_back_from_the_run_folder_with_the_same_bytes(run, tmp_path, monkeypatch):
    monkeypatch.setattr("lineament.reports.write.draw", lambda picture: {"light": b"light", "dark": b"dark"})
    write_report(run, tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    rewrite_report(tmp_path)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before
    html, markdown = ((tmp_path / name).read_text() for name in ("report.html", "report.md"))
    for text in (html, markdown):
        assert "What the answers rest on" in text and "none of which it was fitted on" in text
    assert html.count('<ul class="portraits">') == 1 and "hog 1" in html


def test_every_figure_is_drawn(run, tmp_path):
    write_report(run, tmp_path)
    for name in ("importance", "clusters", "effects", "ablation", "curve_kept", "reasons"):
        assert (tmp_path / "figures" / f"{name}.png").stat().st_size > 1000


def test_explanation_survives_its_document(run):
    again = Explanation.from_dict(run.explanation.to_dict())
    first, second = (tables_of(replace(run, explanation=one)) for one in (run.explanation, again))
    for name in ("importance", "clusters", "effects", "ablation", "stability", "moves"):
        assert len(first[name]) and first[name].equals(second[name])


def test_without_an_explanation_the_section_is_absent(tmp_path, monkeypatch):
    monkeypatch.setattr("lineament.reports.write.draw", lambda picture: {"light": b"light", "dark": b"dark"})
    write_report(made_run(), tmp_path)
    assert "What the answers rest on" not in (tmp_path / "report.html").read_text()
    assert "What the answers rest on" not in (tmp_path / "report.md").read_text()


def test_lines_are_drawn_where_there_are_points(run):
    thumbnail = next(iter(run.excerpt.thumbnails.values()))
    plain = tile_with_lines(replace(thumbnail, points=thumbnail.points * np.nan), [["dist_mouth_width"]])
    lined = tile_with_lines(thumbnail, [["dist_mouth_width"]])
    assert plain.shape == lined.shape == (336, 336, 3) and (plain != lined).any()
    assert (tile_with_lines(thumbnail, [[]]) == plain).all()


@pytest.mark.parametrize(
    "name, words", [("dist_mouth_width", "mouth width (distance)"), ("hog_3_1", "hog 3 1"), ("odd", "odd")]
)
def test_names_are_spoken(name, words):
    assert spoken(name) == words


def test_single_views_are_fitted_with_the_families_of_their_columns():
    """Whitened by family, each of the two comes out with a variance of 1; all in one they share it."""
    X, target = made_data()
    settings = {"groups": np.arange(N), "families": FAMILY}
    fitted = fit_single_views(make_classifier("lssvm"), X, target, **settings)
    assert len(fitted[-1].estimator_.whiten_.axes_) == 2
