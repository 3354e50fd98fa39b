"""Models that come with the package, by name, and what there is to say of a model."""

from pathlib import Path

from ..data.errors import LineamentError, check_choice
from .bundle import FORMATS, load_model
from .model import FaceModel

WEIGHTS = Path(__file__).parent / "weights"
DEFAULT = "fer2013-geometry"


def shipped() -> dict[str, Path]:
    """Files of the models that come with the package, by name."""
    suffixes = {kept.suffix for kept in FORMATS.values()}
    return {path.stem: path for path in sorted(WEIGHTS.glob("*")) if path.suffix in suffixes}


def load(model=DEFAULT) -> FaceModel:
    """A trained model by the name of one that comes with the package, or from a file of one's own.

    Parameters
    ----------
    model : str or Path
        Such as "fer2013-geometry", or "runs/mine/models/svm.skops"; `lineament models` lists the names.

    Raises
    ------
    LineamentError
        If there is no such model, or its file is damaged or of another kind.
    """
    return load_model(path_of(model))


def path_of(model) -> Path:
    """The file of a model by name or path; a file wins over a name."""
    path, known = Path(model).expanduser(), shipped()
    if path.is_file() or path.suffix in {kept.suffix for kept in FORMATS.values()}:
        return path
    try:
        return known[check_choice("model", str(model), known)]
    except LineamentError as error:
        raise LineamentError(f"{error} Or give a file, such as runs/mine/models/svm.skops.") from error


def facts(name: str, path: Path) -> dict:
    """What there is to say of a model file, as plain values; scores are None where its recipe does not hold them.

    `accuracy` and `f1_macro` are those of the test part where there was one, else of the cross-validation.
    """
    recipe = load_model(path).recipe
    scores = recipe.metrics
    best = scores.get("test") or scores.get("cv") or {}
    card = path.with_suffix(".md")
    return {
        "name": name,
        "bytes": path.stat().st_size,
        "kind": recipe.classifier,
        "labels": list(recipe.labels),
        "accuracy": best.get("accuracy"),
        "f1_macro": best.get("f1_macro"),
        "accuracy_clean": scores.get("test_clean", {}).get("accuracy"),
        "accuracy_cv": scores.get("cv", {}).get("accuracy"),
        "families": list(recipe.families),
        "crop": recipe.crop,
        "detector": recipe.detector,
        "answered_at_risk": {risk: one["answered"] for risk, one in recipe.refusal.items()},
        "card": str(card) if card.is_file() else None,
        "path": str(path),
    }
