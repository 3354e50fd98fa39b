import tomllib
from pathlib import Path

import pytest

from lineament.apps.options import (
    OPTIONS,
    PLACES,
    LookOptions,
    ModelOptions,
    RunOptions,
    SourceOptions,
    as_config,
    default_of,
    flag_of,
    options_of,
    parse_options,
)
from lineament.data import LineamentError
from lineament.reports.write import toml

# Flags, keys of a config and variables have these names: configs of old runs hold them.
NAMES = {
    "dataset", "data", "reader_options", "labels", "spellings", "train", "test", "classifiers", "members", "tune",
    "features", "min_count",
    "reference", "selector", "n_features", "cv", "balance", "augment", "detector", "landmark_model", "on_miss", "audit",
    "explain", "slices_by", "cnn_epochs", "cnn_settings", "cnn_weights", "n_jobs", "backend", "scheduler",
    "seed", "out", "cache",
}  # fmt: skip
# One value of each that differs from its default, as a flag has it.
GIVEN = {
    "dataset": "folder", "data": "pictures", "reader_options": "angles=all", "labels": "happy=good,sad=bad",
    "spellings": "apart", "min_count": "3",
    "train": "sample", "test": "sample,fer2013:f.zip", "classifiers": "lda,svm", "members": "lda,svm", "tune": "quick",
    "features": "angles", "reference": "neutral", "selector": "l1", "n_features": "30", "cv": "3", "balance": "smote",
    "augment": "mirror", "detector": "haar", "landmark_model": "m.dat", "on_miss": "drop", "audit": "full",
    "explain": "none", "slices_by": "sex,age", "cnn_epochs": "7", "cnn_settings": "optimiser=sgd",
    "cnn_weights": "w.pth", "n_jobs": "1", "backend": "dask",
    "scheduler": "tcp://host:8786", "seed": "9", "out": "there", "cache": "kept",
}  # fmt: skip
PICTURES = {"dataset", "data"}  # not beside train and test


def parsed(*arguments, **environment):
    return parse_options(arguments, environment=environment)


def write_config(folder, content):
    path = folder / "c.toml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return str(path)


def test_every_name_stands():
    assert set(OPTIONS) == NAMES


def test_a_flag_wins_over_the_environment_over_the_config_over_the_default(tmp_path):
    config = write_config(tmp_path, 'cv = 3\nseed = 3\nclassifiers = ["lda"]\n')
    options = parsed("--config", config, "--cv", "10", LINEAMENT_SEED="7", LINEAMENT_CV="4")
    assert (options.protocol.cv, options.protocol.seed, options.protocol.selector) == (10, 7, "none")
    assert options.models.classifiers == ("lda",)
    assert parsed(LINEAMENT_CONFIG=config, LINEAMENT_CV="") == parsed("--config", config)


def test_defaults_without_anything():
    assert parsed() == options_of() == RunOptions()
    assert RunOptions().source.dataset == "sample" and RunOptions().out == Path("runs/sample")
    assert parsed("--data", "x/faces.zip").out == Path("runs/faces")
    assert parsed("--data", "x/faces.zip").source.dataset == "auto"
    assert parsed("--train", "sample", "--test", "sample").out == Path("runs/matrix")


def test_the_cache_follows_the_home(monkeypatch, tmp_path):
    monkeypatch.setenv("LINEAMENT_HOME", str(tmp_path))
    assert LookOptions().cache == tmp_path / "landmarks"


def test_slices_are_frozen_and_short():
    with pytest.raises(AttributeError):
        RunOptions().protocol.cv = 3
    assert max(sum(place == one for place in PLACES.values()) for one in set(PLACES.values())) < 8


def test_lists_are_split_and_kept_once():
    assert parsed("--classifiers", "svm, forest,svm").models.classifiers == ("svm", "forest")


