"""Model sources: the Hugging Face hub, a mirror of it, or ModelScope.

huggingface_hub is not used for downloads: it opens connections of its own, partly outside of Python, and does not
verify hashes. Here every byte comes through `rag.network`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import quote, urlsplit

from rag.core.errors import AddressError, DownloadFailed, ModelDenied, ModelNotAtSource, ModelRefused, SettingsInvalid
from rag.models.catalogue.known_models import Model
from rag.network import Opened, opened, patient

HUB = "https://huggingface.co"
MODELSCOPE = "https://modelscope.cn"
NO_SOURCE = "none"

_REPO = re.compile(r"[\w.-]+/[\w.-]+")
# A listing is a few kilobytes.
_MAX_LISTING = 4 * 2**20
# Files that are downloaded: no pickles, no weights of other runtimes, no code.
_WANTED = re.compile(r"([\w-][\w.-]*/){0,2}[\w-][\w.-]*\.(safetensors|json|txt|model|jinja)")
_SKIPPED_FOLDERS = re.compile(r"(onnx|openvino|coreml|original|assets|imgs?|runs)/")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_PICKLED = re.compile(r".*\.(bin|pt|pth|ckpt|pkl)")


@dataclass(frozen=True, slots=True)
class Remote:
    """A file at the source, with the hash that the source states: `sha256`, or `blob` (git's blob
    hash) for small files."""

    path: str
    size: int
    sha256: str | None = None
    blob: str | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """A model source. `token` is sent to the hub itself, never to a mirror."""

    kind: Literal["hub", "modelscope"]
    endpoint: str
    intranet: Collection[str] = ()
    token: str | None = field(default=None, repr=False)
    quiet_seconds: float = 30

    @property
    def host(self) -> str:
        return urlsplit(self.endpoint).netloc

    def files(self, model: Model) -> list[Remote]:
        """The files that a model needs, as the server lists them.

        Raises:
            ModelNotAtSource: the server does not have it.
            ModelRefused: its files could carry code, or are no model.
            ModelDenied, DownloadFailed
        """
        if not _REPO.fullmatch(model.repo):
            raise ModelNotAtSource(model=model.name, source=self.host)
        listed = self._listed(model)
        if model.file:
            found = [file for file in listed if file.path == model.file]
            if not found:
                raise ModelNotAtSource(model=model.name, source=self.host)
            return found
        wanted = [file for file in listed if _WANTED.fullmatch(file.path) and not _SKIPPED_FOLDERS.match(file.path)]
        if not any(file.path.endswith(".safetensors") and "/" not in file.path for file in wanted):
            pickled = any(_PICKLED.fullmatch(file.path) for file in listed)
            raise ModelRefused(model=model.name, reason="pickle" if pickled else "not_a_model")
        return wanted

    @contextmanager
    def open(self, model: Model, path: str, start: int = 0, *, look: Callable[[], None] = patient) -> Iterator[Opened]:
        """Open a file from byte `start` on: status 206, or 200 from the beginning where the server ignores the range.

        `look` is called every second in which nothing arrives, and may raise to cancel.

        Raises:
            ModelDenied, ModelNotAtSource, DownloadFailed, AddressError
        """
        revision = "main" if self.kind == "hub" else "master"
        stem = model.repo if self.kind == "hub" else f"models/{model.repo}"
        with self._ask(model, f"/{stem}/resolve/{revision}/{quote(path)}", start, look) as answer:
            yield answer

    def _listed(self, model: Model) -> list[Remote]:
        if self.kind == "hub":
            path, read = f"/api/models/{model.repo}/tree/main?recursive=true", _from_hub
        else:
            path, read = f"/api/v1/models/{model.repo}/repo/files?Revision=master&Recursive=true", _from_modelscope
        try:
            with self._ask(model, path, 0) as answer:
                body = bytearray()
                for piece in answer.pieces:
                    body += piece
                    if len(body) > _MAX_LISTING:
                        raise DownloadFailed(model=model.name, source=self.host)
            return [file for entry in read(json.loads(body)) if (file := _checked(entry))]
        except (AddressError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise DownloadFailed(model=model.name, source=self.host) from error

    @contextmanager
    def _ask(self, model: Model, path: str, start: int, look: Callable[[], None] = patient) -> Iterator[Opened]:
        headers = {"Range": f"bytes={start}-"} if start else {}
        if self.token and self.endpoint == HUB:
            headers["Authorization"] = f"Bearer {self.token}"
        address = f"{self.endpoint}{path}"
        with opened(
            address, intranet=self.intranet, headers=headers, quiet_seconds=self.quiet_seconds, look=look
        ) as answer:
            if answer.status in (401, 403):
                raise ModelDenied(model=model.name)
            if answer.status == 404:
                raise ModelNotAtSource(model=model.name, source=self.host)
            if answer.status not in (200, 206, 416):
                raise DownloadFailed(model=model.name, source=self.host)
            yield answer


def source_for(setting: str, intranet: Collection[str] = (), token: str | None = None) -> Source:
    """The source for RAG_MODEL_SOURCE: `hub`, `modelscope`, or the URL of a mirror of the hub (`modelscope+` before it
    for one of ModelScope). A mirror may be on a private network.

    Raises:
        SettingsInvalid: none of these.
    """
    if setting == "hub":
        return Source("hub", HUB, intranet, token)
    if setting == "modelscope":
        return Source("modelscope", MODELSCOPE, intranet)
    kind: Literal["hub", "modelscope"] = "modelscope" if setting.startswith("modelscope+") else "hub"
    parts = urlsplit(setting.removeprefix("modelscope+"))
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username is not None:
        raise SettingsInvalid(setting="RAG_MODEL_SOURCE", problem=setting)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    endpoint = f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"
    return Source(kind, endpoint, (*intranet, f"{host}:{port}"))


def _from_hub(listing: Any) -> Iterator[Remote]:
    for entry in listing:
        if entry["type"] == "file":
            large = entry.get("lfs")
            yield Remote(
                entry["path"], entry["size"], large["oid"] if large else None, None if large else entry.get("oid")
            )


def _from_modelscope(listing: Any) -> Iterator[Remote]:
    for entry in listing["Data"]["Files"]:
        if entry["Type"] == "blob":
            yield Remote(entry["Path"], entry["Size"], entry.get("Sha256") or None)


def _checked(file: Remote) -> Remote | None:
    """The file, if its metadata is valid; None for a path that leaves the folder. Raises ValueError."""
    if not isinstance(file.path, str) or any(part in ("", ".", "..") for part in file.path.split("/")):
        return None
    if not isinstance(file.size, int) or file.size < 0:
        raise ValueError(file.path)
    if file.sha256 is not None and not _SHA256.fullmatch(file.sha256):
        raise ValueError(file.path)
    return file
