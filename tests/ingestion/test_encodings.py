"""Which characters some bytes are: marks and patterns first, then the labels of the web's standard, then the look."""

from __future__ import annotations

import codecs
import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from encodings.aliases import aliases
from urllib.parse import quote, unquote

import pytest
from docx import Document as WordDocument

from rag.core.errors import CharactersRefused, DamagedFile
from rag.ingestion.loading import load_address, load_bytes
from rag.ingestion.loading.encoding_labels import encoding_of
from tests.support.serving import Reply, Served, always, serving

ENGLISH = "Every employee has 25 days of annual leave. Ask two weeks ahead.\n"
SIMPLIFIED = "年假规定：员工每年享有二十五天年假，请在两周前提出申请，并由主管批准。未使用的假期可以结转到下年度。\n"
TRADITIONAL = "年假規定：員工每年享有二十五天年假，請於兩週前提出申請，並由主管核准。未使用的假期可以結轉到下一年。\n"
JAPANESE = "年次有給休暇：従業員は毎年二十五日の休暇を取得できます。申請は二週間前までに上司へ提出してください。\n"
KOREAN = "연차 휴가 규정: 직원은 매년 25일의 연차 휴가를 사용할 수 있으며, 2주 전에 신청하여 승인을 받아야 합니다.\n"
RUSSIAN = (
    "Положение об отпуске: каждый сотрудник имеет право на двадцать пять дней отпуска. Заявление подаётся заранее.\n"
)
FRENCH = "Les congés payés sont de vingt-cinq jours par an; la demande est déposée à l'avance, où que ce soit.\n"
GERMAN = "Größe der Tür: über 20 Zentimeter. Ärger gibt es für Gäste aus Köln nur, wenn sie heiße Öfen öffnen.\n"
SPANISH = "¿Cuántos días de vacaciones tiene un empleado? Según el código, veinticinco; el año próximo, también.\n"
POLISH = "Każdy pracownik ma prawo do dwudziestu pięciu dni urlopu. Wniosek należy złożyć najpóźniej w środę.\n"
TURKISH = "Her çalışanın yılda yirmi beş gün izin hakkı vardır. Başvuru iki hafta önce yapılır; onayı müdür verir.\n"
PORTUGUESE = "As crianças não pagam; a informação será dada às três da manhã, na praça, também aos cidadãos.\n"
CZECH = "Děti do šesti let mají vstup zdarma. Přihlášky se přijímají každou středu; příští týden je zavřeno.\n"
HUNGARIAN = "Kérjük, várjanak a fűtőtestnél: az őr hamarosan jön, a gyűlés öt órakor kezdődik, és ingyenes.\n"
LITHUANIAN = "Vaikai iki šešerių metų įeina nemokamai; prašome palaukti prie ąžuolo, kol ateis sargas, čia pat.\n"
DUTCH = "De contributie is één euro; kinderen hebben vrije toegang, zoëven geopend. Vraag het de coördinator.\n"
DASHED = "Guests—all of them—sign in. It’s done at the desk…then they wait. “Yes”–or “no”—is said at once.\n"

# All names that Python has for its codecs, and a few that find them otherwise.
CODECS = sorted(
    {*aliases, *aliases.values(), "utf-7", "unicode_escape", "raw_unicode_escape", "punycode", "idna", "undefined"}
    | {"palmos", "koi8_u", "utf-16", "utf-32", "hz-gb-2312", "mbcs", "oem", "x-user-defined", "no such thing"}
)
# Those that do something else with bytes than to read letters, or that the web's standard leaves out with a reason.
NEVER = [
    "utf_7", "unicode_escape", "raw_unicode_escape", "punycode", "rot_13", "zlib_codec", "bz2_codec", "base64_codec",
    "hex_codec", "uu_codec", "quopri_codec", "undefined", "cp037", "cp500", "utf_32", "hz", "iso2022_kr",
]  # fmt: skip


def text_of(data: bytes, name: str = "leave.txt") -> str:
    return "".join(page.text for page in load_bytes(data, name).pages)


