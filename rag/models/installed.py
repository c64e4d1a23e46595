"""The models of this machine, for the Models page and the command line: installed, fitting, selected."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from rag.core.errors import ModelNotAtSource, ModelPackageMissing, ModelUnknown, SettingsInvalid
from rag.models.catalogue import MODELS, Kind, Model, choose, locate
from rag.models.catalogue.downloads import pull
from rag.models.catalogue.hardware_fit import Fit, Machine, Speed, fit, machine, read_speeds, write_speeds
from rag.models.catalogue.imports import take_in
from rag.models.catalogue.known_models import unlisted
from rag.models.catalogue.models_folder import IMPORTS, Installed, described, installed, remove, verify, waiting
from rag.models.catalogue.packed_weights import package_file, unpack
from rag.models.catalogue.sources import NO_SOURCE, Source, source_for
from rag.models.catalogue.transfers import OnProgress, ignore, never

# The bundled model, whose throughput is measured to estimate that of others.
MEASURED = "smollm2-135m-instruct"
_WRITERS: tuple[Kind, ...] = ("gguf", "transformers")
# The selected model is recorded in the data folder, measured speeds in the models folder.
_CHOSEN = "model.chosen"
_SPEEDS = ".speeds.json"


@dataclass(frozen=True, slots=True)
class Entry:
    """A model on this machine: `here` is None where it is not installed; `size` and `memory` are in bytes."""

    name: str
    kind: Kind
    model: Model | None
    here: Installed | None
    fit: Fit
    size: int | None
    memory: int | None

    @property
    def writes(self) -> bool:
        return self.kind in _WRITERS

    @property
    def called(self) -> str:
        """The name by which it is selected as the chat model."""
        return f"hf:{self.name}" if self.kind == "transformers" else self.name


@dataclass(frozen=True)
class InstalledModels:
    """The models folder and its operations. `source` is RAG_MODEL_SOURCE, `state` the data folder, `offered` the models
    that may be selected besides installed ones."""

    folder: Path
    state: Path
    source: str = "hub"
    intranet: Collection[str] = ()
    context_tokens: int = 4096
    offered: Collection[str] = field(default=())

    def entries(self) -> list[Entry]:
        """The catalogue's rows, then unlisted models, each rated for this machine."""
        here, speeds = machine(), self.speeds()
        existing = {entry.name: entry for entry in installed([self.folder])}
        rows = [self._entry(model, existing.pop(model.name, None), here, speeds) for model in MODELS]
        return rows + [self._entry(item.model, item, here, speeds) for item in existing.values()]

    def entry(self, called: str) -> Entry | None:
        """The model selected by this name; None where there is none."""
        return next((entry for entry in self.entries() if entry.called == called), None)

    def pull(
        self,
        name: str,
        *,
        accepted: bool = False,
        on_progress: OnProgress = ignore,
        cancelled: Callable[[], bool] = never,
    ) -> Path:
        """Download a model from the configured source, unless it is installed.

        Raises:
            ModelUnknown: neither a catalogue name nor a repository.
            ModelPackageMissing: its weights come in a Python package that is not installed.
            ModelError, AddressError, Cancelled: as `rag.models.catalogue.downloads.pull`.
        """
        model = described(name)
        if model is None:
            raise ModelUnknown(model=name)
        if existing := locate(model.name, [self.folder]):
            return existing
        self.folder.mkdir(parents=True, exist_ok=True)
        if model.packed and model.package:
            if package_file(model) is None:
                raise ModelPackageMissing(model=model.name, package=model.package)
            return unpack(model, self.folder)
        if self.source.startswith(("/", "~", ".")):
            return self._from_folder(model, Path(self.source).expanduser(), on_progress, cancelled)
        source = self._source(model)
        return pull(model, self.folder, source, accepted=accepted, on_progress=on_progress, cancelled=cancelled)

    def take_in(
        self,
        path: Path,
        *,
        move: bool = False,
        on_progress: OnProgress = ignore,
        cancelled: Callable[[], bool] = never,
    ) -> str:
        return take_in(path, self.folder, move=move, on_progress=on_progress, cancelled=cancelled)

    def verify(self, name: str) -> dict[str, str]:
        """Compare each file of a model with its pinned hash: ok, changed, missing, or not_recorded."""
        return dict(verify(name, [self.folder]))

    def remove(self, name: str, *, forget: bool = False) -> int:
        """Remove a model from the models folder; the bytes freed."""
        return remove(name, self.folder, forget=forget)

    def waiting(self) -> list[Path]:
        """What is in the imports subfolder."""
        return waiting(self.folder)

    @property
    def imports(self) -> Path:
        return self.folder / IMPORTS

    def choices(self) -> list[str]:
        """The chat models that may be selected: installed ones, and those the administrator has configured.

        Remote models (`openai:`, `hub:`) send text off the machine and `custom:` runs code, so only the administrator
        can add them.
        """
        local = [entry.called for entry in self.entries() if entry.here and entry.writes]
        return list(dict.fromkeys([*self.offered, *local]))

    @property
    def chosen(self) -> str:
        """The selected chat model; "" where none is, or it may no longer be selected."""
        try:
            name = (self.state / _CHOSEN).read_text("utf-8").strip()
        except (OSError, ValueError):
            return ""
        return name if name in self.choices() else ""

    def choose(self, name: str) -> None:
        """Select the chat model.

        Raises:
            ModelUnknown: it may not be selected.
        """
        if name not in self.choices():
            raise ModelUnknown(model=name)
        self.state.mkdir(parents=True, exist_ok=True)
        new = self.state / f"{_CHOSEN}.{os.getpid()}.new"
        new.write_text(name, "utf-8")
        new.replace(self.state / _CHOSEN)

    def speeds(self) -> dict[str, Speed]:
        """Throughput measured on this machine, by model."""
        return read_speeds(self.folder / _SPEEDS, machine())

    def note(self, name: str, speed: Speed) -> None:
        """Save a model's throughput, if the folder is writable."""
        with suppress(OSError):
            write_speeds(self.folder / _SPEEDS, machine(), {**self.speeds(), name: speed})

    def measure(self, stopping: Callable[[], None] = lambda: None) -> None:
        """Measure this machine with the bundled model (a few seconds), unless that was done before.

        Raises:
            ModelError: that model is not installed, or does not run.
        """
        if MEASURED in self.speeds():
            return
        from rag.models.llms.process import ModelProcess
        from rag.models.llms.speed_probe import measure

        choice = choose(MEASURED)
        process = ModelProcess(choice.path, MEASURED, context_tokens=2048, sha256=choice.sha256)
        try:
            if speed := measure(process, stopping):
                self.note(MEASURED, speed)
        finally:
            process.close()

    def _entry(self, model: Model | None, item: Installed | None, here: Machine, speeds: dict[str, Speed]) -> Entry:
        source = item or model
        assert source is not None
        name, kind, size = source.name, source.kind, source.size
        row = model or unlisted(name, kind, context=self.context_tokens)
        memory = replace(row, size=size).memory(self.context_tokens)
        known = speeds if kind in _WRITERS else {}
        return Entry(
            name, kind, model, item, fit(memory, size, here, known.get(MEASURED), known.get(name)), size, memory
        )

    def _source(self, model: Model) -> Source:
        if self.source == NO_SOURCE:
            raise ModelNotAtSource(model=model.name, source="RAG_MODEL_SOURCE=none")
        from huggingface_hub import get_token

        token = os.environ.get("HUGGINGFACEHUB_API_TOKEN") or get_token()
        return source_for(self.source, self.intranet, token)

    def _from_folder(self, model: Model, place: Path, on_progress: OnProgress, cancelled: Callable[[], bool]) -> Path:
        if not place.is_dir():
            raise SettingsInvalid(setting="RAG_MODEL_SOURCE", problem=str(place))
        found = locate(model.name, [place])
        if found is None:
            raise ModelNotAtSource(model=model.name, source=str(place))
        name = take_in(found, self.folder, on_progress=on_progress, cancelled=cancelled)
        installed_at = locate(name, [self.folder])
        assert installed_at is not None
        return installed_at
