"""Eight invented sheets and forty questions, with what is right worked out in plain Python from the records themselves.

The files are made anew each time, from fixed seeds; nothing in them is of a real house.
"""

from __future__ import annotations

import csv
import datetime
import io
import random
from dataclasses import dataclass, field
from typing import Any

import openpyxl
import xlwt

Record = dict[str, Any]
Rows = list[Record]


@dataclass
class SheetFile:
    """A file: its name, its records as Python values, and how it is written."""

    name: str
    records: Rows
    formats: dict[str, str] = field(default_factory=dict)
    total: str = ""
    title: str = ""
    """The column that a row of totals adds up, where there is one."""

    def data(self) -> bytes:
        ending = self.name.rpartition(".")[2]
        return {"xlsx": self._xlsx, "csv": self._csv, "xls": self._xls, "ods": self._ods}[ending]()

    def _table(self) -> list[list[Any]]:
        heads = list(self.records[0])
        rows = [heads, *([record[head] for head in heads] for record in self.records)]
        if self.total:
            totals: list[Any] = ["Total", *[None] * (len(heads) - 1)]
            for head in self.total.split(","):
                totals[heads.index(head)] = sum(record[head] for record in self.records)
            rows.append(totals)
        return rows

    def _xlsx(self) -> bytes:
        book = openpyxl.Workbook()
        sheet: Any = book.active
        sheet.title = self.title or "Sheet1"
        for row in self._table():
            sheet.append(row)
        for number, head in enumerate(self.records[0], start=1):
            if head in self.formats:
                for line in range(2, sheet.max_row + 1):
                    sheet.cell(line, number).number_format = self.formats[head]
        out = io.BytesIO()
        book.save(out)
        return out.getvalue()

    def _xls(self) -> bytes:
        book = xlwt.Workbook()
        sheet = book.add_sheet(self.title or "Sheet1")
        dated = xlwt.easyxf(num_format_str="yyyy-mm-dd")
        for r, row in enumerate(self._table()):
            for c, value in enumerate(row):
                if value is not None:
                    sheet.write(r, c, value, *([dated] if isinstance(value, datetime.date) else []))
        out = io.BytesIO()
        book.save(out)
        return out.getvalue()

    def _csv(self) -> bytes:
        out = io.StringIO()
        writer = csv.writer(out, delimiter=";")
        for row in self._table():
            writer.writerow(
                ["" if v is None else self._text(head, v) for head, v in zip(self.records[0], row, strict=True)]
            )
        return out.getvalue().encode()

    def _text(self, head: str, value: Any) -> str:
        if isinstance(value, datetime.date):
            return value.strftime(self.formats.get(head, "%Y-%m-%d"))
        if isinstance(value, float) and self.formats.get(head) == "de":
            return f"{value:,.2f}".translate(str.maketrans(",.", ".,"))
        return str(value)

    def _ods(self) -> bytes:
        from tests.support.sheet_files import ods_cell, ods_row, open_sheet, spreadsheet

        def cell(value: Any) -> str:
            if value is None:
                return ods_cell()
            sort = (
                "date" if isinstance(value, datetime.date) else "float" if isinstance(value, int | float) else "string"
            )
            return ods_cell(str(value), f'office:value-type="{sort}"')

        return open_sheet(
            spreadsheet(self.title or "Sheet1", "".join(ods_row(*map(cell, row)) for row in self._table()))
        )


def _days(chance: random.Random, first: int, last: int) -> datetime.date:
    return datetime.date(first, 1, 1) + datetime.timedelta(chance.randrange((last - first + 1) * 365))


def _orders() -> SheetFile:
    chance = random.Random(1)
    records = [
        {
            "Order": 1001 + n, "Customer": chance.choice(["Halden Mill", "Brook & Sons", "Aster Ltd", "Quay Traders"]),
            "Region": chance.choice(["North", "South", "East", "West"]),
            "Product": chance.choice(["Rope", "Anchor", "Sail"]),
            "Quantity": chance.randint(1, 40), "Amount": round(chance.uniform(20, 900), 2),
            "Ordered": _days(chance, 2024, 2024), "Status": chance.choice(["open", "paid", "overdue", "cancelled"]),
        }
        for n in range(60)
    ]  # fmt: skip
    return SheetFile(
        "orders.xlsx", records, {"Amount": '#,##0.00 "€"', "Ordered": "yyyy-mm-dd"}, "Amount", "Orders 2024"
    )


