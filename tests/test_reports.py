"""Reports: scores against numbers worked by hand, and pages against what a reader must be able to rely on."""

import json
import re
import tomllib
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import jsonschema
import numpy as np
import pandas as pd
import pytest

from lineament.apps import cli
from lineament.classifiers.evaluate import HELD_OUT, UNUSED, Evaluation, Protocol
from lineament.data.duplicates import find_duplicates
from lineament.data.scores import scores
from lineament.features import FeatureTable
from lineament.reports import ranking_rows, rewrite_report, tables_of, write_report
from lineament.reports.baselines import (
    BASELINES,
    GUESS,
    expected_counts,
    expected_scores,
    majority_baseline,
    stratified_baseline,
)
from lineament.reports.blocks import Code
from lineament.reports.comparison import compare
from lineament.reports.document import metrics_document
from lineament.reports.excerpt import thumbnail
from lineament.reports.figures import LIGHT, ConfusionDisplay, CostDisplay, CurvesDisplay, clearer, png
from lineament.reports.markdown import block_markdown, escaped
from lineament.reports.metrics import variance_between_labels
from lineament.reports.settings import toml
from lineament.reports.statistics import corrected_interval
from lineament.reports.uncertainty import NO_DIFFERENCE
from made_runs import LABELS, N, made_run, with_excerpt


@pytest.fixture
def undrawn(monkeypatch):
    """Pages with empty pictures, for tests of words and numbers: drawing is nine tenths of the time."""
    empty = {"light": b"light", "dark": b"dark"}
    monkeypatch.setattr("lineament.reports.write.draw", lambda picture: empty)


@pytest.fixture(scope="module")
def run():
    return with_excerpt(made_run(audited=True))


@pytest.fixture(scope="module")
def folder(run, tmp_path_factory):
    out = tmp_path_factory.mktemp("run")
    assert write_report(run, out) == out / "report.html"
    return out


@pytest.fixture(scope="module")
def metrics(folder):
    return json.loads((folder / "metrics.json").read_text())


# --- numbers ---------------------------------------------------------------------------------------


def test_scores_by_hand():
    # Label 0: 2 of 3 found, named twice: recall 2/3, precision 1, F1 4/5.
    # Label 1: 1 of 1 found, named twice: recall 1, precision 1/2, F1 2/3.
    found = scores(np.array([0, 0, 0, 1]), np.array([0, 0, 1, 1]))
    assert found["n"] == 4
    assert found["accuracy"] == 3 / 4
    assert found["recall_macro"] == pytest.approx((2 / 3 + 1) / 2)
    assert found["f1_macro"] == pytest.approx((4 / 5 + 2 / 3) / 2)


def test_macro_scores_run_over_labels_of_the_truth():
    # Label 2 is named once and borne by none: it lowers no average of its own.
    found = scores(np.array([0, 0, 1]), np.array([0, 2, 1]))
    assert found["recall_macro"] == pytest.approx((1 / 2 + 1) / 2)


def test_scores_of_nothing_are_nan():
    assert scores(np.array([], dtype=int), np.array([], dtype=int))["n"] == 0
    assert np.isnan(scores(np.array([], dtype=int), np.array([], dtype=int))["accuracy"])


def test_corrected_interval_by_hand():
    # Mean 0.5, s² = 0.01, K = 3, n_test/n_train = 1/2; t(0.975, 2) = 4.3027.
    low, high = corrected_interval([0.4, 0.5, 0.6], n_test=10, n_train=20)
    half = 4.302653 * np.sqrt(0.01 * (1 / 3 + 1 / 2))
    assert (low, high) == (pytest.approx(0.5 - half), pytest.approx(0.5 + half))


def test_interval_stays_within_fractions_and_needs_two_folds():
    assert corrected_interval([0.0, 1.0], n_test=1, n_train=1) == (0.0, 1.0)
    assert np.isnan(corrected_interval([0.5], n_test=1, n_train=1)).all()


