"""Classifiers, selectors, and their honest evaluation on shared folds."""

from .evaluate import Execution, evaluate
from .evaluation import Evaluation
from .folds import HELD_OUT, UNUSED, Folds, make_folds
from .model import FaceModel, Recipe
from .protocol import Protocol, resolve_protocol
from .registry import AUGMENTS, BALANCES, CLASSIFIERS, make_classifier
from .selection import SELECTORS
from .spec import ClassifierOptions, ClassifierSpec, SelectorSpec
from .transfer import LabelledFaces, evaluate_transfer

__all__ = [
    "AUGMENTS",
    "BALANCES",
    "CLASSIFIERS",
    "HELD_OUT",
    "SELECTORS",
    "UNUSED",
    "ClassifierOptions",
    "ClassifierSpec",
    "Evaluation",
    "Execution",
    "FaceModel",
    "Folds",
    "LabelledFaces",
    "Protocol",
    "Recipe",
    "SelectorSpec",
    "evaluate",
    "evaluate_transfer",
    "make_classifier",
    "make_folds",
    "resolve_protocol",
]