@pytest.mark.parametrize("leave_out", [PICTURES, {"train", "test"}], ids=["matrix", "one"])
def test_flags_config_environment_and_python_agree(tmp_path, leave_out):
    """Every option, by each of its four ways in, and through the config.toml of a run."""
    given = {name: value for name, value in GIVEN.items() if name not in leave_out}
    flags = [part for name, value in given.items() for part in (flag_of(name), value)]
    options = parsed(*flags)
    assert options == parsed(**{f"LINEAMENT_{name.upper()}": value for name, value in given.items()})
    numbers = {name: int(value) if value.isdigit() else value for name, value in given.items()}
    assert options == options_of(**numbers)
    assert options == parsed("--config", write_config(tmp_path, toml(numbers)))
    assert options == parsed("--config", write_config(tmp_path, toml(as_config(options))))
    assert options == options_of(**as_config(options))
    changed = as_config(options)
    for name in given:
        assert changed[name] != as_config(RunOptions()).get(name), name


def test_the_config_is_plain_and_leaves_out_none(tmp_path):
    config = as_config(parsed("--n-features", "30", "--selector", "l1", "--out", str(tmp_path)))
    assert config["n_features"] == 30 and config["out"] == str(tmp_path) and isinstance(config["classifiers"], list)
    assert "data" not in config and tomllib.loads(toml(config)) == config


def test_python_gives_python_values():
    options = options_of(classifiers=["svm"], out=Path("x"), labels={"happy": "good", "sad": "bad"}, data=None)
    assert options.models == ModelOptions(classifiers=("svm",))
    assert options.source == SourceOptions(labels={"happy": "good", "sad": "bad"}) and options.out == Path("x")
    with pytest.raises(LineamentError, match="Unknown option 'classifier'. Did you mean 'classifiers'"):
        options_of(classifier="svm")
    with pytest.raises(LineamentError, match="Unknown classifiers 'svn'. Did you mean 'svm'"):
        options_of(classifiers=["svn"])


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["--classifiers", "svm,forrest"], "Did you mean 'forest'"),
        (["--features", "angels"], "Did you mean 'angles'"),
        (["--selector", "anva"], "Did you mean 'anova'"),
        (["--dataset", "fer2014"], "Did you mean 'fer2013'"),
        (["--balance", "smotte"], "Did you mean 'smote'"),
        (["--tune", "quik"], "Did you mean 'quick'"),
        (["--members", "lda,stack"], "Unknown --members 'stack'"),
        (["--cv", "many"], "--cv: 'many' is not a whole number of at least 2 folds"),
        (["--cv", "1"], "at least 2 folds"),
        (["--n-jobs", "0"], "at least 1"),
        (["--n-jobs", "9" * 5000], "is not a whole number"),
        (["--seed", str(2**32)], "from 0 to 4294967295"),
        (["--seed", "-1"], "from 0 to 4294967295"),
        (["--classifiers", ","], "names no value"),
        (["--data", "a\0b"], "holds a NUL"),
        (["--out", ""], "is empty"),
        (["--out", "caf\udce9"], "no UTF-8"),
        (["--labels", "happy=good,sad"], "Labels 'happy=good,sad'"),
        (["--reader-options", "angles"], "is not NAME=VALUE"),
        (["--classifer", "svm"], "Unknown flag --classifer. Did you mean --classifiers"),
        (["--classifers=svm"], "Did you mean --classifiers"),
        (["--cv"], "expected one argument"),
        (["svm"], "Unexpected 'svm'. Run lineament run --help"),
        (["--config", "nowhere.toml"], "'nowhere.toml' cannot be read: No such file"),
        (["--config", "a\0b"], "cannot be read"),
        (["--config", ""], "The config '' cannot be read"),
        (["--train", "sample"], "--train and --test go together"),
        (["--train", "sample", "--test", "sample", "--data", "x"], "leave out --dataset and --data"),
    ],
)
def test_mistakes_are_named(arguments, message):
    with pytest.raises(LineamentError, match=message) as error:
        parsed(*arguments)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "content, message",
    [
        ("clasifiers = ['svm']", "Unknown option in .*c.toml 'clasifiers'. Did you mean 'classifiers'"),
        ("[protocol]\ncv = 3", "Unknown option in .* 'protocol'"),
        ('data = ["x"]', "data in .*c.toml: \\['x'\\] is no text"),
        ("out = false", "out in .*: False is no text"),
        ("out = 3", "out in .*: 3 is no text"),
        ('out = "a\\u0000b"', "holds a NUL"),
        ("labels = true", "labels in .*: True is neither text nor a list of names"),
        ("labels = [1, 2]", "is no text"),
        ("labels = []", "names no value"),
        ("classifiers = 3", "is neither text nor a list of names"),
        ('classifiers = [["svm"]]', "is no text"),
        ("cv = inf", "cv in .*: inf is not a whole number of at least 2 folds"),
        ("cv = nan", "is not a whole number"),
        ("cv = 3.0", "is not a whole number"),
        ("cv = true", "is not a whole number"),
        ("cv = 2020-01-01", "is not a whole number"),
        ("seed = 4294967296", "seed in .*: 4294967296 is not a whole number from 0 to 4294967295"),
        ("dataset = 5", "is no text"),
        ('selector = "anva"', "Unknown selector in .* 'anva'. Did you mean 'anova'"),
        ("cv 3", "cannot be read: Expected '='"),
        ("cv = " + "[" * 100_000, "cannot be read"),
        ("cv = 5 # caf\xe9".encode("latin-1"), "cannot be read: it is no text in UTF-8"),
        (b"\xff\xfec\0v\0", "cannot be read: it is no text in UTF-8"),
    ],
)
def test_mistakes_in_a_config_say_where(tmp_path, content, message):
    with pytest.raises(LineamentError, match=message) as error:
        parsed("--config", write_config(tmp_path, content))
    assert "\n" not in str(error.value)