def test_majority_baseline_learns_from_its_training_rows_only():
    target = np.array([0, 0, 0, 1, 1, 2, 2, 2, 2])
    fold = np.array([0, 0, 0, 1, 1, 0, HELD_OUT, HELD_OUT, UNUSED])
    evaluation = Evaluation("svm", target, target, np.eye(3)[target], fold, (), (), 0.0)
    # Fold 0 was trained on fold 1 (label 1), fold 1 on fold 0 (label 0), the held-out rows on both (label 0).
    assert majority_baseline(evaluation).predicted.tolist() == [1, 1, 1, 0, 0, 1, 0, 0, -1]


def test_confusion_counts_add_up(run):
    confusion = tables_of(run)["confusion"]
    totals = confusion.groupby(["model", "part"])["n"].sum()
    assert totals["svm", "test"] == 12 and totals["svm", "cv"] == 35
    assert confusion.groupby(["model", "part", "true"])["share"].sum().to_numpy() == pytest.approx(1)


def test_baseline_comes_last_and_models_by_accuracy(run):
    accuracy = tables_of(run)["cv"].query("metric == 'accuracy'")
    assert set(accuracy["model"].iloc[-2:]) == set(BASELINES)
    assert accuracy["value"].iloc[:-2].is_monotonic_decreasing


def test_ranking_rows_are_the_ranking(run):
    rows = ranking_rows(run)
    assert [row["model"] for row in rows] == tables_of(run)["cv"]["model"].unique().tolist()
    assert [row["baseline"] for row in rows] == [False, False, True, True]
    assert rows[0].keys() == {"model", "accuracy", "low", "high", "recall_macro", "f1_macro", "baseline"}
    assert rows[0]["accuracy"] >= rows[1]["accuracy"] and rows[0]["low"] <= rows[0]["accuracy"] <= rows[0]["high"]


