"""Selectors and reducers, by name. Each is one step of the pipeline, fitted within the fold."""

from ..data.errors import LineamentError, check_choice
from ..data.registry import entries
from .spec import SelectorSpec

SELECTORS: dict[str, SelectorSpec] = entries(
    __package__,
    {
        "none": "reducers:NONE",
        "variance": "ranking:VARIANCE",
        "anova": "ranking:ANOVA",
        "mutual_info": "ranking:MUTUAL_INFO",
        "rfe": "elimination:RECURSIVE",
        "rfecv": "elimination:CROSS_VALIDATED",
        "mrmr": "ranking:MINIMUM_REDUNDANCY",
        "forest": "embedded:FOREST",
        "l1": "embedded:L1",
        "pca": "reducers:PRINCIPAL",
        "lda": "reducers:DISCRIMINANT",
    },
)


def resolve_n_features(selector: str, n_features: int | None, *, d: int, n_classes: int) -> int:
    """The K that a selector will keep of d features.

    Raises
    ------
    LineamentError
        For an unknown selector, K below 1 or above what there is, or K given to `none`.
    """
    spec = SELECTORS[check_choice("selector", selector, SELECTORS)]
    if n_features is None:
        return spec.default(d, n_classes)
    if selector == "none":
        raise LineamentError("--n-features needs a selector. Add --selector, such as --selector anova.")
    most = spec.most(d, n_classes)
    if not 1 <= n_features <= most:
        raise LineamentError(
            f"--n-features {n_features} is not between 1 and the {most} that '{selector}' can keep here."
        )
    return n_features
