import pytest

from lineament.apps.options import OPTIONS, as_config, parse_options
from lineament.data import LineamentError


def parsed(*arguments, **environment):
    return parse_options(arguments, environment=environment)


def test_a_flag_wins_over_the_environment_over_the_config_over_the_default(tmp_path):
    config = tmp_path / "c.toml"
    config.write_text('cv = 3\nseed = 3\nclassifiers = ["lda"]\n')
    options = parsed("--config", str(config), "--cv", "10", LINEAMENT_SEED="7", LINEAMENT_CV="4")
    assert (options.cv, options.seed, options.classifiers, options.selector) == (10, 7, ["lda"], "none")


def test_lists_are_split_and_kept_once():
    assert parsed("--classifiers", "svm, forest,svm").classifiers == ["svm", "forest"]


def test_config_repeats_the_options(tmp_path):
    options = parsed("--n-features", "30", "--selector", "l1", "--out", str(tmp_path))
    assert as_config(options)["n_features"] == 30 and as_config(options)["out"] == str(tmp_path)
    assert "data" not in as_config(options)


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
        (["--cv", "many"], "'many' is not a whole number"),
        (["--n-jobs", "0"], "at least 1"),
        (["--classifiers", ","], "names no value"),
        (["--classifers", "svm"], "nrecognized"),
        (["--config", "nowhere.toml"], "cannot be read"),
    ],
)
def test_mistakes_are_named(arguments, message):
    with pytest.raises(LineamentError, match=message):
        parsed(*arguments)


def test_mistakes_in_config_and_environment_say_where(tmp_path):
    config = tmp_path / "c.toml"
    config.write_text("clasifiers = ['svm']\n")
    with pytest.raises(LineamentError, match="Did you mean 'classifiers'"):
        parsed("--config", str(config))
    with pytest.raises(LineamentError, match="LINEAMENT_CV"):
        parsed(LINEAMENT_CV="x")


def test_help_explains_every_flag(capsys):
    with pytest.raises(SystemExit):
        parsed("--help")
    text = capsys.readouterr().out
    for name, option in OPTIONS.items():
        assert "--" + name.replace("_", "-") in text
        for choice in option.choices or ():
            assert choice in text
