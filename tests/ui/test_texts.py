"""Every word a user reads exists in every language, and every error has its words."""

from __future__ import annotations

import ast
import re
import string
from pathlib import Path

import pytest

from rag.core.errors import RagError
from rag.core.types import Failure
from rag.ui.texts import LANGUAGES, Language, Texts, language_for, language_name, table

PROJECT = Path(__file__).resolve().parents[2]
# Names of settings and of environment variables, which whoever asks a question has nothing to do with.
SETTING = re.compile(r"\b[A-Z]{2,}_[A-Z_]{2,}\b")
# What the command line alone says, to whoever can set them.
FOR_ADMINISTRATORS = ("administrator.", "doctor.", "move.")


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_the_same_texts_with_the_same_fields(language: str) -> None:
    english, other = table("en"), table(language)
    assert set(english) == set(other)
    assert {key for key in english if fields(english[key]) != fields(other[key])} == set()
    assert {key for key in other if not other[key].strip()} == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_setting_is_named_where_a_user_reads(language: str) -> None:
    shown = {key: text for key, text in table(language).items() if not key.startswith(FOR_ADMINISTRATORS)}
    assert {key: text for key, text in shown.items() if SETTING.search(text)} == {}


def test_a_language_is_its_file_under_its_own_name() -> None:
    assert LANGUAGES[0] == "en"
    assert set(LANGUAGES) == {file.stem for file in (PROJECT / "rag" / "ui").glob("*.toml")}
    assert [language_name(language) for language in LANGUAGES] == ["English", "Deutsch", "中文"]


def test_what_only_administrators_are_told_stands_on_no_page() -> None:
    pages = [*PROJECT.glob("rag/ui/*.py"), *PROJECT.glob("*.py"), *PROJECT.glob("pages/*.py")]
    keys = [key for key in table("en") if key.startswith(FOR_ADMINISTRATORS)]
    said = "".join(page.read_text(encoding="utf-8") for page in pages)
    assert [key for key in keys if f'"{key}"' in said] == []
    assert {key.partition(".")[2] for key in keys if key.startswith("administrator.")} <= {
        leaf.key() for leaf in RagError.leaves()
    }


def test_a_failure_names_its_setting_to_the_administrator_alone() -> None:
    failure = Failure("folder_unusable", {"folder": "/data"})
    assert "RAG_DATA_DIR" not in Texts("en").failure(failure)
    assert Texts("en", administrator=True).failure(failure).endswith("The folder is set in RAG_DATA_DIR.")


@pytest.mark.parametrize("leaf", RagError.leaves(), ids=lambda leaf: leaf.__name__)
def test_every_error_has_words_that_use_its_fields_and_no_others(leaf: type[RagError]) -> None:
    for language in LANGUAGES:
        text = table(language)[f"errors.{leaf.key()}"]
        assert fields(text) <= set(leaf.needs)


def test_no_words_are_left_over_for_errors_that_do_not_exist() -> None:
    leaves = {f"errors.{leaf.key()}" for leaf in RagError.leaves()}
    assert {key for key in table("en") if key.startswith("errors.")} == leaves


def test_every_error_says_in_its_docstring_what_happened() -> None:
    assert [leaf.__name__ for leaf in RagError.leaves() if not leaf.__doc__] == []


def test_an_error_survives_being_stored() -> None:
    for leaf in RagError.leaves():
        error = leaf(**dict.fromkeys(leaf.needs, "x"))
        revived = RagError.revive(error.failure())
        assert type(revived) is leaf
        assert revived.fields == error.fields


def test_a_failure_is_told_in_the_readers_language() -> None:
    failure = Failure("empty_file", {"name": "a.pdf"})
    assert Texts("en").failure(failure) == "a.pdf is empty. Nothing was added."
    assert Texts("de").failure(failure) == "a.pdf ist leer. Es wurde nichts hinzugefügt."
    assert Texts("zh").failure(failure) == "a.pdf 是空文件，没有添加任何内容。"


@pytest.mark.parametrize(
    ("locale", "language"),
    [("zh-CN", "zh"), ("zh-Hant-TW", "zh"), ("en-GB", "en"), ("de-AT", "de"), ("fr", "en"), (None, "en")],
)
def test_the_first_language_follows_the_browser(locale: str | None, language: str) -> None:
    assert language_for(locale) == language


def test_every_text_key_in_the_code_exists() -> None:
    known = set(table("en"))
    for file in [*PROJECT.glob("rag/ui/*.py"), *PROJECT.glob("*.py"), *PROJECT.glob("pages/*.py")]:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not node.args or not isinstance(node.args[0], ast.Constant):
                continue
            named = node.func.id in {"texts", "t"} if isinstance(node.func, ast.Name) else False
            if named or (isinstance(node.func, ast.Attribute) and node.func.attr == "texts"):
                assert node.args[0].value in known, f"{file.name}:{node.lineno}"


def test_no_text_is_left_over() -> None:
    """Each is named somewhere in the code or in a template: as it is, or by a text put together that can become it."""
    named: set[str] = set()
    patterns: set[str] = set()
    for file in [*PROJECT.glob("rag/**/*.py"), *PROJECT.glob("*.py"), *PROJECT.glob("pages/*.py")]:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                named.add(node.value)
            elif isinstance(node, ast.JoinedStr):
                parts = [
                    re.escape(str(part.value)) if isinstance(part, ast.Constant) else r"\w+" for part in node.values
                ]
                patterns.add("".join(parts))
    for template in PROJECT.glob("rag/**/*.jinja"):
        for key, joined in re.findall(r'\bt\("([\w.]+)"( ~)?', template.read_text(encoding="utf-8")):
            named.add(key)
            if joined:
                patterns.add(rf"{re.escape(key)}\w+")
    dotted = re.compile("|".join(pattern for pattern in patterns if re.match(r"[a-z]+\\\.", pattern)))
    left = {key for key in table("en") if not key.startswith(("errors.", "reasons.", "administrator."))}
    left = {key for key in left if not {key, key.removesuffix("_one")} & named and not dotted.fullmatch(key)}
    assert left == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_doctor_says_what_to_do_or_what_was_done_where_a_check_fails(language: Language) -> None:
    """A text that only states the fault stands alone: it has neither a second sentence nor the error's own."""
    failed = {key: text for key, text in table(language).items() if key.startswith("doctor.") and key.endswith("_bad")}
    assert len(failed) > 10
    alone = [key for key, text in failed.items() if "{reason}" not in text and not re.search(r"[.。；，](?!$)", text)]
    assert alone == []
