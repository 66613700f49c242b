"""Find known secrets, in any number and spelling, in one pass over a text."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Iterator
from urllib.parse import quote_plus

from connector_sdk.observing.readings import Reading, fold, read

SHORTEST = 4
"""The shortest secret that is replaced, in characters. Replacing shorter ones would garble the text around them."""

_SURE = 8
"""The length, in folded characters, from which a secret is found inside of words, in any spelling, and in parts.

A shorter one, such as `test`, is part of many words. It is replaced only where it stands alone and is spelled alike.
"""

_VARIED = 4
"""A secret with fewer different characters counts as short: `11111111` is part of many numbers."""

_PART = 20
"""The length, in characters, from which a part of a secret is replaced. For shorter secrets, three quarters suffice."""

_LINE = 16
"""The length, in characters, from which a line of a multi-line secret, such as a key, is a secret itself."""

_GRAM = 5
"""The length of the character sequences in the index."""

_ARMOUR = re.compile(r"-----[^-\r\n]+-----")

_LIKE_UTF_8 = re.compile("[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
"""Characters that form a UTF-8 character if each is read as a byte."""

Span = tuple[int, int]
"""Start and end positions."""


class SecretIndex:
    """An index that finds secrets in texts. One thread can add secrets while other threads search.

    A search goes through all readings of a text (`readings`). At regular distances, it looks up five characters in the
    index of all spellings of all secrets. So the time of a search does not grow with the number of secrets.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self.secrets: frozenset[str] = frozenset()
        self._needles: dict[str, tuple[str, ...]] = {}
        """The folded spellings by each sequence of `_GRAM` characters in them."""
        self._edges: tuple[dict[str, tuple[str, ...]], ...] = ({}, {})
        """The folded spellings by their first and by their last `SHORTEST` characters."""
        self._stride = _PART - _GRAM + 1
        self._weak: frozenset[str] = frozenset()
        self._alone: re.Pattern[str] | None = None
        for each in secrets:
            self.add(each)

    def add(self, secret: str) -> None:
        """Add a secret and its lines to the index."""
        if secret in self.secrets:
            return
        self.secrets |= {secret}
        for text in _split_secret(secret):
            for needle in dict.fromkeys(_spell(text)):
                if len(needle) >= _SURE:
                    self._add_needle(needle)
        self._add_weak(_find_weak(secret))

    def find(self, reading: Reading, cut_at: int | None) -> Iterator[Span]:
        """Yield the positions of secrets in the original of a reading.

        If the original may have been cut at `cut_at`, yield also the parts of secrets at its ends.
        """
        folded = self._find_spellings(reading.folded)
        if cut_at is not None:
            folded += self._find_at_edges(reading)
        for start, stop in folded:
            end = reading.folded_origins[stop - 1][1]
            if cut_at is not None and stop >= reading.finished:
                end = cut_at
            yield reading.folded_origins[start][0], end

    def find_weak(self, reading: Reading) -> Iterator[Span]:
        """Yield the positions where short secrets stand alone in the original of a reading."""
        for found in self._alone.finditer(reading.text) if self._alone is not None else ():
            yield reading.origins[found.start()][0], reading.origins[found.end() - 1][1]

    def _add_needle(self, needle: str) -> None:
        self._stride = min(self._stride, _count_enough(needle) - _GRAM + 1)
        for at in range(len(needle) - _GRAM + 1):
            _add(self._needles, needle[at : at + _GRAM], needle)
        firsts, lasts = self._edges
        _add(firsts, needle[:SHORTEST], needle)
        _add(lasts, needle[-SHORTEST:], needle)

    def _add_weak(self, texts: Iterable[str]) -> None:
        known = self._weak.union(texts)
        if known != self._weak:
            longest_first = sorted(known, key=len, reverse=True)
            self._weak, self._alone = known, re.compile("|".join(map(_make_pattern, longest_first)))

    def _find_spellings(self, folded: str) -> list[Span]:
        """Find complete spellings of secrets, and parts of spellings that are long enough to be replaced."""
        needles, found, end = self._needles, list[Span](), 0
        places = range(0, len(folded) - _GRAM + 1, self._stride)
        for at in [at for at in places if folded[at : at + _GRAM] in needles]:
            if at + _GRAM > end:
                gram = folded[at : at + _GRAM]
                found += (span for needle in needles[gram] for span in _find_common(folded, at, needle, gram))
                end = max((stop for _, stop in found), default=0)
        return found

    def _find_at_edges(self, reading: Reading) -> list[Span]:
        """Find the beginning of a spelling at the end of a text, and the end of one at its beginning."""
        folded, (firsts, lasts) = reading.folded, self._edges
        whole = reading.finished
        found: list[Span] = []
        for at in range(max(0, whole - _PART), whole - SHORTEST + 1):
            if any(each.startswith(folded[at:whole]) for each in firsts.get(folded[at : at + SHORTEST], ())):
                found.append((at, len(folded)))
                break
        for stop in range(min(_PART, len(folded)), SHORTEST - 1, -1):
            if any(each.endswith(folded[:stop]) for each in lasts.get(folded[stop - SHORTEST : stop], ())):
                found.append((0, stop))
                break
        return found