def test_a_config_of_a_windows_editor_is_read(tmp_path):
    assert parsed("--config", write_config(tmp_path, b"\xef\xbb\xbfcv = 3\r\n")).protocol.cv == 3


def test_variables_are_strict(caplog):
    with pytest.raises(LineamentError, match="LINEAMENT_CV: 'x' is not a whole number"):
        parsed(LINEAMENT_CV="x")
    with pytest.raises(LineamentError, match="LINEAMENT_NJOBS is no option. Did you mean LINEAMENT_N_JOBS"):
        parsed(LINEAMENT_NJOBS="2")
    with pytest.raises(LineamentError, match="Did you mean LINEAMENT_HOME"):
        parsed(LINEAMENT_HOMES="x")
    assert not caplog.records
    assert parsed(LINEAMENT_HOME="x", LINEAMENT_YUNET="y", PATH="z") == parsed()
    assert not caplog.records
    assert parsed(LINEAMENT_COLOUR_OF_THE_SKY="blue") == parsed()
    assert "LINEAMENT_COLOUR_OF_THE_SKY is no option" in caplog.text


def test_help_explains_every_flag_in_its_group(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    with pytest.raises(SystemExit):
        parsed("--help")
    text = capsys.readouterr().out
    places = [text.index(f"\n{title}:\n") for title in (
        "pictures", "landmarks", "measurements", "models", "training and scoring", "further questions", "machines"
    )]  # fmt: skip
    assert places == sorted(places)
    for name, option in OPTIONS.items():
        assert flag_of(name) in text and option.metadata["about"] in text
        assert all(f"  {choice}" in text for choice in option.metadata["choices"])
    assert f"(default: {','.join(default_of(OPTIONS['classifiers']))})" in text


def test_help_fits_a_narrow_terminal(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    with pytest.raises(SystemExit):
        parsed("--help")
    lines = capsys.readouterr().out.splitlines()
    assert sum(len(line) > 60 for line in lines) < 12  # names of choices and addresses are not broken
