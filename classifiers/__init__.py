"""Classifiers, selectors, and their honest evaluation on shared folds."""

from .evaluate import (
    HELD_OUT,
    UNUSED,
    Evaluation,
    Folds,
    Protocol,
    evaluate,
    make_folds,
    resolve_protocol,
)
from .registry import AUGMENTS, BALANCES, CLASSIFIERS, make_classifier
from .selection import SELECTORS
from .transfer import Part, evaluate_transfer

__all__ = [
    "AUGMENTS",
    "BALANCES",
    "CLASSIFIERS",
    "HELD_OUT",
    "SELECTORS",
    "UNUSED",
    "Evaluation",
    "Folds",
    "Part",
    "Protocol",
    "evaluate",
    "evaluate_transfer",
    "make_classifier",
    "make_folds",
    "resolve_protocol",
]
