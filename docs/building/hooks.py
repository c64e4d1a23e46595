"""MkDocs hooks: adds the reference, and the project's own Markdown and files that the pages link to."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

from mkdocs.structure.files import File, Files

from docs.building import examples, measured, reference

PROJECT: Final = Path(__file__).resolve().parents[2]
_PAGES: Final = ("ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "bench/*.md")
_LINKED: Final = ("bench/*.svg", "compose.yaml", "Dockerfile", "deploy/*", "LICENSE", "NOTICE")
_LINK: Final = re.compile(r"(?<=\]\()(?!\w++:)([^()\s]++)(?=\))")


def on_files(files: Files, config: Any) -> Files:
    """Add what does not lie in docs/, under the path that it has in the project."""
    for pattern in (*_PAGES, *_LINKED):
        for path in sorted(PROJECT.glob(pattern)):
            place = path.relative_to(PROJECT).as_posix()
            files.append(File.generated(config, place, content=path.read_bytes()))
    for place, text in {**reference.pages(), **examples.pages()}.items():
        files.append(File.generated(config, place, content=text))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Lead links where their target lies on the site: there docs/ and the project's folder are one."""
    source = page.file.src_uri
    markdown = measured.filled_in(markdown)
    if (PROJECT / "docs" / source).is_file():
        up = "../" * source.count("/")
        return _LINK.sub(lambda link: _inside(link[1], up), markdown)
    return _LINK.sub(lambda link: re.sub(r"^((?:\.\./)*+)docs/", r"\1", link[1]), markdown)


def _inside(link: str, up: str) -> str:
    return link.replace(f"{up}../", up, 1) if link.startswith(f"{up}../") else link