@pytest.mark.parametrize(
    ("text", "encodings"),
    [
        (ENGLISH, "utf-8-sig utf-16 utf-32 utf-16-le utf-16-be utf-32-le utf-32-be"),
        (SIMPLIFIED, "gb18030 gbk gb2312 utf-8-sig utf-16 utf-32 utf-16-le utf-16-be utf-32-le utf-32-be"),
        (TRADITIONAL, "big5 gb18030 utf-16-le utf-16-be utf-32-le"),
        (JAPANESE, "shift_jis euc_jp iso2022-jp utf-16-le utf-16-be utf-32-be"),
        (KOREAN, "euc-kr utf-16-le utf-16-be utf-32-le"),
        (RUSSIAN, "cp1251 koi8-r cp866 iso8859-5 utf-16-le utf-16-be"),
        (FRENCH, "cp1252 cp850 mac-roman utf-16-le utf-32-be"),
        (GERMAN, "cp1252 cp437 cp850 mac-roman"),
        (SPANISH, "cp1252 cp850 mac-roman"),
        (POLISH, "cp1250 cp852 iso8859-2"),
        (TURKISH, "cp1254 cp857"),
        (PORTUGUESE, "cp1252 cp850 cp860 mac-roman"),
        (CZECH, "cp1250 cp852 iso8859-2"),
        (HUNGARIAN, "cp1250 cp852"),
        (LITHUANIAN, "cp1257 cp775"),
        (DUTCH, "cp1252 cp850"),
        (DASHED, "cp1252 mac-roman"),
    ],
)
@pytest.mark.parametrize("times", [1, 200])
def test_text_without_a_label_is_read_by_its_mark_or_its_look(text: str, encodings: str, times: int) -> None:
    for encoding in encodings.split():
        assert text_of((text * times).encode(encoding)) == text * times, encoding


def test_a_text_of_chinese_letters_alone_is_known_in_utf_16() -> None:
    text = SIMPLIFIED.strip()  # not one letter of it has a zero in it
    for encoding in ("utf-16-le", "utf-16-be"):
        assert b"\0" not in text.encode(encoding)
        assert text_of(text.encode(encoding)) == text


def test_a_mark_comes_before_what_a_page_says_of_itself() -> None:
    page = f'<html><head><meta charset="gbk"></head><body><p>{SIMPLIFIED}</p></body></html>'
    for encoding in ("utf-8-sig", "utf-16", "utf-32", "utf-16-be", "utf-32-le"):
        assert text_of(page.encode(encoding), "x.html") == SIMPLIFIED.strip(), encoding


@pytest.mark.parametrize(
    ("label", "encoding", "text"),
    [
        ("iso-8859-1", "cp1252", "“Größe” — 5 €"),
        ("US-ASCII", "cp1252", "“Größe” — 5 €"),
        ("gb2312", "gb18030", "镕基喆堃，㐂"),
        ("gb2312", "gbk", "年假"),
        ("ks_c_5601-1987", "cp949", "똠방각하"),
        ("shift-jis", "cp932", "①㈱髙"),
        ("big5", "big5hkscs", "嘅嚟"),
        (" TIS-620 ", "cp874", "ลาพักร้อน"),
        ("windows-1251", "cp1251", "Отпуск"),
        ("iso-2022-jp", "iso2022_jp", "休暇"),
        ("latin5", "cp1254", "Yıllık izin"),
        ("utf-16", "utf-16-le", "年假二十五天"),
    ],
)
def test_a_label_means_what_the_standard_says(label: str, encoding: str, text: str) -> None:
    with serving(
        lambda path: Reply(text.encode(encoding), headers={"Content-Type": f"text/plain; charset={label}"})
    ) as at:
        document, _ = load_address(at.at("/x.txt"), intranet=[at.place])
    assert document.pages[0].text == text


def test_signs_that_pythons_decoders_lack_are_read_as_the_standard_has_them() -> None:
    cases = {
        "windows-1252": (b"a\x81b", "a\x81b"),
        "gbk": (b"5 \x80 " + "年假".encode("gbk"), "5 € 年假"),
        "euc-jp": (b"\xad\xa1" + "休暇".encode("euc_jp") * 60, "①" + "休暇" * 60),
        "x-user-defined": (b"a\x80\xff", "a\uf780\uf7ff"),
        "gb18030": ("年假".encode("gbk") * 80 + b"\xff.", "年假" * 80 + "\ufffd."),
    }
    for label, (data, text) in cases.items():
        reply = Reply(data, headers={"Content-Type": f"text/plain; charset={label}"})
        with serving(always(reply)) as at:
            assert load_address(at.at("/x.txt"), intranet=[at.place])[0].pages[0].text == text, label


def test_a_label_that_the_bytes_belie_counts_for_nothing() -> None:
    for label in ("iso-8859-1", "gbk", "utf-16", "shift_jis", "koi8-r"):
        reply = Reply(SIMPLIFIED.encode(), headers={"Content-Type": f"text/plain; charset={label}"})
        with serving(always(reply)) as at:
            assert load_address(at.at("/x.txt"), intranet=[at.place])[0].pages[0].text == SIMPLIFIED, label


def test_one_letter_of_utf_8_belies_the_usual_label() -> None:
    page = '<html><head><meta charset="iso-8859-1"></head><body>Ein Kaffee im Café.</body></html>'
    assert load_bytes(page.encode(), "a.html").pages[0].text == "Ein Kaffee im Café."
    assert load_bytes(page.encode("cp1252"), "a.html").pages[0].text == "Ein Kaffee im Café."


def test_a_stray_line_of_another_encoding_spoils_no_utf_8() -> None:
    text = "Größe und Maß\n".encode() + "Müller\n".encode("cp1252") + b"\x1b[31mrot\x1b[0m"
    assert load_bytes(text, "a.txt").pages[0].text == "Größe und Maß\nMüller\nrot"