def find_secrets(
    text: str, indexes: Iterable[SecretIndex], *, is_cut: bool = False, is_data: bool = False
) -> list[Span]:
    """Return the positions of the secrets of all indexes in a text, in order and without overlap.

    If the text `is_cut`, include the remaining parts of secrets at its ends. In data, short secrets stay, because one
    may be the name of a sync.
    """
    knowing = [each for each in indexes if each.secrets]
    found: list[Span] = []
    for reading in read(text, is_cut=is_cut) if knowing else ():
        for each in knowing:
            found += each.find(reading, len(text) if is_cut else None)
            found += () if is_data else each.find_weak(reading)
    return _merge(found)


def _add(needles: dict[str, tuple[str, ...]], key: str, needle: str) -> None:
    known = needles.get(key, ())
    if needle not in known:
        needles[key] = (*known, needle)


def _count_enough(needle: str) -> int:
    """Return how long a part of a spelling must be to be replaced, in characters."""
    return max(_SURE, min(_PART, -(-3 * len(needle) // 4)))


def _find_common(folded: str, at: int, needle: str, gram: str) -> Iterator[Span]:
    """Yield the parts of a text around `gram`, at `at`, that equal a part of a spelling.

    Parts that are too short to be replaced are left out.
    """
    offset = needle.find(gram)
    while offset >= 0:
        start, stop = 0, _GRAM
        while at + start > 0 and offset + start > 0 and folded[at + start - 1] == needle[offset + start - 1]:
            start -= 1
        while at + stop < len(folded) and offset + stop < len(needle) and folded[at + stop] == needle[offset + stop]:
            stop += 1
        if stop - start >= _count_enough(needle):
            yield at + start, at + stop
        offset = needle.find(gram, offset + 1)


def _merge(found: list[Span]) -> list[Span]:
    merged: list[Span] = []
    for start, stop in sorted(found):
        if merged and start <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(stop, merged[-1][1])
        else:
            merged.append((start, stop))
    return merged


def _split_secret(secret: str) -> Iterator[str]:
    """Yield a secret as it is, without the BEGIN and END lines of a key, and each of its lines that is long enough."""
    yield from dict.fromkeys((secret.strip(), _ARMOUR.sub("", secret)))
    lines = [line.strip() for line in secret.splitlines()]
    yield from (line for line in lines[1:] and lines if len(line) >= _LINE and not _ARMOUR.fullmatch(line))


def _is_varied(folded: str) -> bool:
    return len(folded) >= _SURE and len(set(folded)) >= _VARIED


def _find_weak(secret: str) -> Iterator[str]:
    """Yield the readings of a secret that are too short or too repetitive to replace inside a word.

    They count only as whole words.
    """
    for reading in _read_secret(secret):
        text = reading.text.strip()
        if len(text) >= SHORTEST and not _is_varied(reading.folded):
            yield text


def _make_pattern(secret: str) -> str:
    """Return a pattern for a secret that is not part of a word."""
    before = r"(?<![^\W_])" if secret[0].isalnum() else ""
    after = r"(?![^\W_])" if secret[-1].isalnum() else ""
    return f"{before}{re.escape(secret)}{after}"


def _spell(secret: str) -> Iterator[str]:
    """Yield a secret folded in every encoding: as text, in base64, and in hexadecimal."""
    yield from (each.folded for each in _read_secret(secret) if _is_varied(each.folded))
    plain = secret.encode("utf-8", "surrogatepass")
    for form in dict.fromkeys((plain, quote_plus(plain).encode(), json.dumps(secret)[1:-1].encode())):
        yield from map(fold, _encode_in_base64(form))
    yield plain.hex()


def _read_secret(secret: str) -> Iterator[Reading]:
    """Yield the readings of a secret, also with its bytes read as characters, or its characters as bytes."""
    as_characters = secret.encode("utf-8", "surrogatepass").decode("latin-1")
    for text in dict.fromkeys((secret, as_characters, _LIKE_UTF_8.sub(_decode, secret))):
        yield from read(text)


def _decode(found: re.Match[str]) -> str:
    try:
        return found[0].encode("latin-1").decode()
    except UnicodeDecodeError:
        return found[0]


def _encode_in_base64(plain: bytes) -> Iterator[str]:
    """Yield the base64 characters that depend only on the secret, for each of its three offsets in an encoded text."""
    for before in range(3):
        encoded = base64.b64encode(b"\0" * before + plain).decode().rstrip("=")
        yield encoded[before * 4 // 3 + bool(before) : -1]
