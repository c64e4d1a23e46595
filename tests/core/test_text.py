"""One analysis of text: scripts and languages, sentences, words, stems, stop words, numbers and months."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.core.text import (
    content,
    coverage,
    index_terms,
    language_of,
    months,
    number_value,
    numbers,
    script_of,
    sentences,
    stem,
    terms,
    without_figures,
    words,
)


def cut(text: str) -> list[str]:
    return [text[start:end] for start, end in sentences(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Leave is 25 days. Ask early!  Why not?", ["Leave is 25 days.", "Ask early!", "Why not?"]),
        (
            "Dr. Hallam pays 3.5 % to J. Smith, e.g. by card. Then he rests.",
            ["Dr. Hallam pays 3.5 % to J. Smith, e.g. by card.", "Then he rests."],
        ),
        ("He said “stop.” Then he left.", ["He said “stop.”", "Then he left."]),
        ("年假为二十五天。请提前申请！“好的。”他说。", ["年假为二十五天。", "请提前申请！", "“好的。”", "他说。"]),
        ("A heading\n\nA line without a stop\n\n- an item", ["A heading", "A line without a stop", "- an item"]),
        ("1. First of all. 2. Then.", ["1. First of all.", "2. Then."]),
        ("   \n ", []),
        ("Ridge Bros. Ltd. sells coal. It is old.", ["Ridge Bros. Ltd. sells coal.", "It is old."]),
        ("It went to Ridge Bros. Ltd. The price was low.", ["It went to Ridge Bros. Ltd.", "The price was low."]),
        ("On Dec. 3 he came. It was Dec. Then he left.", ["On Dec. 3 he came.", "It was Dec.", "Then he left."]),
        ("Room No. 4 is free. She said no. Then she left.", ["Room No. 4 is free.", "She said no.", "Then she left."]),
        ("See part no. AT-20518, or no. C/7. No. Then go.", ["See part no. AT-20518, or no. C/7.", "No.", "Then go."]),
        ("At 9 a.m. Monday the U.S. Army left. It was A.B. Lee.", None),
        ("He lives in the U.S. The law is old.", ["He lives in the U.S.", "The law is old."]),
        ("It ended in 2021. Nobody came.", ["It ended in 2021.", "Nobody came."]),
        (
            "Das gilt z. B. am 3. Mai 2020 und am 4. Juni. Siehe Nr. 4 der Ordnung, d. h. Seite 2.",
            ["Das gilt z. B. am 3. Mai 2020 und am 4. Juni.", "Siehe Nr. 4 der Ordnung, d. h. Seite 2."],
        ),
        ("Im 19. Jahrhundert bzw. früher. Es waren 25. Danach kam Herr Dr. Kern.", None),
    ],
)
def test_sentences_end_where_a_reader_would_end_them(text: str, expected: list[str] | None) -> None:
    if expected is None:
        expected = {
            "A": ["At 9 a.m. Monday the U.S. Army left.", "It was A.B. Lee."],
            "I": ["Im 19. Jahrhundert bzw. früher.", "Es waren 25.", "Danach kam Herr Dr. Kern."],
        }[text[0]]
    assert cut(text) == expected


@given(st.text(alphabet=st.sampled_from(list("ab 1.!?。！\n“”AZ"))))
def test_sentences_leave_out_white_space_only(text: str) -> None:
    places = list(sentences(text))
    assert all(text[start:end].strip() == text[start:end] != "" for start, end in places)
    kept = "".join("".join(text[start:end].split()) for start, end in places)
    assert kept == "".join(text.split())
    assert places == sorted(places)


def processor_time(work: Callable[[], object]) -> float:
    """The least of three tries."""
    tries = []
    for _ in range(3):
        began = time.process_time()
        work()
        tries.append(time.process_time() - began)
    return min(tries)


@pytest.mark.parametrize(
    "piece", ["e.g. ", "1. ", ".", "?!", "\n \n", "\n ", " ", "a.'", "年", "z. B. ", "3. Mai ", "a.b"]
)
def test_sentences_take_time_that_grows_with_the_text_and_no_faster(piece: str) -> None:
    text = piece * (40_000 // len(piece)) + "x"
    once, four = (processor_time(lambda text=text * times: list(sentences(text))) for times in (1, 4))  # type: ignore[misc]
    assert four <= 8 * once + 0.02


def test_words_are_lower_case_and_chinese_goes_in_pairs() -> None:
    assert words("Annual LEAVE: 25 days, co-op, Müller’s ﬁle") == [
        "annual", "leave", "25", "days", "co-op", "müller’s", "file",
    ]  # fmt: skip
    assert words("员工年假25天") == ["员工", "工年", "年假", "25", "天"]
    assert index_terms("查年假 now") == ["查年", "年假", "now"]


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Annual leave", "en"),
        ("What does the Müller contract say?", "en"),
        ("年假规定 PDF", "zh"),
        ("123", "en"),
        ("", "en"),
        ("Wie viele Urlaubstage habe ich?", "de"),
        ("Der Vertrag gilt ab dem 3. Mai.", "de"),
        ("Kündigungsfrist Probezeit", "de"),
        ("The German word for it is Angst und Wut.", "en"),
    ],
)
def test_the_language_is_told_by_letters_and_stop_words(text: str, language: str) -> None:
    assert language_of(text) == language


def test_any_chinese_letter_makes_the_script_chinese() -> None:
    assert (script_of("on 年假"), script_of("leave"), script_of("Größe")) == ("cjk", "latin", "latin")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("police", "policy"),
        ("party", "part"),
        ("county", "count"),
        ("experience", "experiment"),
        ("operation", "operative"),
        ("important", "imported"),
        ("several", "severe"),
        ("business", "busy"),
        ("united", "unit"),
        ("authority", "author"),
    ],
)
def test_different_words_have_different_stems(one: str, other: str) -> None:
    assert stem(one) != stem(other)


@pytest.mark.parametrize(
    ("forms", "language"),
    [
        ("reimburse reimburses reimbursed reimbursement", "en"),
        ("policy policies", "en"),
        ("experiment experiments experimental", "en"),
        ("employee employees", "en"),
        ("vertrag verträge vertrags verträgen", "de"),
        ("kündigung kündigungen", "de"),
        ("mitarbeiter mitarbeitern mitarbeiters", "de"),
    ],
)
def test_forms_of_a_word_have_one_stem(forms: str, language: str) -> None:
    assert len({stem(form, "de" if language == "de" else "en") for form in forms.split()}) == 1


def test_many_threads_may_stem_at_once() -> None:
    forms = [f"{word}{ending}" for word in ("walk", "open", "paint", "report") for ending in ("s", "ed", "ing", "")]
    expected = [stem.__wrapped__(form) for form in forms]
    with ThreadPoolExecutor(8) as pool:
        for found in pool.map(lambda _: [stem.__wrapped__(form) for form in forms * 20], range(16)):
            assert found == expected * 20


def test_german_stop_words_are_none_in_english_and_the_other_way_round() -> None:
    assert content("Wie viele Tage Urlaub haben die Mitarbeiter im Jahr?") == [
        "tage", "urlaub", "mitarbeiter", "jahr",
    ]  # fmt: skip
    assert content("When did he die in the war?") == ["die", "war"]
    assert terms("Verträge der Firma") == ["vertrag", "firma"]


def test_a_short_text_is_read_in_the_language_it_is_told() -> None:
    question = "Wie lange ist die Kündigungsfrist der Verträge?"
    wanted = dict.fromkeys(terms(question), 1.0)
    assert coverage(wanted, terms("Vertrag: Kündigungsfristen 4", language_of(question))) == 2 / 3


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("fourteen of ninety-nine", [14, 99]),
        ("the twenty-fifth and the thirtieth", [25, 30]),
        ("$1.5 million, 1,500.25", [1_500_000, 1500.25]),
        ("三百二十天，二〇二二年，十五", [320, 2022, 15]),
        ("Es sind 1.500,50 Euro, also fünfundzwanzig von hundert", [1500.5, 25]),
        ("Das kostet 3,5 Millionen und zwölf Tage", [3_500_000, 12]),
        ("12,345,67", [12_345, 67]),
    ],
)
def test_numbers_have_their_values_however_they_are_written(text: str, found: list[float]) -> None:
    assert [number.value for number in numbers(text)] == found


def test_a_number_alone_has_a_value_or_is_none() -> None:
    written = ("7.5", "Twenty-five", "twenty fifth", "fünfundzwanzig", "二十五", "dozen")
    assert [number_value(one) for one in written] == [7.5, 25, 25, 25, 25, 12]
    with pytest.raises(ValueError, match="often"):
        number_value("often")
    assert without_figures("It takes twenty-five days or so.").split() == ["It", "takes", "or", "so."]


def test_months_are_the_same_in_both_languages() -> None:
    assert months("Am 3. Mai, im Dezember") == months("On May 3 and Dec. 4") == {"may", "december"}
    assert months("it may be") == set()


def test_irregular_forms_of_a_word_are_the_same_term() -> None:
    assert terms("Which keys were lost, kept, sold or given to children?") == [
        "key",
        "lose",
        "keep",
        "sell",
        "give",
        "child",
    ]
    assert terms("two dogs for fourteen days") == terms("2 dogs for 14 days")
    # Other words that are spelled as a form of one.
    assert set(terms("annual leave")) != set(terms("the left bank"))


def test_british_and_american_spellings_are_the_same_terms() -> None:
    british = (
        "The organisation's licence for the programme of the theatre centre, cancelled and analysed in two colours"
    )
    american = "The organization's license for the program of the theater center, canceled and analyzed in two colors"
    assert terms(british) == terms(american)
    assert terms("supervise precise advertise") == terms("supervision precision advertisement")
    assert len(set(terms("hour tour flour four"))) == 4


def test_what_a_verb_or_adjective_is_called_as_a_noun_is_the_same_term() -> None:
    assert terms("pay apply deliver register long pregnant") == terms(
        "payments applications deliveries registration length pregnancy"
    )
    assert set(terms("member employ produce")).isdisjoint(terms("membership employee production"))