def test_encodings_that_the_standard_refuses_are_refused_in_words() -> None:
    reply = Reply(SIMPLIFIED.encode("hz", "ignore"), headers={"Content-Type": "text/plain; charset=hz-gb-2312"})
    with serving(lambda path: reply) as at, pytest.raises(CharactersRefused):
        load_address(at.at("/x.txt"), intranet=[at.place])
    page = f'<html><head><meta charset="iso-2022-cn"></head><body>{ENGLISH}</body></html>'
    assert text_of(page.encode(), "x.html") == ENGLISH.strip()


# Every name that Python would know


@pytest.fixture(scope="module")
def labelled() -> Iterator[Served]:
    """Text in UTF-8, called by its path what each label says, also in the form of RFC 2231."""

    def answer(path: str) -> Reply:
        way, label = unquote(path).strip("/").removesuffix(".txt").split("/", 1)
        said = f"charset={label}" if way == "plain" else f"charset*={label}''utf-8"
        return Reply((SIMPLIFIED + FRENCH).encode(), headers={"Content-Type": f"text/plain; {said}"})

    with serving(answer) as served:
        yield served


@pytest.mark.parametrize(("way", "labels"), [("plain", CODECS), ("rfc2231", NEVER)])
def test_no_codec_of_python_is_run_because_a_server_names_it(labelled: Served, way: str, labels: list[str]) -> None:
    for label in labels:
        document, _ = load_address(labelled.at(f"/{way}/{quote(label)}.txt"), intranet=[labelled.place])
        assert document.pages[0].text == SIMPLIFIED + FRENCH, label


def test_no_codec_of_python_is_run_because_a_page_names_it() -> None:
    body = f"<title>Leave</title></head><body><p>{SIMPLIFIED}</p></body></html>"
    for number, label in enumerate(CODECS):
        pages = [
            f'<html><head><meta charset="{label}">{body}',
            f"<html><head><meta http-equiv='Content-Type' content='text/html; charset={label}'>{body}",
            f'<?xml version="1.0" encoding="{label}"?>\n<html><head>{body}',
        ]
        for page in pages if label in NEVER else [pages[number % 3]]:
            assert text_of(page.encode(), "leave.html") == SIMPLIFIED.strip(), page[:80]


def test_the_codecs_that_run_something_are_never_even_loaded() -> None:
    """In a process of its own, in which each label is named over bytes that its codec would read."""
    code = f"""
import sys, json
from rag.ingestion.loading.sandbox_child import parse
from rag.core.errors import RagError
asked = {CODECS!r}
header = {{"password": None, "limits": {{"pages": 10}}, "recognised": {{}}, "seen_later": False}}
for label in asked:
    for data, name in (
        (b"+AGE-\\\\x41 bcher-kva", "x.txt"),
        (b'<html><meta charset="%s"><p>+AGE-' % label.encode(), "x.html"),
        (b'<?xml encoding="%s"?><html><p>\\xc3\\x80' % label.encode(), "x.html"),
        (b"\\xc0\\xe9 cafe", "x.txt"),
    ):
        try:
            parse(data, header | {{"name": name, "charset": label}}, print)
        except RagError:
            pass
print(json.dumps([module for module in sys.modules if module.startswith("encodings.")]))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {module.removeprefix("encodings.") for module in json.loads(done.stdout.splitlines()[-1])}
    assert "gb18030" in loaded
    assert loaded.isdisjoint(NEVER)


def test_every_label_of_the_standard_has_a_decoder() -> None:
    known = {label: name for label in CODECS if (name := encoding_of(label))}
    assert len(known) > 60
    assert known["latin1"] == known["l1"] == "windows-1252"
    assert {encoding_of(name) for name in ("utf-7", "unicode_escape", "punycode", "rot13", "zlib", "idna")} == {None}
    for label in known:
        reply = Reply(ENGLISH.encode(), headers={"Content-Type": f"text/plain; charset={label}"})
        with serving(always(reply)) as at:
            assert load_address(at.at("/x.txt"), intranet=[at.place])[0].pages[0].text == ENGLISH


def test_a_part_of_a_word_file_in_an_unheard_of_encoding_is_refused() -> None:
    document = WordDocument()
    document.add_paragraph(ENGLISH)
    document.save(plain := io.BytesIO())
    made = io.BytesIO()
    with zipfile.ZipFile(plain) as given, zipfile.ZipFile(made, "w") as written:
        for entry in given.namelist():
            part = given.read(entry)
            if entry == "word/document.xml":
                part = codecs.encode(part.decode().replace("UTF-8", "UTF-7"), "utf-7")
            written.writestr(entry, part)
    assert text_of(plain.getvalue(), "x.docx").strip() == ENGLISH.strip()
    with pytest.raises(DamagedFile):
        load_bytes(made.getvalue(), "x.docx")
