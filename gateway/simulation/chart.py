"""Curves as an SVG picture, of text alone."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from math import ceil, floor, log10

_WIDTH, _HEIGHT = 640, 360
_LEFT, _RIGHT, _TOP, _BOTTOM = 70, 150, 40, 50
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
"""Told apart by colour-blind eyes too: Okabe and Ito, Color Universal Design, 2008."""
_DASHES = ("none", "6 3", "2 3")
"""For the first curves, and those after them that take the colours again."""


@dataclass(frozen=True, slots=True)
class Curve:
    """Points that belong together, ascending in x; all are above 0."""

    name: str
    points: Sequence[tuple[float, float]]


def chart(title: str, x_name: str, y_name: str, curves: Sequence[Curve]) -> str:
    """The curves over logarithmic axes, on which what grows as its cause does rises by 45°."""
    across = _Axis([x for one in curves for x, _ in one.points], _LEFT, _WIDTH - _RIGHT)
    upward = _Axis([y for one in curves for _, y in one.points], _HEIGHT - _BOTTOM, _TOP)
    middle, centre = (_LEFT + _WIDTH - _RIGHT) / 2, (_TOP + _HEIGHT - _BOTTOM) / 2
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" '
        'font-family="sans-serif" font-size="12" text-anchor="middle">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#fff"/>',
        f'<text x="{middle}" y="22" font-size="14" font-weight="bold">{escape(title)}</text>',
        f'<text x="{middle}" y="{_HEIGHT - 12}">{escape(x_name)}</text>',
        f'<text transform="translate(16 {centre}) rotate(-90)">{escape(y_name)}</text>',
        *_grid(across, upward),
    ]
    for number, one in enumerate(curves):
        dashes = _DASHES[number // len(_COLOURS) % len(_DASHES)]
        lines += _curve(one, _COLOURS[number % len(_COLOURS)], dashes, across, upward)
    lines += _names(curves, upward)
    return "\n".join([*lines, "</svg>", ""])


class _Axis:
    """From values to places; it spans what is shown, a tenth of a decade at least beyond it."""

    def __init__(self, values: Sequence[float], first: float, last: float) -> None:
        self._low, self._high = log10(min(values)) - 0.1, log10(max(values)) + 0.1
        self._first, self._last = first, last

    def place(self, value: float) -> float:
        share = (log10(value) - self._low) / (self._high - self._low)
        return round(self._first + share * (self._last - self._first), 1)

    def ticks(self) -> Iterable[float]:
        """Powers of ten; where fewer than three are seen, twice and five times those too."""
        powers = range(floor(self._low), ceil(self._high) + 1)
        steps = (1,) if self._high - self._low > 3 else (1, 2, 5)
        for value in (step * 10.0**power for power in powers for step in steps):
            if self._low <= log10(value) <= self._high:
                yield value


def _grid(across: _Axis, upward: _Axis) -> Iterable[str]:
    right, bottom = _WIDTH - _RIGHT, _HEIGHT - _BOTTOM
    for value in across.ticks():
        x = across.place(value)
        yield f'<path d="M{x} {_TOP}V{bottom}" stroke="#ddd"/>'
        yield f'<text x="{x}" y="{bottom + 16}">{value:,g}</text>'
    for value in upward.ticks():
        y = upward.place(value)
        yield f'<path d="M{_LEFT} {y}H{right}" stroke="#ddd"/>'
        yield f'<text x="{_LEFT - 6}" y="{y + 4}" text-anchor="end">{value:,g}</text>'


def _curve(curve: Curve, colour: str, dashes: str, across: _Axis, upward: _Axis) -> Iterable[str]:
    places = [(across.place(x), upward.place(y)) for x, y in curve.points]
    line = " ".join(f"{x},{y}" for x, y in places)
    yield (
        f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2" '
        f'stroke-dasharray="{dashes}"/>'
    )
    for x, y in places:
        yield f'<circle cx="{x}" cy="{y}" r="3" fill="{colour}"/>'


def _names(curves: Sequence[Curve], upward: _Axis) -> Iterable[str]:
    """Each beside its curve's end, below those that end higher."""
    x, above = _WIDTH - _RIGHT + 8, float(_TOP) - 14
    ends = [(upward.place(one.points[-1][1]), number) for number, one in enumerate(curves)]
    for y, number in sorted(ends):
        above = max(y + 4, above + 14)
        colour, name = _COLOURS[number % len(_COLOURS)], escape(curves[number].name)
        yield f'<text x="{x}" y="{above}" fill="{colour}" text-anchor="start">{name}</text>'
