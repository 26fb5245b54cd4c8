"""Finding words in Chinese texts with PostgreSQL alone.

PostgreSQL takes a Chinese sentence for one word. So a text is indexed by the single
characters and pairs of characters it contains (and by its Latin words and numbers), and a
query asks for its pairs. Pairs can stand in a text apart, so hits are checked once more:

    search_text text NOT NULL,                -- index_text(title, body)
    folded text NOT NULL,                     -- fold(title, body)
    tsv tsvector GENERATED ALWAYS AS
        (array_to_tsvector(string_to_array(search_text, ' '))) STORED   -- with a GIN index

    WHERE tsv @@ $1::text::tsquery            -- query_text(q)
      AND NOT EXISTS (SELECT FROM unnest($2::text[]) piece          -- pieces(q)
                      WHERE position(piece IN folded) = 0)

``to_tsvector('simple', …)`` and ``to_tsquery('simple', …)`` take the same texts.
"""

import re
import unicodedata

LONGEST_WORD = 40
"""Longer words are indexed and asked for by their beginning."""
MOST_BYTES = 800_000
"""A tsvector holds one mebibyte; what a text has beyond this is not indexed."""
MOST_TERMS = 64
"""Terms of one query; what it asks beyond them is left to the check of its pieces."""

_CHARACTERS = (
    "\u3005\u3007"  # 々〇
    "\u3040-\u30ff\u3105-\u312f"  # kana, bopomofo
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\uac00-\ud7a3"  # hangul
    "\U00020000-\U000323af"
)
_RUN = re.compile(rf"([{_CHARACTERS}]+)|((?:(?![{_CHARACTERS}])[^\W_])+)")
_PIECE = re.compile(r"[^\W_]+")
# A text says "STEM 课程" as often as "STEM课程".
_LOOSE = re.compile(
    rf"(?<=[{_CHARACTERS}])[ \u00a0]+(?=[a-z0-9])|(?<=[a-z0-9])[ \u00a0]+(?=[{_CHARACTERS}])"
)
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def fold(*texts: str) -> str:
    """Return the texts, one a line, without what should not matter when they are searched.

    Width, case and the space between Latin and Chinese do not; anything PostgreSQL cannot
    keep becomes a space.
    """
    return "\n".join(_LOOSE.sub("", _plain(text)) for text in texts)


def index_text(*texts: str) -> str:
    """Return the terms by which the texts are found, separated by spaces, each once."""
    terms: dict[str, None] = {}
    size = 0
    for characters, word in _RUN.findall(fold(*texts)):
        found = [word[:LONGEST_WORD]] if word else [*characters, *_pairs(characters)]
        for term in found:
            if term in terms:
                continue
            # PostgreSQL keeps a position and its padding with each term.
            size += len(term.encode()) + 6
            if size > MOST_BYTES:
                return " ".join(terms)
            terms[term] = None
    return " ".join(terms)


def query_text(query: str) -> str:
    """Return ``query`` as the text of a tsquery: all its terms, the last word also begun.

    It holds letters, digits and the operators put there by us, so it is always well formed.
    A query of nothing but signs is the empty text, which as a tsquery finds nothing.
    """
    folded = _plain(query)
    terms: dict[str, None] = {}
    for run in _RUN.finditer(folded):
        characters, word = run.groups()
        if word:
            is_last = run.end() == len(folded.rstrip())
            terms[word[:LONGEST_WORD] + (":*" if is_last else "")] = None
        else:
            terms.update(dict.fromkeys(_pairs(characters) or [characters]))
    return " & ".join(list(terms)[:MOST_TERMS])


def pieces(query: str) -> list[str]:
    """Return what must each stand literally in the folded text for it to be a hit."""
    return list(dict.fromkeys(_PIECE.findall(_plain(query))))


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", _UNSTORABLE.sub(" ", text)).casefold()


def _pairs(characters: str) -> list[str]:
    return [characters[i : i + 2] for i in range(len(characters) - 1)]
