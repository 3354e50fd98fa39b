"""The card of a model, in Markdown: what it was made from, what it is worth, and what it cannot tell.

Mitchell et al., "Model Cards for Model Reporting", FAT* 2019.
"""

from .model import Recipe

PARTS = {
    "cv": "cross-validation within the training part",
    "test": "test part, all pictures",
    "test_clean": "test part without copies of training pictures",
}
MADE_WITH = ("lineament", "python", "numpy", "scikit-learn", "dlib-bin", "torch")
LIMITS = """\
## What it is for

Trying out, teaching and research: which of the labels that people gave to pictures of faces a new picture most \
resembles. It answers about pictures, and not about persons.

## What it cannot tell

- What someone feels. A face shows an expression; what it means depends on the person, the moment and the culture.
- Anything by which a person is judged: hiring, policing, schooling, health, credit. Do not use it there. In the \
European Union, Regulation 2024/1689, Article 5(1)(f), forbids inferring emotions at work and in education.
- How well it does on people, cameras and light unlike those that it was trained on: that was not measured.
- Much of faces that are turned away, covered or tiny: a detector of frontal faces sees few of them.
- Anything but its labels: it has no word for “none of these”. Ask with `--risk` or `--sets` to hear of its doubts.

## Licences

The model is under the licence of this package. It needs dlib's 68-point model, which the package does not hold: that \
was trained on iBUG 300-W, whose licence forbids commercial use. The pictures that it was trained on have licences of \
their own; none of them is in the model.
"""


def card(name: str, recipe: Recipe, *, n_bytes: int, data: str, command: str) -> str:
    """The card of a model.

    Parameters
    ----------
    name : str
    recipe : Recipe
    n_bytes : int
        Size of its file.
    data : str
        What it was trained on, as a sentence or two.
    command : str
        What made it.
    """
    looks = f"pictures of {recipe.crop} px" if recipe.crop else f"measurements: {', '.join(recipe.families)}"
    views = "the face and its mirror image, the answer is the mean" if len(recipe.views) > 1 else "the face"
    told = [
        f"# {name}\n",
        f"Labels: {', '.join(recipe.labels)}. A `{recipe.classifier}` on {looks}; it looks at {views}. Faces are found "
        f"by the detector `{recipe.detector}`. {n_bytes / 1e6:.2g} MB.\n",
        f"## Data\n\n{data}\n",
        f"Made by `{command}`, with {_versions(recipe)}.",
        f"SHA-256 of the training rows and labels: `{recipe.training_digest}`.\n",
        "## Figures\n\n" + _scores(recipe) + "\n" + _calibration(recipe),
        "## When it had better not answer\n\n" + _refusal(recipe),
        LIMITS,
    ]
    return "\n".join(told)


def _versions(recipe):
    return ", ".join(f"{one} {recipe.versions[one]}" for one in MADE_WITH if one in recipe.versions)


def _table(head, rows) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(map(str, cells))} |\n" for cells in lines)


def _scores(recipe) -> str:
    rows = [
        (PARTS.get(part, part), f"{one['n']:,}", f"{100 * one['accuracy']:.1f} %", f"{one['recall_macro']:.3f}",
         f"{one['f1_macro']:.3f}")
        for part, one in recipe.metrics.items()
    ]  # fmt: skip
    return _table(("on", "pictures", "accuracy", "macro recall", "macro F1"), rows)


def _calibration(recipe) -> str:
    sentences = [
        f"On the {PARTS.get(part, part)} its mean probability was {100 * one['confidence']:.1f} %, and "
        f"{100 * one['accuracy']:.1f} % of its answers were right.\n"
        for part, one in recipe.calibration.items()
    ]
    return "".join(sentences)


def _refusal(recipe) -> str:
    if not recipe.refusal:
        return "Not known: the model was made before models knew it.\n"
    rows = [(f"{100 * float(risk):g} %", f"{100 * one['answered']:.1f} %") for risk, one in recipe.refusal.items()]
    return (
        _table(("at most wrong among its answers (`--risk`)", "faces that it answers then"), rows)
        + "\nThe share of wrong answers is promised for new faces like those of the data, but for a chance of 1 in 20; "
        "the share of faces answered is that of the cross-validation.\n"
    )
