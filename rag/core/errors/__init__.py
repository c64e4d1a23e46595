"""Every error that a user can meet, as one tree. A leaf exists where a caller can react differently.

An error carries a key and fields, never prose: its words are in `rag/ui/en.toml` and `rag/ui/zh.toml` under that key,
and a test holds the three together.
"""

from rag.core.errors.base import *  # noqa: F403
from rag.core.errors.documents import *  # noqa: F403
from rag.core.errors.library import *  # noqa: F403
from rag.core.errors.models import *  # noqa: F403
from rag.core.errors.sign_in import *  # noqa: F403
