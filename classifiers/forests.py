"""Ensembles of decision trees: a random forest and gradient boosting."""

from .spec import FEATURES, ClassifierSpec


def _forest(*, random_state, class_weight):
    from sklearn.ensemble import RandomForestClassifier

    return RandomForestClassifier(
        n_estimators=200,
        min_samples_leaf=2,
        class_weight="balanced_subsample" if class_weight else None,
        random_state=random_state,
    )


def _gboost(*, random_state, class_weight):
    from sklearn.ensemble import HistGradientBoostingClassifier

    # A fixed number of rounds: stopping early would need validation rows apart from their near copies.
    return HistGradientBoostingClassifier(
        max_iter=100,
        learning_rate=0.1,
        max_leaf_nodes=15,
        min_samples_leaf=5,
        max_bins=63,  # three times faster than 255 on measurements, and no worse
        l2_regularization=1.0,
        early_stopping=False,
        class_weight=class_weight,
        random_state=random_state,
    )


FOREST = ClassifierSpec(
    _forest,
    FEATURES,
    "random forest of 200 trees",
    space={"max_features": ("sqrt", 0.05, 0.2, 0.4), "min_samples_leaf": (1, 2, 4, 8)},
    trusted=("sklearn.tree._tree.Tree",),
)
GBOOST = ClassifierSpec(
    _gboost,
    FEATURES,
    "gradient boosting of 100 rounds of small trees on histograms",
    space={
        "l2_regularization": (0.0, 1.0, 10.0),
        "learning_rate": (0.03, 0.06, 0.1, 0.2),
        "max_leaf_nodes": (7, 15, 31),
    },
    trusted=("sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",),
)
