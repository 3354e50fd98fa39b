"""The report in a real browser: what a reader of the page, of a phone, of paper or with a keyboard gets."""

import json
import shutil
from pathlib import Path

import axe_core_python
import numpy as np
import pytest
from playwright.sync_api import sync_playwright

from lineament.classifiers import Recipe, evaluate, make_folds, resolve_protocol
from lineament.classifiers.audit import audit
from lineament.classifiers.explain import explain
from lineament.data import find_duplicates, load_dataset
from lineament.features import Inputs
from lineament.features.transformer import DEFAULT_FAMILIES, feature_table
from lineament.landmarks import look_at
from lineament.reports import Run, write_comparison, write_report
from made_runs import N, explained, made_run, relabelled, with_excerpt

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
AXE = (Path(axe_core_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
DESK, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
SERIOUS = ("serious", "critical")

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium (apt-get install chromium)")


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """Addresses of a report of three models and a net, and of a comparison."""
    folder = tmp_path_factory.mktemp("pages")
    run = with_excerpt(explained(made_run(n_models=3, audited=True)))
    return {
        "report": write_report(run, folder / "run").as_uri(),
        "compare": write_comparison({"one": run, "two": with_excerpt(made_run(n_models=2))}, folder / "both").as_uri(),
    }


@pytest.fixture(scope="module")
def fer_page(fer_zip, tmp_path_factory):
    """Address of the report of every 80th picture of the real FER2013, landmarks, models, audit and all."""
    whole = load_dataset("fer2013", fer_zip)
    dataset = whole.take(np.arange(0, len(whole), 80))
    landmarks = look_at(dataset.images)
    table, duplicates = feature_table(landmarks.points), find_duplicates(landmarks.digests)
    folds = make_folds(dataset, duplicates, cv=3, seed=0)
    shared = {"selector": "anova", "n_features": 30, "balance": "class-weight", "seed": 0}
    protocol = resolve_protocol(d=len(table.names), n_classes=7, cv=3, **shared)
    evaluations, models = evaluate(
        ["svm", "lda"], Inputs((table,)), dataset.target, folds=folds, protocol=protocol,
        recipe=Recipe(labels=dataset.label_names),
    )  # fmt: skip
    audited = audit(dataset, duplicates, table.X, found=landmarks.found, protocol=protocol, classifiers=["svm"])
    explanation = explain(
        table, found=landmarks.found, folds=folds, evaluations=evaluations, models=models,
    )  # fmt: skip
    run = Run(
        dataset=dataset, landmarks=landmarks, duplicates=duplicates, table=table, families=DEFAULT_FAMILIES,
        evaluations=tuple(evaluations), protocol=protocol, detector="hog", on_miss="fallback", audit=audited,
        explanation=explanation,
    )  # fmt: skip
    return write_report(run, tmp_path_factory.mktemp("fer")).as_uri()


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser):
    """A function that opens an address and keeps what the page complains of and asks for."""
    contexts = []

    def opened(address, *, viewport=DESK, scheme="light", **options):
        context = browser.new_context(viewport=viewport, color_scheme=scheme, **options)
        contexts.append(context)
        page = context.new_page()
        page.complaints, page.requests = [], []
        page.on("console", lambda message: page.complaints.append(message.text))
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        page.on("request", lambda request: page.requests.append(request.url))
        page.goto(address)
        page.evaluate("document.querySelectorAll('img').forEach(image => image.loading = 'eager')")
        page.wait_for_load_state("networkidle")
        return page

    yield opened
    for context in contexts:
        context.close()


def overflow(page):
    """Elements that stick out of the window and do not scroll within their own box."""
    return page.evaluate(
        """() => {
          const wide = document.documentElement.clientWidth;
          const clipped = (e) => e.closest('.scroll, pre, .skip');
          return [...document.body.querySelectorAll('*')]
            .filter((e) => !clipped(e) && e.getBoundingClientRect().right > wide + 1)
            .map((e) => e.tagName + '.' + e.className).slice(0, 5)
            .concat(document.documentElement.scrollWidth > wide ? ['page'] : []);
        }"""
    )


def column(page, table, place):
    rows = page.locator(table).locator("tbody tr:not(.quiet)")
    return [rows.nth(row).locator("th, td").nth(place).get_attribute("data-sort") for row in range(rows.count())]


@pytest.mark.parametrize("viewport", [DESK, PHONE])
def test_labels_of_hundreds_of_letters_do_not_widen_the_page(tmp_path, open_page, viewport, monkeypatch):
    """Every fold open; tables that scroll are no wider than a page."""
    monkeypatch.setattr("lineament.reports.write.draw", lambda picture: {"light": b"", "dark": b""})
    names = ("a" * 200, "b" * 200, "words " * 40)
    run = with_excerpt(relabelled(made_run(audited=True), np.arange(N) % 3, names))
    page = open_page(write_report(run, tmp_path).as_uri(), viewport=viewport)
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    assert overflow(page) == []
    assert max(page.evaluate("[...document.querySelectorAll('.scroll')].map(one => one.scrollWidth)")) < 1300


@pytest.mark.parametrize("name", ["report", "compare"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
def test_page_is_whole_and_accessible(open_page, pages, name, scheme, viewport):
    check_page(open_page, pages[name], viewport, scheme)


@pytest.mark.parametrize("viewport, scheme", [(DESK, "light"), (PHONE, "dark")], ids=["desk", "phone"])
def test_report_of_fer2013_is_whole_and_accessible(open_page, fer_page, viewport, scheme):
    check_page(open_page, fer_page, viewport, scheme)


def check_page(open_page, address, viewport, scheme):
    """No complaint, no request, no broken picture, nothing that sticks out, nothing that axe calls serious."""
    page = open_page(address, viewport=viewport, scheme=scheme)
    assert page.complaints == []
    assert [url for url in page.requests if not url.startswith("data:")] == [address]
    broken = "[...document.images].filter(image => !(image.complete && image.naturalWidth > 0)).map(image => image.alt)"
    assert page.evaluate(broken) == []
    assert page.evaluate("document.images.length") > 0
    page.evaluate(AXE)
    for unfolded in (False, True):
        page.evaluate(f"document.querySelectorAll('details').forEach(one => {{ one.open = {str(unfolded).lower()}; }})")
        assert overflow(page) == []
        report = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        serious = [
            f"{one['id']}: {one['nodes'][0]['html'][:200]}" for one in report["violations"] if one["impact"] in SERIOUS
        ]
        assert serious == [], json.dumps(serious, indent=1)


def test_the_first_three_screens_tell_the_story(open_page, pages):
    """What was asked, the ranking, and what speaks against believing it; all else comes later, and is folded."""
    page = open_page(pages["report"], viewport={"width": 1200, "height": 900})
    ends = page.evaluate("['ranking', 'leakage'].map(id => document.getElementById(id).getBoundingClientRect().bottom)")
    assert ends[0] < ends[1] < 3 * 900
    assert page.evaluate("document.querySelectorAll('details[open]').length") == 0
    n_sections = page.evaluate("document.querySelectorAll('main section[id], section[id]').length")
    assert page.evaluate("document.documentElement.scrollHeight") < 800 * n_sections  # less than a screen each


@pytest.mark.parametrize("key", ["Enter", "Space"])
@pytest.mark.parametrize("kind", [".terms details", "details.fold"])
def test_what_is_folded_unfolds_by_key(open_page, pages, kind, key):
    page = open_page(pages["report"])
    one = page.locator(kind).first
    content = one.locator(":scope > :not(summary)").first
    assert not content.is_visible()
    one.locator("summary").first.focus()
    page.keyboard.press(key)
    assert content.is_visible()


def test_what_is_folded_unfolds_by_touch_and_without_script(browser, pages):
    context = browser.new_context(viewport=PHONE, has_touch=True, java_script_enabled=False)
    page = context.new_page()
    page.goto(pages["report"])
    term = page.locator(".terms details").first
    term.locator("summary").tap()
    assert term.locator("p").is_visible()
    context.close()


def test_pictures_follow_the_scheme(open_page, pages):
    source = "document.querySelector('picture img').currentSrc"
    light, dark = (open_page(pages["report"], scheme=scheme).evaluate(source) for scheme in ("light", "dark"))
    assert light != dark


def test_tables_sort_by_click(open_page, pages):
    page = open_page(pages["report"])
    table = "#ranking table >> nth=0"
    button = page.locator(table).locator("thead button").nth(2)
    for turn in ("descending", "ascending"):
        button.click()
        values = [float(value) for value in column(page, table, 2)]
        assert values == sorted(values, reverse=turn == "descending")
        assert page.locator(table).locator("thead th").nth(2).get_attribute("aria-sort") == turn
        assert len(values) == 3
    last = page.locator(table).locator("tbody tr").last
    assert "quiet" in last.get_attribute("class")


@pytest.mark.parametrize("key", ["Enter", "Space"])
def test_tables_sort_by_key(open_page, pages, key):
    page = open_page(pages["report"])
    table = "#ranking table >> nth=0"
    page.locator(table).locator("thead button").first.focus()
    page.keyboard.press(key)
    names = column(page, table, 0)
    assert names == sorted(names) and len(names) == 3


def test_every_link_of_the_contents_is_reached_by_tab(open_page, pages):
    page = open_page(pages["report"])
    reached = []
    for _ in range(30):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.getAttribute('href') || ''"))
    anchors = page.evaluate("[...document.querySelectorAll('nav a')].map(a => a.getAttribute('href'))")
    assert reached[0] == "#main" and set(anchors) <= set(reached)


@pytest.mark.parametrize("name", ["report", "compare", "fer"])
def test_print_view_is_light_and_nothing_is_cut(open_page, pages, fer_page, name):
    page = open_page((pages | {"fer": fer_page})[name], scheme="dark", viewport={"width": 673, "height": 1000})  # A4
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.evaluate("[...document.querySelectorAll('nav')].every(nav => !nav.offsetHeight)")
    hidden = "[...document.querySelectorAll('details > :not(summary)')].filter(one => !one.offsetHeight).length"
    assert page.evaluate(hidden) == 0
    cut = "[...document.querySelectorAll('table')].filter(t => t.getBoundingClientRect().right > innerWidth + 1).length"
    assert page.evaluate(cut) == 0
    assert page.pdf().startswith(b"%PDF")
