"""What a document is made of."""

import unicodedata
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Align = Literal["left", "centre", "right"]
_LONGEST = 20_000
"""Characters; what a room writes in one piece is far shorter."""


@dataclass(frozen=True, kw_only=True)
class Heading:
    """A heading: ``level`` 0 is the document's title, 1 a section (一、), 2 a part (（一）),
    3 a point of it (1.).
    """

    text: str
    level: Literal[0, 1, 2, 3] = 1


@dataclass(frozen=True, kw_only=True)
class Paragraph:
    """Running text; a line break begins a paragraph of its own. ``lead`` stands out before it.

    ``small`` is for notes about the document rather than its words.
    """

    text: str
    lead: str = ""
    align: Align = "left"
    indent: bool = True
    small: bool = False


@dataclass(frozen=True, kw_only=True)
class Listing:
    """Points, each numbered 1. 2. 3."""

    points: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column of a table; ``share`` is its width in relation to the others."""

    heading: str
    share: float
    align: Align = "left"


@dataclass(frozen=True, kw_only=True)
class Table:
    """Rows under headings that are repeated on every page."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, kw_only=True)
class Signatures:
    """Lines to sign on, kept together: what stands before each."""

    lines: tuple[str, ...]


Block = Heading | Paragraph | Listing | Table | Signatures


@dataclass(frozen=True, kw_only=True)
class Paper:
    """A whole document. ``mark`` is laid under every page, as 草稿 is under a draft.

    ``title`` names the file for those who look it up; ``written_at`` is what it says about
    its own date.
    """

    title: str
    blocks: tuple[Block, ...]
    written_at: datetime
    author: str = ""
    mark: str = ""


def plain(text: str) -> str:
    """Return ``text`` as a document may hold it: paragraphs of characters that can be shown.

    Control characters, marks that turn the direction of writing, surrogates and characters
    nobody has assigned are left out; every kind of line break becomes one.
    """
    broken = unicodedata.normalize("NFC", text[:_LONGEST]).replace("\r\n", "\n")
    kept = []
    for ch in broken:
        category = unicodedata.category(ch)
        if ch in "\r\n\v\f\x85" or category in ("Zl", "Zp"):
            kept.append("\n")
        elif ch == "\t":
            kept.append(" ")
        elif category[0] != "C":
            kept.append(ch)
    return "".join(kept)


def one_line(text: str) -> str:
    """Return :func:`plain` text without its line breaks."""
    return " ".join(plain(text).split("\n")).strip()


def paragraphs_of(text: str) -> list[str]:
    """Return the paragraphs of :func:`plain` text, empty ones left out."""
    return [line.strip() for line in plain(text).split("\n") if line.strip()]
