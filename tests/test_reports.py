"""Reports: files and pages against what a reader must be able to rely on."""

import json
import re
import tomllib
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest

from lineament.classifiers.evaluate import UNUSED, Protocol
from lineament.reports import rewrite_report, tables_of, write_report
from lineament.reports.blocks import Code
from lineament.reports.figures import LIGHT, ConfusionDisplay, CostDisplay, CurvesDisplay, clearer, png
from lineament.reports.markdown import block_markdown, escaped
from lineament.reports.settings import toml
from made_runs import made_run

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
