"""A picture of a page becomes words with their places and certainties, by RapidOCR's models, which its wheel holds.

The picture is put upright first: turned by quarters as its lines run, and its skew taken out. All places are those of
the upright page; the recognition says how to come back.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt
from rapidocr import RapidOCR
from rapidocr.ch_ppocr_rec.typings import WordInfo, WordType

from rag.core.types import Recognition, SeenWord
from rag.ingestion.loading.ocr_rules import rules_on

Picture = npt.NDArray[np.uint8]  # height, width, blue-green-red
Matrix = npt.NDArray[np.float64]  # of two rows: where a point goes

# Lines are found on a picture whose longer side has so many pixels, and read from the whole one.
_FINDING_SIDE: Final = 1280
# A box so much higher than wide is a line that runs upwards; below that it may be a single letter.
_RUNS_UP: Final = 2.5
_CROPPED_TURNED: Final = 1.5  # RapidOCR turns what is higher
# Boxes that are so much wider than high tell how much the page is askew, in degrees from which on it is put right.
_LONG: Final = 5
_SKEW: Final = 0.3
_MOST_SKEW: Final = 20
# So many lines are asked whether they stand on their heads.
_ASKED: Final = 8
_PIECE: Final = 5  # of each a piece so many times wider than high
# Of the frame around a line, that its letters take up, by the boxes of the pages that tests draw: of others 67 of 67
# boxes have 0.7 in common with the text's own (docs/ocr.md). And of this, how much it may rise by chance.
_LETTERS: Final = 0.9
_LEVEL: Final = 0.15
# What is less certain is no text.
_LEAST_CERTAINTY: Final = 0.5


class Engine:
    """The models, loaded once. `threads` are used for one page."""

    def __init__(self, threads: int) -> None:
        options = {
            "Global.log_level": "critical",
            "Global.return_word_box": True,
            "EngineConfig.onnxruntime.intra_op_num_threads": threads,
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
            "Det.limit_type": "max",
            "Det.limit_side_len": _FINDING_SIDE,
            # One after the other: lines of one length are rare, and what is filled up costs as much as text.
            "Rec.rec_batch_num": 1,
        }
        self._ocr = RapidOCR(params=options)

    def warm_up(self) -> None:
        """Load the models."""
        picture = np.full((64, 320, 3), 255, np.uint8)
        cv2.putText(picture, "Footnote", (10, 45), cv2.FONT_HERSHEY_SIMPLEX, 1.4, (0, 0, 0), 2)
        crops, _ = self._lines(picture)
        self._ocr.cls_and_rotate(crops)
        self._ocr.recognize_txt(crops)

    def read(self, picture: Picture, points: float, unit: float) -> Recognition:
        """The words of a picture. `points`, `unit`: how many points, and units of the page, a pixel is."""
        upright, to_upright, crops, boxes = self._put_upright(picture)
        height, width = upright.shape[:2]
        back = cv2.invertAffineTransform(to_upright) * unit
        a, c, e, b, d, f = (float(value) for value in back.flatten())
        lines: list[tuple[SeenWord, ...]] = []
        if crops:
            found = self._ocr.recognize_txt(crops)
            for box, text, certainty, info in zip(
                boxes, found.txts or (), found.scores, found.word_results, strict=True
            ):
                if certainty >= _LEAST_CERTAINTY and text.strip():
                    lines.append(tuple(_words(box, text, info, points)))
        return Recognition(
            width * points,
            height * points,
            (a / points, b / points, c / points, d / points, e, f),
            tuple(_from_above(line for line in lines if line)),
            rules_on(upright, points),
        )

    def _put_upright(self, picture: Picture) -> tuple[Picture, Matrix, list[Picture], npt.NDArray[Any]]:
        """The picture put upright, the matrix that does it, its lines and where they stand."""
        matrix = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
        crops, boxes = self._lines(picture)
        turned, turn = _turned(picture, boxes)
        if turn is not None:
            picture, matrix = turned, turn
            crops, boxes = self._lines(picture)
        if self._on_head(crops, boxes):
            height, width = picture.shape[:2]
            half = np.array([[-1.0, 0.0, width - 1.0], [0.0, -1.0, height - 1.0]])
            picture, matrix = np.ascontiguousarray(picture[::-1, ::-1]), _after(matrix, half)
            crops, boxes = self._lines(picture)
        skew = _skew(boxes)
        if abs(skew) > _SKEW:
            picture, straight = _straightened(picture, skew)
            matrix = _after(matrix, straight)
            crops, boxes = self._lines(picture)
        return picture, matrix, crops, boxes

    def _lines(self, picture: Picture) -> tuple[list[Picture], npt.NDArray[Any]]:
        """The lines found on a picture, cut out, and their corners (n, 4, 2)."""
        from rapidocr.main import RapidOCRError

        record: dict[str, Any] = {}
        try:
            crops, found = self._ocr.detect_and_crop(picture, record)
        except RapidOCRError:
            return [], np.zeros((0, 4, 2))
        boxes = np.array(found.boxes, np.float64) - [record["padding_1"]["left"], record["padding_1"]["top"]]
        width, height = _sizes(boxes)
        for number in np.nonzero((height >= _CROPPED_TURNED * width) & (height < _RUNS_UP * width))[0]:
            crops[number] = np.ascontiguousarray(np.rot90(crops[number], -1))
        return crops, boxes

    def _on_head(self, crops: Sequence[Picture], boxes: npt.NDArray[Any]) -> bool:
        """Whether the lines stand on their heads, by the longest of them."""
        if not len(crops):
            return False
        longest = np.argsort(-_sizes(boxes)[0])[:_ASKED]
        # A piece of each: the classifier squeezes what it is shown to one width, and mistakes long lines.
        pieces = [crops[number][:, : _PIECE * crops[number].shape[0]] for number in longest]
        _, said = self._ocr.cls_and_rotate(pieces)
        turned = sum(label == "180" for label, _ in said.cls_res or ())
        if turned * 2 <= len(pieces):
            return False
        around = [np.ascontiguousarray(piece[::-1, ::-1]) for piece in pieces]
        as_is, other = (self._ocr.recognize_txt(some) for some in (pieces, around))
        return bool(np.mean(other.scores) > np.mean(as_is.scores))


def _sizes(boxes: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """How wide and how high the boxes are."""
    return np.linalg.norm(boxes[:, 1] - boxes[:, 0], axis=1), np.linalg.norm(boxes[:, 3] - boxes[:, 0], axis=1)


def _turned(picture: Picture, boxes: npt.NDArray[Any]) -> tuple[Picture, Matrix | None]:
    """A picture whose lines run upwards or downwards, turned by a quarter; which of the two is asked later."""
    width, height = _sizes(boxes)
    up = height >= _RUNS_UP * width
    if height[up].sum() <= width[~up].sum():
        return picture, None
    quarter = np.array([[0.0, 1.0, 0.0], [-1.0, 0.0, picture.shape[1] - 1.0]])
    return np.ascontiguousarray(np.rot90(picture)), quarter


def _skew(boxes: npt.NDArray[Any]) -> float:
    """By how many degrees most of the long lines go down to the right."""
    width, height = _sizes(boxes)
    long = boxes[width >= _LONG * height]
    if not len(long):
        return 0.0
    along = long[:, 1] - long[:, 0]
    skew = float(np.median(np.degrees(np.arctan2(along[:, 1], along[:, 0]))))
    return skew if abs(skew) <= _MOST_SKEW else 0.0


def _straightened(picture: Picture, skew: float) -> tuple[Picture, Matrix]:
    """A picture turned back by its skew, on paper as large as that takes."""
    height, width = picture.shape[:2]
    matrix = np.array(cv2.getRotationMatrix2D((width / 2, height / 2), skew, 1.0), np.float64)
    cos, sin = abs(math.cos(math.radians(skew))), abs(math.sin(math.radians(skew)))
    wide, high = math.ceil(width * cos + height * sin), math.ceil(width * sin + height * cos)
    matrix[:, 2] += np.array([(wide - width) / 2, (high - height) / 2])
    straight = cv2.warpAffine(picture, matrix, (wide, high), flags=cv2.INTER_CUBIC, borderValue=(255, 255, 255))
    return np.asarray(straight, np.uint8), matrix


def _after(first: Matrix, then: Matrix) -> Matrix:
    whole = np.vstack([then, [0.0, 0.0, 1.0]]) @ np.vstack([first, [0.0, 0.0, 1.0]])
    return np.asarray(whole[:2], np.float64)


def _words(box: npt.NDArray[Any], text: str, info: WordInfo, points: float) -> Iterator[SeenWord]:
    """The words of a line with their places on it, which its letters' columns tell."""
    # A line may still go up or down a little: each word stands at the height of its own place.
    (left, first), (right, last_middle) = (box[0] + box[3]) / 2, (box[1] + box[2]) / 2
    height = _LETTERS * float(np.linalg.norm(box[3] - box[0]) + np.linalg.norm(box[2] - box[1])) / 2
    if abs(last_middle - first) < _LEVEL * height:
        first = last_middle = (first + last_middle) / 2
    letters = [(character, conf) for character, conf in zip(text, info.confs, strict=False) if character.strip()]
    spaces = _spaces_after(text)
    columns = max(1.0, float(info.line_txt_len))
    half = _half_letter(info, len(text), columns)
    place, last = 0, 0.0
    starts = [word[0] for word in info.word_cols[1:]] + [math.inf]
    for word, cols, kind, following in zip(info.words, info.word_cols, info.word_types, starts, strict=True):
        seen = letters[place : place + len(word)]
        place += len(word)
        own = (cols[-1] - cols[0]) / (len(cols) - 1) / 2 if len(cols) > 1 else half
        begin = max(last, (cols[0] + 0.5 - own) / columns)
        end = min((cols[-1] + 0.5 + own) / columns, (cols[-1] + following + 1) / 2 / columns, 1.0)
        last = max(begin, end)
        middle = float(first + (begin + last) / 2 * (last_middle - first))
        # The model leaves out the space where a gap is wide.
        apart = place in spaces or (kind is not WordType.CN and following - cols[-1] > 4 * own + 1)
        yield SeenWord(
            "".join(character for character, _ in seen),
            round(float(left + begin * (right - left)) * points, 2),
            round((middle - height / 2) * points, 2),
            round(float(left + last * (right - left)) * points, 2),
            round((middle + height / 2) * points, 2),
            round(100 * min((conf for _, conf in seen), default=0.0)),
            apart and following < math.inf,
        )


def _from_above(lines: Iterable[tuple[SeenWord, ...]]) -> Iterator[tuple[SeenWord, ...]]:
    """The lines from the top down, those at one height from the left."""
    row: list[tuple[SeenWord, ...]] = []
    for line in sorted(lines, key=lambda line: line[0].top + line[0].bottom):
        if row and line[0].top + line[0].bottom > 2 * row[0][0].bottom:
            yield from sorted(row, key=lambda line: line[0].left)
            row = []
        row.append(line)
    yield from sorted(row, key=lambda line: line[0].left)


def _spaces_after(text: str) -> set[int]:
    """After how many letters of a line there are spaces."""
    found: set[int] = set()
    count = 0
    for character in text:
        if character.isspace():
            found.add(count)
        else:
            count += 1
    return found


def _half_letter(info: WordInfo, letters: int, columns: float) -> float:
    """Half the width of a letter on the line, in columns."""
    steps = [after - before for cols in info.word_cols for before, after in pairwise(cols)]
    return (sum(steps) / len(steps) if steps else columns / max(1, letters)) / 2
