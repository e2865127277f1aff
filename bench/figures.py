"""What a bench finds out, and how it is shown."""

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured number. `reference` is what it is compared with, measured in the same run; None where there is none.

    An aim is for the ratio where there is a reference, else for the value itself; `at_most` says which side is good.
    """

    name: str
    value: float
    unit: str
    reference: float | None = None
    aim: float | None = None
    at_most: bool = True
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """The value in terms of the reference."""
        return None if self.reference is None else self.value / self.reference

    @property
    def met(self) -> bool | None:
        """Whether the aim was reached; None without one."""
        if self.aim is None:
            return None
        judged = self.value if self.ratio is None else self.ratio
        return judged <= self.aim if self.at_most else judged >= self.aim


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that `percent` of all are no larger than."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


def print_table(figures: Sequence[Figure]) -> None:
    """One line a figure, and its note below it."""
    rows = [("figure", "measured", "reference", "ratio", "aim", "")]
    rows += [_row(figure) for figure in figures]
    widths = [max(len(row[column]) for row in rows) for column in range(6)]
    notes = ["", *(figure.note for figure in figures)]
    for row, note in zip(rows, notes, strict=True):
        cells = [row[0].ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        print("  ".join(cells).rstrip())
        for line in note.splitlines():
            print(f"    {line}")


def _row(figure: Figure) -> tuple[str, str, str, str, str, str]:
    sign = "≤" if figure.at_most else "≥"
    return (
        figure.name,
        f"{_number(figure.value)} {figure.unit}",
        "" if figure.reference is None else f"{_number(figure.reference)} {figure.unit}",
        "" if figure.ratio is None else f"{figure.ratio:.2f}",
        "" if figure.aim is None else f"{sign} {figure.aim:g}",
        {True: "met", False: "MISSED", None: ""}[figure.met],
    )


def _number(value: float) -> str:
    """Three digits that count, or all before the point."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) < 10 else f"{value:.1f}"
