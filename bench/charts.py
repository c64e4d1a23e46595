"""Line charts as SVG, both axes logarithmic, several beside each other."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_WIDTH, _HEIGHT = 430, 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 62, 250, 40, 250
_COLOURS = ("#0b6e4f", "#b4530a", "#3b5bdb", "#8a2be2")


@dataclass(frozen=True)
class Chart:
    """Lines over `across`, each by its name; `unit` is that of the values, `over` what stands below the chart."""

    title: str
    over: str
    unit: str
    across: Sequence[float]
    lines: Mapping[str, Sequence[float]]


def drawn(charts: Sequence[Chart]) -> str:
    """The charts from left to right."""
    size = f"0 0 {_WIDTH * len(charts)} {_HEIGHT}"
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{size}" font-family="sans-serif" font-size="11">']
    parts.append('<rect width="100%" height="100%" fill="#fff"/>')
    for number, chart in enumerate(charts):
        parts += [f'<g transform="translate({number * _WIDTH})">', *_one(chart), "</g>"]
    return "\n".join([*parts, "</svg>\n"])


def _one(chart: Chart) -> list[str]:
    values = [value for line in chart.lines.values() for value in line]
    low, high = 10 ** math.floor(math.log10(min(values))), 10 ** math.ceil(math.log10(max(values)))

    def x(at: float) -> float:
        first, last = chart.across[0], chart.across[-1]
        return round(_LEFT + (_RIGHT - _LEFT) * math.log(at / first) / (math.log(last / first) or 1.0), 1)

    def y(value: float) -> float:
        return round(_BOTTOM - (_BOTTOM - _TOP) * math.log(value / low) / (math.log(high / low) or 1.0), 1)

    parts = [f'<text x="{_LEFT}" y="20" font-weight="bold">{chart.title}</text>']
    parts.append(f'<text x="{(_LEFT + _RIGHT) / 2}" y="{_BOTTOM + 38}" text-anchor="middle">{chart.over}</text>')
    for power in range(round(math.log10(low)), round(math.log10(high)) + 1):
        at = y(10**power)
        parts.append(f'<path d="M{_LEFT} {at}H{_RIGHT}" stroke="#ddd"/>')
        parts.append(f'<text x="{_LEFT - 6}" y="{at + 4}" text-anchor="end">{10**power:,} {chart.unit}</text>')
    parts += [f'<text x="{x(at)}" y="{_BOTTOM + 18}" text-anchor="middle">{_short(at)}</text>' for at in chart.across]
    lowest = math.inf
    # The names stand at the ends of the lines, from above, and never on each other.
    for colour, (name, line) in zip(_COLOURS, sorted(chart.lines.items(), key=lambda item: -item[1][-1]), strict=False):
        points = " ".join(f"{x(at)},{y(value)}" for at, value in zip(chart.across, line, strict=True))
        parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>')
        at = y(line[-1]) + 4 if lowest == math.inf else max(y(line[-1]) + 4, lowest + 14)
        lowest = at
        parts.append(f'<text x="{_RIGHT + 8}" y="{at}" fill="{colour}">{name}, {line[-1]:,.0f} {chart.unit}</text>')
    return parts


def _short(count: float) -> str:
    """1,000 as 1k, a million as 1M."""
    for size, letter in ((10**6, "M"), (1000, "k")):
        if count >= size:
            return f"{count / size:.0f}{letter}"
    return f"{count:.0f}"
