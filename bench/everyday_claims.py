"""Are plain true sentences about everyday documents supported, and plain false ones not?

    python bench/everyday_claims.py [a b c d] [--show] [--model FILE.gguf]

`bench/everyday_claims/` holds invented documents (rules, contracts, minutes, manuals, sheets, notices; English, Chinese
and German) with claims about them that were written down before any was judged. `a`, `b` and `c` were looked at while
verdicts were mended, `d` after that, once its first figures were in bench/verdicts.md. Each claim is held against all
documents of its folder.

`--model`: of the claims that are supported, those to which that model answers "yes" rather than "no", shown the
sentences that the claim was held against; by the difference of the two logits.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from rag.answering.text_evidence import said_in_documents
from rag.answering.verification import verify
from rag.core.types import Quote, Sentence
from rag.ingestion.loading import load_bytes
from rag.models.judges import open_judge

FOLDER: Final = Path(__file__).with_name("everyday_claims")
CLAIMS: Final = "claims.tsv"
VERDICTS: Final = ("supported", "partly", "unsupported")
# Differences of the logits at which answers of a model are counted.
STEPS: Final = (0.0, 0.5, 0.75, 1.0, 1.5)


@dataclass(frozen=True)
class Judged:
    """A claim, whether it is true, its verdict, and the quotes that it was held against."""

    true: bool
    sentence: Sentence
    quotes: tuple[Quote, ...]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="*", default=sorted(each.name for each in FOLDER.iterdir() if each.is_dir()))
    parser.add_argument("--show", action="store_true", help="print the wrong verdicts")
    parser.add_argument("--model", type=Path, help="a GGUF file")
    chosen = parser.parse_args()
    print(f"| folder | claims | number | {' | '.join(VERDICTS)} |\n|---|---|---|{'---|' * len(VERDICTS)}")
    for name in chosen.folders:
        found = list(judged(FOLDER / name))
        report(name, found)
        if chosen.show:
            show(found)
        if chosen.model:
            asked(chosen.model, [one for one in found if one.sentence.verdict == "supported"])


def judged(folder: Path) -> Iterator[Judged]:
    judge = open_judge()
    files = sorted(file for file in folder.iterdir() if file.name != CLAIMS)
    said = said_in_documents([load_bytes(file.read_bytes(), file.name) for file in files])
    for line in (folder / CLAIMS).read_text(encoding="utf-8").splitlines():
        label, claim = line.split("\t")
        sentences, quotes = verify(claim, "", [], said, judge=judge)
        yield Judged(label == "true", sentences[0], tuple(quotes[place] for place in sentences[0].quotes))


def report(name: str, found: Sequence[Judged]) -> None:
    for true in (True, False):
        counts = Counter(one.sentence.verdict for one in found if one.true == true)
        figures = " | ".join(str(counts[verdict]) for verdict in VERDICTS)
        print(f"| {name} | {'true' if true else 'false'} | {counts.total()} | {figures} |")


def show(found: Sequence[Judged]) -> None:
    for one in found:
        if one.sentence.verdict != ("supported" if one.true else "unsupported"):
            print(f"{'true' if one.true else 'false'} → {one.sentence.verdict}: {one.sentence.text}")


def asked(model: Path, found: Sequence[Judged]) -> None:
    """Print how many of these claims a chat model says yes to."""
    answers = [(one.true, difference) for one, difference in zip(found, differences(model, found), strict=True)]
    for step in STEPS:
        kept = Counter(true for true, difference in answers if difference >= step)
        print(f"yes by {step} or more: {kept[True]} true and {kept[False]} false of those supported")


def differences(model: Path, found: Sequence[Judged]) -> Iterator[float]:
    """How much larger the logit of "Yes" is than that of "No"."""
    import numpy as np
    from llama_cpp import Llama

    llama = Llama(str(model), n_ctx=2048, n_threads=1, verbose=False)
    yes, no = (llama.tokenize(word.encode(), add_bos=False)[0] for word in ("Yes", "No"))
    for one in found:
        said = "\n".join(" ".join(f"{quote.head} {quote.text}".split()) for quote in one.quotes)
        prompt = (
            "<|im_start|>system\nYou check statements against text. Answer only Yes or No.<|im_end|>\n"
            f"<|im_start|>user\nText:\n{said}\n\nStatement: {one.sentence.text}\n\nAccording to the text, is the "
            "statement correct? Answer Yes or No.<|im_end|>\n<|im_start|>assistant\n"
        )
        llama.reset()
        llama.eval(llama.tokenize(prompt.encode(), add_bos=False, special=True))
        logits = np.ctypeslib.as_array(llama._ctx.get_logits(), shape=(llama.n_vocab(),))
        yield float(logits[yes] - logits[no])


if __name__ == "__main__":
    main()