def _staff() -> SheetFile:
    chance = random.Random(2)
    first, last = (
        ["Ada", "Bo", "Cyd", "Dov", "Eli", "Fay", "Gus", "Hal", "Ida", "Jon"],
        ["Moor", "Pike", "Rell", "Stone"],
    )
    records = [
        {
            "Name": f"{first[n % 10]} {last[n // 10]}",
            "Department": chance.choice(["Sales", "Workshop", "Finance", "Kitchen"]),
            "Office": chance.choice(["Kiel", "Husum", "Emden"]), "Salary": chance.randrange(2400, 6200, 50),
            "Weekly hours": chance.choice([20, 30, 38.5, 40]), "Started": _days(chance, 2012, 2024),
        }
        for n in range(40)
    ]  # fmt: skip
    return SheetFile("staff.csv", records)


def _budget() -> SheetFile:
    chance = random.Random(3)
    items = [
        "Heating",
        "Electricity",
        "Cleaning",
        "Insurance",
        "Repairs",
        "Post",
        "Software",
        "Travel",
        "Training",
        "Rent",
    ]
    records: Rows = [{"Item": one, **{f"Q{n}": chance.randrange(100, 4000, 10) for n in range(1, 5)}} for one in items]
    return SheetFile("budget.xlsx", records, {f"Q{n}": "#,##0" for n in range(1, 5)}, "Q1,Q2,Q3,Q4", "Budget")


def _sales() -> SheetFile:
    chance = random.Random(4)
    records = [
        {
            "日期": _days(chance, 2024, 2024), "地区": chance.choice(["华东", "华北", "华南", "西南"]),
            "产品": chance.choice(["电饭煲", "台灯", "电风扇"]), "数量": chance.randint(1, 60),
            "销售额(元)": chance.randrange(200, 9000, 10), "销售员": chance.choice(["李明", "王芳", "张伟"]),
        }
        for _ in range(50)
    ]  # fmt: skip
    return SheetFile("销售.xlsx", records, {"日期": "yyyy-mm-dd"}, "", "销售明细")


def _claims() -> SheetFile:
    chance = random.Random(5)
    records = [
        {
            "单号": f"B{300 + n}", "姓名": chance.choice(["赵琳", "钱进", "孙悦", "周强"]),
            "部门": chance.choice(["市场部", "财务部", "研发部"]), "类别": chance.choice(["差旅", "餐饮", "办公用品"]),
            "金额": chance.randrange(50, 5000, 5), "状态": chance.choice(["已批准", "待审批", "已拒绝"]),
        }
        for n in range(40)
    ]  # fmt: skip
    return SheetFile("报销.csv", records)


def _boats() -> SheetFile:
    chance = random.Random(6)
    names = [
        "Dory",
        "Ketch",
        "Sloop",
        "Yawl",
        "Cutter",
        "Punt",
        "Skiff",
        "Wherry",
        "Cog",
        "Hulk",
        "Smack",
        "Lugger",
        "Gig",
        "Pram",
        "Dhow",
        "Junk",
        "Prau",
        "Brig",
        "Bark",
        "Pinnace",
    ]
    records = [
        {
            "Boat": one, "Berth": chance.choice(["North quay", "South quay", "Old harbour"]),
            "Length": round(chance.uniform(3, 18), 1), "Fee": chance.randrange(10, 95, 5),
            "Owner": chance.choice(["Harbour club", "Sailing school", "Private"]), "Since": _days(chance, 2015, 2024),
        }
        for one in names
    ]  # fmt: skip
    return SheetFile("boats.ods", records, title="Boats")


def _invoices() -> SheetFile:
    chance = random.Random(7)
    records = [
        {
            "Rechnung": f"RE-{500 + n}",
            "Kunde": chance.choice(["Kranbau Ostsee", "Tischlerei Voss", "Gärtnerei Lind"]),
            "Ort": chance.choice(["Bremen", "Lübeck", "Rostock"]), "Betrag": round(chance.uniform(80, 4200), 2),
            "Fällig": _days(chance, 2024, 2024), "Status": chance.choice(["offen", "bezahlt", "gemahnt"]),
        }
        for n in range(40)
    ]  # fmt: skip
    return SheetFile("Rechnungen.csv", records, {"Betrag": "de", "Fällig": "%d.%m.%Y"})


def _machines() -> SheetFile:
    chance = random.Random(8)
    records = [
        {
            "Machine": f"{chance.choice(['Lathe', 'Press', 'Crane', 'Saw'])} {n + 1}",
            "Site": chance.choice(["Hall A", "Hall B", "Yard"]), "Running hours": chance.randrange(100, 9000),
            "Repair cost": chance.choice(["$", "€"]) + str(chance.randrange(100, 2000, 10)),
            "Energy cost": chance.randrange(100, 900), "Last service": _days(chance, 2023, 2024),
        }
        for n in range(25)
    ]  # fmt: skip
    return SheetFile("machines.xls", records, title="Machines")


def sheet_files() -> list[SheetFile]:
    return [_orders(), _staff(), _budget(), _sales(), _claims(), _boats(), _invoices(), _machines()]
