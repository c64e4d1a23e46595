"""Forty questions of the invented sheets, with what is right worked out in plain Python from the records themselves."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import fmean, median
from typing import Any, Final

from bench.sheet_files import Record, Rows


@dataclass(frozen=True, slots=True)
class Asked:
    """A question; the records that answer it, and the value. `says` is the notice where none is to be computed."""

    file: str
    question: str
    rows: Callable[[Rows], Rows] = lambda rows: rows
    value: Callable[[Rows], Any] = len
    says: str = ""


def _where(**wanted: Any) -> Callable[[Rows], Rows]:
    return lambda rows: [r for r in rows if all(r[key.replace("_", " ")] == value for key, value in wanted.items())]


def _having(test: Callable[[Record], bool]) -> Callable[[Rows], Rows]:
    return lambda rows: [r for r in rows if test(r)]


def _sum(column: str) -> Callable[[Rows], float]:
    return lambda rows: sum(r[column] for r in rows)


def _mean(column: str) -> Callable[[Rows], float]:
    return lambda rows: fmean(r[column] for r in rows)


def _top(column: str, *, low: bool = False, among: Callable[[Record], bool] = lambda r: True) -> Callable[[Rows], Rows]:
    def rows_of(rows: Rows) -> Rows:
        meant = [r for r in rows if among(r)]
        edge = (min if low else max)(r[column] for r in meant)
        return [r for r in meant if r[column] == edge]

    return rows_of


def _edge(column: str) -> Callable[[Rows], Any]:
    return lambda rows: rows[0][column]


def _in(year: int, *months: int) -> Callable[[datetime.date], bool]:
    return lambda day: day.year == year and (not months or day.month in months)


def _groups(column: str, key: str) -> Callable[[Rows], dict[str, float]]:
    def grouped(rows: Rows) -> dict[str, float]:
        found: dict[str, float] = {}
        for r in rows:
            found[r[key]] = found.get(r[key], 0) + r[column]
        return found

    return grouped


def _largest_group(column: str, key: str) -> Callable[[Rows], Rows]:
    def rows_of(rows: Rows) -> Rows:
        sums = _groups(column, key)(rows)
        return [r for r in rows if sums[r[key]] == max(sums.values())]

    return rows_of


_Q3: Final = _in(2024, 7, 8, 9)
QUESTIONS: Final[Sequence[Asked]] = (
    Asked(
        "orders.xlsx",
        "What is the total amount of the orders in the region North?",
        _where(Region="North"),
        _sum("Amount"),
    ),
    Asked("orders.xlsx", "How many orders have status open?", _where(Status="open")),
    Asked(
        "orders.xlsx",
        "Which orders of Aster Ltd are over 600 €?",
        _having(lambda r: r["Customer"] == "Aster Ltd" and r["Amount"] > 600),
    ),
    Asked(
        "orders.xlsx",
        "What was the total amount ordered in the third quarter of 2024?",
        _having(lambda r: _Q3(r["Ordered"])),
        _sum("Amount"),
    ),
    Asked(
        "orders.xlsx",
        "Which region has the highest total amount?",
        _largest_group("Amount", "Region"),
        _groups("Amount", "Region"),
    ),
    Asked(
        "staff.csv",
        "What is the average salary in the Workshop department?",
        _where(Department="Workshop"),
        _mean("Salary"),
    ),
    Asked("staff.csv", "How many people work in Husum?", _where(Office="Husum")),
    Asked(
        "staff.csv",
        "Who has the highest salary in Kiel?",
        _top("Salary", among=lambda r: r["Office"] == "Kiel"),
        _edge("Salary"),
    ),
    Asked("staff.csv", "How many staff started after 2020?", _having(lambda r: r["Started"].year > 2020)),
    Asked("staff.csv", "What is the median salary?", value=lambda rows: median(r["Salary"] for r in rows)),
    Asked("budget.xlsx", "What is the total of the third quarter?", value=_sum("Q3")),
    Asked("budget.xlsx", "What is the average of Q1?", value=_mean("Q1")),
    Asked("budget.xlsx", "Which item is the highest in the second quarter?", _top("Q2"), _edge("Q2")),
    Asked(
        "budget.xlsx",
        "What is the change in Insurance from Q1 to Q4?",
        _where(Item="Insurance"),
        lambda r: r[0]["Q4"] - r[0]["Q1"],
    ),
    Asked("budget.xlsx", "Which items are below 500 in Q4?", _having(lambda r: r["Q4"] < 500)),
    Asked("销售.xlsx", "华东地区的销售额合计是多少？", _where(地区="华东"), _sum("销售额(元)")),
    Asked("销售.xlsx", "哪些记录的数量超过50？", _having(lambda r: r["数量"] > 50)),
    Asked("销售.xlsx", "王芳卖出的台灯平均销售额是多少？", _where(销售员="王芳", 产品="台灯"), _mean("销售额(元)")),
    Asked(
        "销售.xlsx",
        "2024年第二季度的销售额总计是多少？",
        _having(lambda r: _in(2024, 4, 5, 6)(r["日期"])),
        _sum("销售额(元)"),
    ),
    Asked("销售.xlsx", "最高的销售额是多少？", _top("销售额(元)"), _edge("销售额(元)")),
    Asked("报销.csv", "市场部的报销金额一共是多少？", _where(部门="市场部"), _sum("金额")),
    Asked("报销.csv", "待审批的报销有多少笔？", _where(状态="待审批")),
    Asked("报销.csv", "哪些差旅报销金额大于3000元？", _having(lambda r: r["类别"] == "差旅" and r["金额"] > 3000)),
    Asked("报销.csv", "每个部门的金额合计是多少？", value=_groups("金额", "部门")),
    Asked("报销.csv", "周强的平均报销金额是多少？", _where(姓名="周强"), _mean("金额")),
    Asked("boats.ods", "Which boat has the lowest fee?", _top("Fee", low=True), _edge("Fee")),
    Asked("boats.ods", "How many boats lie at the South quay?", _where(Berth="South quay")),
    Asked(
        "boats.ods", "What do the fees of the sailing school add up to?", _where(Owner="Sailing school"), _sum("Fee")
    ),
    Asked("boats.ods", "Which boats have a length between 5 and 9?", _having(lambda r: 5 <= r["Length"] <= 9)),
    Asked(
        "boats.ods",
        "What is the average length of the boats in the Old harbour?",
        _where(Berth="Old harbour"),
        _mean("Length"),
    ),
    Asked("Rechnungen.csv", "Wie hoch ist die Summe der offenen Rechnungen?", _where(Status="offen"), _sum("Betrag")),
    Asked("Rechnungen.csv", "Wie viele Rechnungen sind gemahnt?", _where(Status="gemahnt")),
    Asked(
        "Rechnungen.csv",
        "Welche Rechnungen aus Lübeck sind über 3000 Euro?",
        _having(lambda r: r["Ort"] == "Lübeck" and r["Betrag"] > 3000),
    ),
    Asked(
        "Rechnungen.csv",
        "Was ist der höchste Betrag von Tischlerei Voss?",
        _top("Betrag", among=lambda r: r["Kunde"] == "Tischlerei Voss"),
        _edge("Betrag"),
    ),
    Asked(
        "Rechnungen.csv",
        "Wie viele Rechnungen sind vor dem 01.03.2024 fällig?",
        _having(lambda r: r["Fällig"] < datetime.date(2024, 3, 1)),
    ),
    Asked("machines.xls", "What is the total repair cost?", says="computed_units"),
    Asked("machines.xls", "What is the total cost of the machines in Hall A?", says="computed_unclear"),
    Asked("machines.xls", "Which machine has the most running hours?", _top("Running hours"), _edge("Running hours")),
    Asked(
        "machines.xls",
        "How many machines were last serviced before 2024?",
        _having(lambda r: r["Last service"].year < 2024),
    ),
    Asked(
        "machines.xls",
        "What is the average energy cost per site?",
        value=lambda rows: {
            site: fmean(r["Energy cost"] for r in rows if r["Site"] == site) for site in {r["Site"] for r in rows}
        },
    ),
)
