"""Scales and units of numbers, with the names they have in texts."""

from __future__ import annotations

from typing import Final

SCALES: Final = {
    "hundred": 1e2, "thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12,
    "hundert": 1e2, "tausend": 1e3, "millionen": 1e6, "mio": 1e6, "milliarde": 1e9, "milliarden": 1e9,
    "mrd": 1e9, "billionen": 1e12,
    "k": 1e3, "m": 1e6, "mn": 1e6, "bn": 1e9, "b": 1e9,
    "百": 1e2, "千": 1e3, "万": 1e4, "百万": 1e6, "千万": 1e7, "亿": 1e8, "万亿": 1e12,
}  # fmt: skip
# Units that must not be confused, with their names.
_UNITS: Final = {
    "second": "second|seconds|sec|secs|sekunde|sekunden|秒|秒钟", "minute": "minute|minutes|min|mins|minuten|分钟",
    "hour": "hour|hours|hr|hrs|stunde|stunden|小时|个小时",
    "day": "day|days|tag|tage|tagen|日|天",
    "week": "week|weeks|woche|wochen|周|星期|个星期|个周",
    "month": "month|months|monat|monate|monaten|月|个月",
    "year": "year|years|yr|yrs|jahr|jahre|jahren|年",
    "decade": "decade|decades",
    "century": "century|centuries|jahrhundert|jahrhunderte|世纪|个世纪",
    "%": "%|percent|prozent|percentage|per cent|pct|percentages",
    "mm": "millimeter|millimeters|millimetre|millimetres|mm|毫米", "cm": "centimeter|centimeters|centimetres|cm|厘米",
    "m": "meter|meters|metre|metres|米", "km": "km|kilometer|kilometers|kilometre|kilometres|公里|千米",
    "inch": "inch|inches|英寸", "foot": "foot|feet|ft|英尺", "yard": "yard|yards|码", "mile": "mile|miles|mi|英里",
    "g": "gram|grams|g|克", "kg": "kg|kilogram|kilograms|kilo|kilos|公斤|千克", "mg": "mg|milligram|milligrams|毫克",
    "ton": "ton|tons|tonne|tonnes|吨", "pound": "pound|pounds|lb|lbs|磅", "ounce": "ounce|ounces|oz|盎司",
    "l": "liter|liters|litre|litres|升", "ml": "ml|milliliter|milliliters|毫升", "gallon": "gallon|gallons|加仑",
    "m2": "square meter|square meters|square metre|square metres|m²|quadratmeter|quadratmetern|平方米",
    "m3": "cubic meter|cubic meters|cubic metre|cubic metres|m³|kubikmeter|kubikmetern|立方米",
    "acre": "acre|acres|英亩", "hectare": "hectare|hectares|公顷",
    "kb": "kb|kilobyte|kilobytes", "mb": "mb|megabyte|megabytes", "gb": "gb|gigabyte|gigabytes",
    "tb": "tb|terabyte|terabytes",
    "°c": "°c|celsius|摄氏度", "°f": "°f|fahrenheit|华氏度", "kelvin": "kelvin|kelvins",
    "degree": "degree|degrees|°|度",
    "w": "watt|watts", "kw": "kw|kilowatt|kilowatts|千瓦", "mw": "mw|megawatt|megawatts",
    "$": "$|usd|dollar|dollars|us$|美元", "€": "€|eur|euro|euros|欧元", "£": "£|gbp|英镑",
    "¥": "¥|cny|rmb|yuan|元|人民币",
    "yen": "yen|jpy|日元", "rupee": "rupee|rupees|inr|卢比",
    "cent": "cent|cents|pence|penny",
}  # fmt: skip
UNIT_OF: Final = {form: unit for unit, forms in _UNITS.items() for form in forms.split("|")}
