"""Linear models: logistic regression and discriminant analysis."""

import numpy as np
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import LogisticRegression

from .spec import FEATURES, ClassifierSpec


class BalancedPriorLDA(LinearDiscriminantAnalysis):
    """LDA whose classes are equally likely beforehand, whatever their counts."""

    def fit(self, X, y):
        n_classes = max(len(np.unique(np.asarray(y))), 1)
        self.priors = np.full(n_classes, 1 / n_classes)
        try:
            return super().fit(X, y)
        finally:
            self.priors = None  # fit leaves parameters as they were given


def _logreg(*, random_state, class_weight):
    return LogisticRegression(C=1.0, max_iter=1000, class_weight=class_weight)


def _lda(*, random_state, class_weight):
    return (BalancedPriorLDA if class_weight else LinearDiscriminantAnalysis)(solver="lsqr", shrinkage="auto")


LOGREG = ClassifierSpec(
    _logreg,
    FEATURES,
    "multinomial logistic regression",
    space={"C": (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 10)},
)
LDA = ClassifierSpec(
    _lda,
    FEATURES,
    "linear discriminant analysis with shrinkage",
    space={"shrinkage": ("auto", 0.001, 0.01, 0.03, 0.1, 0.3, 0.6)},
    trusted=(BalancedPriorLDA,),
)
