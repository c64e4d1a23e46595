"""The model at work: it writes from the quotes, tells how far it is, and stops when it is told to."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Final

from langchain_core.callbacks import BaseCallbackHandler, CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.language_models import BaseChatModel
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import RunnableConfig

from rag.chain import ConversationalRetrievalChain
from rag.errors import Cancelled
from rag.llms import News
from rag.llms.audience import NEWS, ChatHeard
from rag.llms.turns import Ticket
from rag.prompts import Budget, answer_prompt, budget_for, condense_prompt
from rag.text import reads, script_of
from rag.types import Progress, Quote

History = Sequence[tuple[str, str]]

# Characters before and after a quote that the model reads with it.
_AROUND: Final = 250


@dataclass(frozen=True, slots=True)
class Writer:
    """The model that writes, by the name that answers give it, the most tokens it writes, and its languages if known.

    A `narrow` one reads the best quote and nothing around it. What stands beside the answer leads a small model
    astray: of squad's questions the bundled one was right on 51 % with the best quote alone, 42 % with three.
    """

    name: str
    model: BaseChatModel
    answer_tokens: int = 256
    narrow: bool = False
    languages: tuple[str, ...] = ()

    def writes_as(self, question: str) -> bool:
        """Whether it can answer in the question's language, as far as its languages are known."""
        return not self.languages or script_of(question) != "cjk" or reads(self.languages, question)

    @contextmanager
    def in_line(self, owner: str, tell: Callable[[Progress], None]) -> Iterator[Ticket | None]:
        """Stand in the queue before the model, where it has one, while what it is to read is still being found."""
        turns = self.model.turns if isinstance(self.model, ChatHeard) else None
        if turns is None:
            yield None
            return
        with turns.stand(owner) as (ticket, place):
            if place:
                tell(Progress(place=place))
            yield ticket

    def write(
        self, question: str, quotes: tuple[Quote, ...], history: History, config: RunnableConfig
    ) -> Iterator[str]:
        """The text so far, with every piece that the model adds."""
        if self.narrow:
            quotes = tuple(replace(quote, before="", after="") for quote in quotes[:1])
        chain = ConversationalRetrievalChain.from_llm(
            self.model, QuoteRetriever(quotes=quotes), combine_docs_prompt=answer_prompt(self._budget), condense=False
        )
        text = ""
        for part in chain.stream({"question": question, "chat_history": history}, config):
            if piece := part.get("answer"):
                text += piece
                yield text

    def write_out(self, question: str, history: History, config: RunnableConfig) -> str:
        """A follow-up as a question of its own."""
        tagged: RunnableConfig = {**config, "tags": ["condense"]}
        message = self.model.invoke(condense_prompt(self._budget)(question, history), tagged)
        return message.text.strip() or question

    @property
    def _budget(self) -> Budget:
        """How much it can read; loads the model where that is not known before."""
        return budget_for(self.model, self.answer_tokens)


class QuoteRetriever(BaseRetriever):
    """Gives the quotes found for a question with a little of their surroundings, whatever it is asked.

    Quotes often stand close together; what they have around them in common is given once.
    """

    quotes: tuple[Quote, ...]

    def _get_relevant_documents(self, query: str, *, run_manager: CallbackManagerForRetrieverRun) -> list[Document]:
        return [_as_document(stretch) for stretch in stretches(self.quotes)]


def stretches(quotes: Sequence[Quote]) -> list[Quote]:
    """The quotes with their surroundings as stretches of their pages, nearest first; no two of them overlap."""
    wide = [(rank, _widened(quote)) for rank, quote in enumerate(quotes)]
    found: list[tuple[int, Quote]] = []
    for rank, quote in sorted(wide, key=lambda one: (one[1].document, one[1].page, one[1].start)):
        if found and _touch(found[-1][1], quote):
            best, last = found.pop()
            rank, quote = min(best, rank), _union(last, quote)
        found.append((rank, quote))
    return [quote for _, quote in sorted(found, key=lambda one: one[0])]


def _widened(quote: Quote) -> Quote:
    before, after = quote.before, quote.after
    if len(before) > _AROUND:
        before = re.sub(r"^\S*\s+", "", before[-_AROUND:], count=1)
    if len(after) > _AROUND:
        after = re.sub(r"\s+\S*$", "", after[:_AROUND], count=1)
    start, end = quote.start - len(before), quote.end + len(after)
    return replace(quote, text=before + quote.text + after, start=start, end=end, before="", after="")


def _touch(one: Quote, next_one: Quote) -> bool:
    return (one.document, one.page) == (next_one.document, next_one.page) and next_one.start <= one.end


def _union(one: Quote, next_one: Quote) -> Quote:
    """Both as one stretch, with the column heads of both."""
    text = one.text + next_one.text[one.end - next_one.start :]
    head = " ".join(filter(None, dict.fromkeys((one.head, next_one.head))))
    return replace(one, text=text, end=max(one.end, next_one.end), head=head)


class Listener(BaseCallbackHandler):
    """Passes the model's news on, and gives the question up when the user has stopped it."""

    raise_error = True

    def __init__(self, tell: Callable[[Progress], None], stopping: Callable[[], bool]) -> None:
        self._tell, self._stopping = tell, stopping

    def on_custom_event(self, name: str, data: Any, **_: Any) -> None:
        if name == NEWS:
            news: News = data
            if news.stage == "waiting":
                self._tell(Progress(place=news.at))
            elif news.stage in ("loading", "reading"):
                self._tell(Progress(prompt=news.at / news.of if news.of else 0.0))
        if self._stopping():
            raise Cancelled

    def on_llm_new_token(self, *_: Any, **__: Any) -> None:
        if self._stopping():
            raise Cancelled


def _as_document(quote: Quote) -> Document:
    """A stretch with the column heads of its rows, unless they stand in it, as the model reads it."""
    text, head = " ".join(quote.text.split()), " ".join(quote.head.split())
    return Document(
        page_content=text if head in text else f"{head} {text}",
        metadata={
            "source": quote.address or quote.name,
            "document": quote.document,
            "page": quote.page,
            "label": quote.label,
            "start": quote.start,
            "end": quote.end,
            "score": quote.score,
        },
    )
