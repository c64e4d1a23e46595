"""Errors of chat and embedding models, and of their downloads and servers."""

from rag.core.errors.base import RagError


class ModelError(RagError):
    """No answer can be written; its quotes are shown without it."""


class ModelUnknown(ModelError, needs=("model",)):
    """No model of that name."""


class ModelPackageMissing(ModelError, needs=("model", "package")):
    """The package that runs it is not installed."""


class ModelNotOnDisk(ModelError, needs=("model",)):
    """Known, but not downloaded."""


class ModelRefused(ModelError, needs=("model", "reason")):
    """The file must not or cannot be loaded."""


class ModelLanguage(ModelError, needs=("model",)):
    """It cannot write the language of the question."""


class ModelNeedsGguf(ModelError, needs=("model", "reason", "instead")):
    """This format cannot run here; the same model in GGUF can."""


class LicenceNotAccepted(ModelError, needs=("model", "licence", "page")):
    """Its licence must be accepted before the download."""


class ModelNotAtSource(ModelError, needs=("model", "source")):
    """The model source does not have it."""


class NoRoomForModel(ModelError, needs=("model", "needed", "free", "folder")):
    """Not enough disk space."""


class DownloadRunning(ModelError, needs=("model",)):
    """It is being downloaded already."""


class DownloadFailed(ModelError, needs=("model", "source")):
    """The server does not answer, or the connection broke."""


class ModelUnreachable(ModelError, needs=("model",)):
    """Its server does not answer."""


class ServerBusy(ModelError, needs=("model",)):
    """Its server accepts no request at present."""


class ServerSlow(ModelError, needs=("model", "seconds")):
    """Its server sent nothing for longer than the limit."""


class ServerBroke(ModelError, needs=("model",)):
    """Its server broke off in the middle of an answer."""


class ModelDenied(ModelError, needs=("model",)):
    """Its server requires another token, or its licence to be accepted."""


class ModelDied(ModelError, needs=("model",)):
    """Its process ended while it was working."""


class ModelBusy(ModelError, needs=("waiting",)):
    """The queue is full."""


class EmbedderUnreachable(ModelError, needs=("model",)):
    """The embedding server does not answer, or is busy."""


class EmbedderRefused(ModelError, needs=("model", "reason")):
    """The embedding server returns no vectors, or unsuitable ones."""
