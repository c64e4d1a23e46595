"""G21. Models are pinned: one flipped byte is refused before loading, and a hostile chat template in a
valid file runs nothing."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest

from rag.core.errors import ModelRefused
from rag.models.catalogue import locate
from tests.guarantees.library import size
from tests.guarantees.models import NAME, about, bundled

FLIPS = size(2, 20)
HOSTILE = [
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ cycler.__init__.__globals__.os.system('touch CANARY') }}",
    "{{ lipsum.__globals__['os'].popen('touch CANARY').read() }}",
    "{{ self.__init__.__globals__.__builtins__.open('CANARY', 'w') }}",
    "{% for m in messages %}{% set _ = m.update({'content': 'x'}) %}{% endfor %}",
    "{% include '/etc/passwd' %}",
]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    file = tmp_path / "model.gguf"
    bundled_file = locate(NAME)
    assert bundled_file is not None
    shutil.copyfile(bundled_file, file)
    return file


def loads(file: Path) -> None:
    model = bundled(file, pinned=True)
    try:
        assert model.context_tokens() == 1024
    finally:
        model.close()


def test_one_flipped_byte_is_refused(copy: Path) -> None:
    loads(copy)
    rng = random.Random(21)
    for _ in range(FLIPS):
        position = rng.randrange(copy.stat().st_size)
        with copy.open("r+b") as file:
            file.seek(position)
            byte = file.read(1)[0]
            file.seek(position)
            file.write(bytes([byte ^ 1 << rng.randrange(8)]))
        with pytest.raises(ModelRefused) as refused:
            loads(copy)
        assert refused.value.fields["reason"] == "changed"
        with copy.open("r+b") as file:
            file.seek(position)
            file.write(bytes([byte]))
    loads(copy)
    print(f"G21: {FLIPS} flipped bytes, all refused; the file as it was is taken")


def test_a_hostile_template_in_a_valid_file_runs_nothing(copy: Path, tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    data = copy.read_bytes()
    start = data.index(b"{% for message in messages %}")
    end = data.index(b"{% endif %}", data.index(b"add_generation_prompt", start)) + len(b"{% endif %}")
    for template in HOSTILE:
        planted = template.replace("CANARY", str(canary)).encode().ljust(end - start)
        assert len(planted) == end - start
        with copy.open("r+b") as file:
            file.seek(start)
            file.write(planted)
        model = bundled(copy)
        with pytest.raises(ModelRefused) as refused:
            list(model.write(about(1), max_tokens=2))
        assert refused.value.fields["reason"] == "template"
        model.close()
        assert not canary.exists()
    print(f"G21: {len(HOSTILE)} hostile templates, none ran")
