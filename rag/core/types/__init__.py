"""The data types that the wings exchange: frozen records without behaviour.

Offsets (`start`, `end`) are character positions in the text of one page: `page.text[start:end]` is exactly the text
that a chunk, a passage or a quote shows.
"""

from rag.core.types.answers import *  # noqa: F403
from rag.core.types.checks import *  # noqa: F403
from rag.core.types.documents import *  # noqa: F403
from rag.core.types.ocr import *  # noqa: F403
from rag.core.types.pages import *  # noqa: F403
from rag.core.types.people import *  # noqa: F403