def test_variance_between_labels(run):
    # Column 0 is the label itself, column 1 is constant, column 2 has equal means.
    target = run.dataset.target
    X = np.c_[target, np.ones(N), np.arange(N) // 3 % 2].astype(float)
    informed = replace(made_run(split=False), table=FeatureTable(X, ("a", "b", "c"), ("any",) * 3))
    assert variance_between_labels(informed) == pytest.approx([1, np.nan, 0], nan_ok=True)


# --- metrics.json ----------------------------------------------------------------------------------


def test_contract_of_metrics_json(metrics):
    assert metrics["schema"] == 1
    assert {"name", "n_images", "label_counts", "n_subjects", "n_duplicates"} <= metrics["dataset"].keys()
    assert {"detector", "found", "images_per_second"} <= metrics["landmarks"].keys()
    assert {"families", "n_features"} <= metrics["features"].keys()
    assert {"cv", "grouped_by", "selector", "balance", "seed"} <= metrics["protocol"].keys()
    assert 0 < metrics["baseline"]["majority_accuracy"] < 1
    for model in metrics["models"].values():
        for metric in ("accuracy", "recall_macro", "f1_macro"):
            assert len(model["cv"][metric]["folds"]) == 3
            low, high = model["cv"][metric]["ci95"]
            assert low <= model["cv"][metric]["value"] <= high
        for faces in ("all", "detected"):
            assert {"n", "accuracy", "recall_macro", "f1_macro", "per_class"} <= model["test"][faces].keys()
            assert model["test"][faces]["per_class"].keys() == set(LABELS)
        assert model["fit_seconds"] == 1.0 and model["predict_seconds_per_face"] == 1e-4
    assert metrics["models"]["svm"]["test"]["all"]["n"] == 12
    assert metrics["protocol"]["duplicates"]["left_out"] == 1


def test_scores_of_the_test_part_are_those_of_its_rows(run, metrics):
    svm, rows = run.evaluations[0], np.arange(36, N)
    assert metrics["models"]["svm"]["test"]["all"]["accuracy"] == (svm.predicted[rows] == svm.target[rows]).mean()
    seen = rows[run.landmarks.found[rows]]
    assert metrics["models"]["svm"]["test"]["detected"]["n"] == len(seen)


def test_validation_rows_are_not_test_rows():
    run = with_excerpt(made_run())
    split = run.dataset.split.astype(object)
    split[36:40] = "validation"
    run = replace(run, dataset=replace(run.dataset, split=split))
    svm = metrics_document(run, tables_of(run))["models"]["svm"]
    assert svm["validation"]["all"]["n"] == 4 and svm["test"]["all"]["n"] == 8


def test_test_is_null_without_a_held_out_part():
    run = with_excerpt(made_run(split=False))
    document = metrics_document(run, tables_of(run))
    assert document["models"]["svm"]["test"] is None
    assert document["baseline"]["majority_accuracy"] == pytest.approx(1 / 3)


def test_label_absent_from_the_test_part_is_null(tmp_path, undrawn):
    run = made_run()
    kept = np.flatnonzero((run.dataset.target != 2) | (np.arange(N) < 36))
    take = {field: getattr(run, field).take(kept) for field in ("dataset", "landmarks")}
    evaluations = tuple(
        replace(one, **{field: getattr(one, field)[kept] for field in ("target", "predicted", "proba", "fold")})
        for one in run.evaluations
    )
    run = replace(
        run,
        **take,
        evaluations=evaluations,
        duplicates=find_duplicates(np.arange(len(kept)).astype(str)),
        table=run.table.take(kept),
    )
    write_report(run, tmp_path)
    text = (tmp_path / "metrics.json").read_text()
    assert "NaN" not in text and "Infinity" not in text
    sad = json.loads(text)["models"]["svm"]["test"]["all"]["per_class"]["sad"]
    assert sad == {"precision": None, "recall": None, "f1": None, "n": 0}


def test_zero_faces_found(tmp_path, undrawn):
    write_report(made_run(found=np.zeros(N, dtype=bool)), tmp_path)
    metrics = json.loads((tmp_path / "metrics.json").read_text())
    assert metrics["landmarks"]["found"] == 0
    assert metrics["models"]["svm"]["test"]["detected"]["n"] == 0
    assert metrics["models"]["svm"]["test"]["detected"]["accuracy"] is None


# --- pages -----------------------------------------------------------------------------------------


class Links(HTMLParser):
    """What a page would load, its pictures, its ids and its headings."""

    def __init__(self, text):
        super().__init__()
        self.loads, self.images, self.ids, self.anchors, self.headings = [], [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.ids += [attributes["id"]] if "id" in attributes else []
        if tag == "img":
            self.images.append(attributes)
        if tag == "a":
            self.anchors.append(attributes["href"])
        if re.fullmatch(r"h[1-6]", tag):
            self.headings.append(int(tag[1]))
        names = ("src", "srcset", "poster", "data") + (() if tag == "a" else ("href",))
        self.loads += [attributes[name] for name in names if name in attributes]


@pytest.fixture(scope="module")
def html(folder):
    return (folder / "report.html").read_text()


def test_page_loads_nothing_and_every_picture_has_words(html):
    page = Links(html)
    assert page.images
    assert all(source.startswith("data:") for source in page.loads)
    assert all(image["alt"].strip() and image["src"].startswith("data:") for image in page.images)
    assert "@import" not in html and "url(" not in html


def test_page_structure(html):
    page = Links(html)
    assert len(page.ids) == len(set(page.ids))
    assert {anchor[1:] for anchor in page.anchors if anchor.startswith("#")} <= set(page.ids)
    assert page.headings[0] == 1 and page.headings.count(1) == 1
    assert all(after <= before + 1 for before, after in zip(page.headings, page.headings[1:]))
    assert '<html lang="en">' in html and "<main" in html and "<nav" in html


def test_files_that_pages_link_to_exist(folder, html):
    linked = [anchor for anchor in Links(html).anchors if not anchor.startswith("#")]
    linked += re.findall(r"\]\(([^)]+)\)", (folder / "report.md").read_text())
    assert linked and all((folder / name).is_file() for name in linked)


def test_labels_are_escaped(folder, html):
    assert "happy <b>" not in html
    assert "happy &lt;b&gt;|" in html
    assert r"happy \<b\>\|" in (folder / "report.md").read_text()


@pytest.mark.parametrize("synthetic", [True, False])
def test_synthetic_faces_are_named_exactly_where_they_are(tmp_path, undrawn, synthetic):
    write_report(made_run(synthetic=synthetic, n_models=1), tmp_path)
    for name in ("report.html", "report.md"):
        assert ("synthetic" in (tmp_path / name).read_text().lower()) == synthetic
    assert json.loads((tmp_path / "metrics.json").read_text())["dataset"]["synthetic"] is synthetic


def test_one_model_without_a_split_and_missed_faces_dropped(tmp_path):
    write_report(made_run(n_models=1, split=False, on_miss="drop"), tmp_path)
    text = (tmp_path / "report.html").read_text()
    words = re.sub(r"<style.*?</style>|<script.*?</script>|<[^>]*>", " ", text, flags=re.S).lower().split()
    assert "nan" not in words


def test_net_and_components(tmp_path, undrawn):
    epochs = tuple({"epoch": e, "train_loss": 1 / e, "valid_loss": 1.0, "train_accuracy": 0.5} for e in (1, 2, 3))
    run = made_run(n_models=1)
    svm = replace(run.evaluations[0], selected=(("pca0", "pca1"),) * 3)
    net = replace(run.evaluations[0], name="cnn", selected=((),) * 3, history=(epochs,) * 4)
    write_report(replace(run, evaluations=(svm, net), protocol=Protocol(cv=3, selector="pca")), tmp_path)
    text = (tmp_path / "report.html").read_text()
    assert "How the net learned" in text and "no line on a face can show" in text
    assert len(pd.read_csv(tmp_path / "tables" / "history.csv")) == 12


def test_same_run_gives_the_same_bytes(run, folder, tmp_path):
    write_report(run, tmp_path)
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        assert file.read_bytes() == (tmp_path / file.relative_to(folder)).read_bytes(), file.name


def test_predictions_score_again(folder, metrics):
    frame = pd.read_parquet(folder / "predictions.parquet")
    svm = frame[(frame["model"] == "svm") & (frame["split"] == "test")]
    assert (svm["label"] == svm["predicted"]).mean() == metrics["models"]["svm"]["test"]["all"]["accuracy"]
    assert frame.loc[frame["fold"] == UNUSED, "predicted"].isna().all()


def test_evaluations_on_other_folds_do_not_compare(run):
    other = replace(run.evaluations[1], fold=np.roll(run.evaluations[1].fold, 1))
    with pytest.raises(ValueError, match="'forest' and 'svm' differ in their folds"):
        replace(run, evaluations=(run.evaluations[0], other))


# --- small parts -----------------------------------------------------------------------------------


def test_config_repeats_the_run(folder, run):
    config = tomllib.loads((folder / "config.toml").read_text())
    assert config == {key: value for key, value in run.config.items() if value is not None}


def test_toml_survives_odd_text():
    config = {"out": 'C:\\runs "x"\n\x7f', "names": ["ä", "b"], "on": True, "k": 3, "share": 0.5}
    assert tomllib.loads(toml(config)) == config


def test_a_path_cannot_end_the_fence_that_it_stands_in():
    text = "lineament run --data 'a\n```\n# not a heading ````'"
    lines = block_markdown(Code(text)).splitlines()
    assert lines[0] == lines[-1] == "`" * 5 and "\n".join(lines[1:-1]) == text
    assert block_markdown(Code("a = 1", "toml")) == "```toml\na = 1\n```"


def test_a_path_of_no_utf8_loses_no_finished_run(run, tmp_path):
    """Neither in the command nor in the config."""
    odd = "caf\udce9"
    page = write_report(replace(run, command=odd, config={"data": odd}), tmp_path)
    assert "caf\\udce9" in page.read_text() and "caf\\udce9" in (tmp_path / "report.md").read_text()
    assert rewrite_report(tmp_path) == page


def test_markdown_text_stays_text():
    assert escaped("a|b *c*\n_d_") == r"a\|b \*c\* \_d\_"


def test_display_gives_its_numbers_and_the_same_picture(run):
    table = tables_of(run)["confusion"].query("model == 'svm' and part == 'test'").reset_index(drop=True)
    display = ConfusionDisplay(table)
    assert display.frame().to_numpy().sum() == 12
    assert png(display, LIGHT) == png(display, LIGHT)
    assert display.plot().get_xlabel() == "the model said"


def test_curves_take_a_history_without_some_columns():
    history = pd.DataFrame({"fit": ["0", "0", "all"], "epoch": [1, 2, 1], "train_loss": [2.0, 1.0, np.nan]})
    ax = CurvesDisplay(history, "loss").plot()
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["training"]


def test_times_within_one_power_of_ten_have_numbers_beside_them():
    table = pd.DataFrame({"model": ["lda", "svm"], "accuracy": 0.5, "predict_seconds_per_face": [24e-6, 64e-6]})
    ax = CostDisplay(table.assign(model_bytes=1e5)).plot()
    low, high = ax.get_xlim()
    assert [tick for tick in ax.get_xticks() if low < tick < high] == [20, 50]


def test_clearer_colour():
    assert clearer("#000000", "#111111", "#ffffff") == "#ffffff"
    assert clearer("#ffffff", "#111111", "#eeeeee") == "#111111"


# --- intervals, pairs, errors, slices ---------------------------------------------------------------


def test_stratified_guess_follows_the_labels_of_its_training_rows():
    target = np.tile([0, 0, 0, 1], 500)
    fold = np.arange(2000) // 4 % 2
    fold[1500:] = HELD_OUT
    evaluation = Evaluation("svm", target, target, np.eye(2)[target], fold, (), (), 0.0)
    guess = stratified_baseline(evaluation)
    # Right by chance in 0.75² + 0.25² of the cases, to the last digit: nothing is drawn.
    everywhere = np.ones(2000, dtype=bool)
    found = expected_scores(guess, everywhere)
    assert guess.name == GUESS and found["accuracy"] == pytest.approx(0.75**2 + 0.25**2, abs=1e-12)
    np.testing.assert_allclose(expected_counts(guess, everywhere) / 2000, np.outer([0.75, 0.25], [0.75, 0.25]))
    # Each label is named as often as it occurs: recall, precision and F1 are all its share.
    assert found["recall_macro"] == found["f1_macro"] == pytest.approx(0.5)


def test_a_guess_of_balanced_labels_is_right_in_one_of_k(run):
    guess = tables_of(replace(made_run(split=False)))["cv"].query("model == @GUESS and metric == 'accuracy'").iloc[0]
    assert guess["value"] == pytest.approx(1 / 3, abs=1e-3) and np.isnan(guess["low"])


def test_every_headline_score_and_label_has_an_interval_around_it(run):
    table = tables_of(run)["intervals"]
    assert set(table["metric"]) == {"accuracy", "recall_macro", "f1_macro", "precision", "recall", "f1"}
    known = table.dropna(subset=["low"])
    assert (known["low"] <= known["value"] + 1e-9).all() and (known["value"] <= known["high"] + 1e-9).all()
    headline = table[(table["label"] == "") & (table["model"] == "svm") & (table["part"] == "cv")]
    assert headline["low"].notna().all()


def test_labels_of_few_pictures_get_no_interval(run):
    # Four pictures of each label in the test part: fewer than five.
    table = tables_of(run)["intervals"].query("part == 'test' and label == 'sad'")
    assert len(table) and table["low"].isna().all()
    headline = tables_of(run)["intervals"].query("part == 'test' and label == '' and model == 'svm'")
    assert (headline["low"].isna() == (headline["metric"] != "accuracy")).all()


def test_models_that_guess_alike_show_no_difference(run, html):
    pairs = tables_of(run)["pairs"]
    assert (pairs["verdict"] == NO_DIFFERENCE).all() and NO_DIFFERENCE in html


def test_a_clear_difference_is_named():
    run = made_run(split=False)
    first, second = run.evaluations
    better = replace(first, predicted=first.target.copy(), proba=np.eye(3)[first.target])
    worse = replace(second, predicted=(second.target + 1) % 3, proba=np.eye(3)[(second.target + 1) % 3])
    (pair,) = tables_of(replace(run, evaluations=(better, worse)))["pairs"].to_dict("records")
    assert pair["verdict"] == "svm is better" and pair["difference"] == 1 and pair["p_folds"] == 0


def test_mcnemar_is_on_the_test_part(run):
    pair = tables_of(run)["pairs"].iloc[0]
    rows = np.arange(36, N)
    right = {one.name: one.predicted[rows] == one.target[rows] for one in run.evaluations}
    assert pair["only_first"] == (right[pair["first"]] & ~right[pair["second"]]).sum()
    assert np.isfinite(pair["p_test"])


def test_worst_errors_are_wrong_and_surest_first(run):
    worst = tables_of(run)["worst"].query("model == 'svm'")
    svm = run.evaluations[0]
    assert (svm.predicted[worst["row"]] != svm.target[worst["row"]]).all()
    assert worst["probability"].is_monotonic_decreasing


def test_confused_pairs_are_the_largest_cells_off_the_diagonal(run):
    tables = tables_of(run)
    cells = tables["confusion"].query("model == 'svm' and part == 'test' and true != predicted")
    pairs = tables["confused"].query("model == 'svm'")
    assert pairs["n"].tolist() == sorted(cells["n"], reverse=True)[: len(pairs)]
    for pair in pairs.itertuples():
        assert all(LABELS[run.dataset.target[row]] == pair.true for row in pair.rows)


def test_slices_of_one_condition_make_up_the_whole(run):
    slices = tables_of(run)["slices"].query("model == 'svm'")
    assert slices.query("by == 'detector'")["n"].sum() == 12
    assert {"detector", "detector score", "yaw"} <= set(slices["by"])
    assert slices.query("by == 'yaw'")["n"].sum() == slices.query("slice == 'face found'")["n"].sum()


# --- again from the folder --------------------------------------------------------------------------


def test_a_run_folder_renders_again_to_the_same_bytes(folder):
    before = {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
    rewrite_report(folder)
    after = {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
    assert before.keys() == after.keys()
    assert [path.name for path in before if before[path] != after[path]] == []


def test_files_of_an_earlier_run_go_and_others_stay(tmp_path, undrawn):
    write_report(made_run(n_models=3), tmp_path)
    (tmp_path / "figures" / "mine.png").write_bytes(b"mine")
    assert (tmp_path / "figures" / "confusion_lda.png").is_file()
    write_report(made_run(n_models=2), tmp_path)
    assert not (tmp_path / "figures" / "confusion_lda.png").exists()
    assert (tmp_path / "figures" / "mine.png").is_file()
    assert (tmp_path / "figures" / "confusion_svm.png").is_file()


# --- the published schema ---------------------------------------------------------------------------

SCHEMA = json.loads((Path(__file__).parents[1] / "docs" / "metrics.schema.json").read_text())


def test_schema_is_one():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize(
    "settings",
    [{"audited": True}, {"split": False, "n_models": 1}, {"found": np.zeros(N, dtype=bool), "on_miss": "drop"}],
    ids=["split", "no split", "none found"],
)
def test_metrics_follow_the_published_schema(settings, tmp_path, undrawn):
    write_report(made_run(**settings), tmp_path)
    jsonschema.validate(json.loads((tmp_path / "metrics.json").read_text()), SCHEMA)


def test_schema_refuses_percentages(metrics):
    wrong = json.loads(json.dumps(metrics))
    wrong["models"]["svm"]["cv"]["accuracy"]["mean"] = 52.3
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(wrong, SCHEMA)


# --- runs compared ----------------------------------------------------------------------------------


def test_a_run_does_not_differ_from_itself(run):
    table = compare({"first": run, "again": run}).differences
    assert (table["accuracy"] == 0).all() and (table["verdict"] == NO_DIFFERENCE).all()
    assert (table["p_mcnemar"] == 1).all() and (table["p_folds"] == 1).all()


def test_a_better_run_is_named_better():
    run = with_excerpt(made_run(split=False))
    better = replace(run, evaluations=tuple(replace(one, predicted=one.target.copy()) for one in run.evaluations))
    row = compare({"first": run, "better": better}).differences.iloc[0]
    wrong = run.evaluations[0].predicted != run.evaluations[0].target
    assert row["accuracy"] == pytest.approx(wrong.mean()) and row["verdict"] == "better"


def test_runs_on_other_pictures_are_not_paired(run):
    other = replace(run, dataset=replace(run.dataset, keys=np.array([f"other {row}" for row in range(N)])))
    table = compare({"first": run, "other": other}).differences
    assert (table["pictures"] == "different pictures").all() and table["p_mcnemar"].isna().all()
    assert (table["accuracy_low"] < 0).all() and (table["accuracy_high"] > 0).all()


def test_labels_in_another_order_are_the_same_labels(run):
    order = np.array([2, 0, 1])
    labels = tuple(LABELS[np.flatnonzero(order == place)[0]] for place in range(3))
    turned = replace(
        run,
        dataset=replace(run.dataset, target=order[run.dataset.target], label_names=labels),
        evaluations=tuple(
            replace(
                one,
                target=order[one.target],
                predicted=np.where(one.predicted < 0, -1, order[one.predicted]),
                proba=one.proba[:, np.argsort(order)],
            )
            for one in run.evaluations
        ),
    )
    assert (compare({"first": run, "turned": turned}).differences["accuracy"] == 0).all()


def test_datasets_rank_models(run):
    runs = {f"run {place}": replace(run, dataset=replace(run.dataset, name=f"data {place}")) for place in range(3)}
    datasets, models, ranked = compare(runs).ranked
    assert datasets == ["data 0", "data 1", "data 2"] and models == ["svm", "forest"] and ranked.ranks.sum() == 3


def test_commands_report_and_compare(folder, tmp_path, capsys, undrawn):
    assert cli.main(["compare", str(folder), str(folder), "--out", str(tmp_path)]) == 2
    assert "at least two run folders" in capsys.readouterr().err
    write_report(made_run(n_models=2), tmp_path / "other")
    assert cli.main(["compare", str(folder), str(tmp_path / "other"), "--out", str(tmp_path / "both")]) == 0
    assert NO_DIFFERENCE in (tmp_path / "both" / "compare.html").read_text()
    assert cli.main(["report", str(tmp_path / "other")]) == 0
    assert cli.main(["report", str(tmp_path)]) == 2
    assert "cannot be read as a run" in capsys.readouterr().err


def test_large_pictures_are_shown_around_the_face():
    image = np.zeros((400, 600, 3), dtype=np.uint8)
    image[100:200, 300:400] = 255
    points = np.tile([350.0, 150.0], (68, 1))
    small = thumbnail(image, points, (300, 100, 400, 200))
    assert small.picture.shape == (150, 150, 3) and small.picture[75, 75].min() == 255
    # The middle of the box is the middle of the thumbnail.
    np.testing.assert_allclose(small.points, 75, atol=0.5)
    assert small.tile().shape == (168, 168, 3)
