"""Numbers as people read them: fractions in percent, differences in points, seconds, bytes."""

import re

import numpy as np

MISSING = "–"
THIN = "\u202f"  # narrow no-break space, between a number and its unit


def missing(value) -> bool:
    """Whether a number is None or NaN."""
    return value is None or bool(np.isnan(value))


def percent(fraction: float, digits: int = 1) -> str:
    """52.3 %, with a narrow space; a dash for NaN."""
    return MISSING if missing(fraction) else f"{100 * fraction:.{digits}f}{THIN}%"


def points(difference: float) -> str:
    """A difference of fractions in points, with its sign: +2.1, −0.4."""
    return f"{100 * difference:+.1f}".replace("-", "\u2212")


def count(number: int) -> str:
    """35,887."""
    return f"{number:,}"


def seconds(value: float) -> str:
    """0.42 s, 6.0 s, 12 s, 3 min 20 s."""
    if missing(value):
        return MISSING
    if value >= 120:
        minutes, rest = divmod(round(value), 60)
        return f"{minutes}{THIN}min {rest}{THIN}s"
    digits = 2 if value < 1 else 1 if value < 10 else 0
    return f"{value:.{digits}f}{THIN}s"


def moment(value_s: float) -> str:
    """A short time: 147 µs, 12 ms."""
    if missing(value_s):
        return MISSING
    return f"{1e6 * value_s:,.0f}{THIN}µs" if value_s < 0.01 else f"{1e3 * value_s:,.0f}{THIN}ms"


def size(n_bytes: float) -> str:
    """812 kB, 1.7 MB, 2.3 GB."""
    if missing(n_bytes):
        return MISSING
    for unit, factor in (("GB", 1e9), ("MB", 1e6)):
        if n_bytes >= factor:
            return f"{n_bytes / factor:.1f}{THIN}{unit}"
    return f"{n_bytes / 1e3:.0f}{THIN}kB"


def p_text(p: float) -> str:
    """“= 0.031” or “< 0.001”."""
    return "< 0.001" if p < 0.001 else f"= {p:.3f}"


def capital(text: str) -> str:
    """The text with its first letter large; unlike `str.capitalize`, the rest stays."""
    return text[:1].upper() + text[1:]


def file_name(name: str) -> str:
    """The name in letters that every file system takes."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name)
