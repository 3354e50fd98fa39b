"""How models are compared."""

from dataclasses import asdict, dataclass

from .selection import resolve_n_features


@dataclass(frozen=True)
class Protocol:
    """How models are compared; all that a reader needs to repeat it.

    `grouped_by` says in words what stays on one side of a fold, `reference`
    what the measurements are differences from ("" where they are none); `tune`
    is a key of `classifiers.tuning.LEVELS`, `augment` one of `AUGMENTS`.
    """

    cv: int = 5
    selector: str = "none"
    n_features: int | None = None
    balance: str = "none"
    seed: int = 0
    grouped_by: str | None = None
    tune: str = "none"
    reference: str = ""
    augment: str = "none"

    def to_dict(self) -> dict:
        return asdict(self)

    @classmethod
    def from_dict(cls, document: dict) -> "Protocol":
        """The protocol of `to_dict`; what an older one does not say is as by default."""
        return cls(**document)


def resolve_protocol(*, d: int, n_classes: int, n_features: int | None, **protocol) -> Protocol:
    """A `Protocol` with `n_features` as the selector will use it; raises `LineamentError` where it cannot."""
    k = resolve_n_features(protocol["selector"], n_features, d=d, n_classes=n_classes)
    return Protocol(n_features=k, **protocol)
