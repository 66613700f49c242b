"""Result files as Salesforce writes them, and what can become of them on their way."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from random import Random

from attrs import frozen

Line = Sequence[str]
Damage = Callable[[bytes, Random], bytes]


def write_csv(lines: Iterable[Line]) -> bytes:
    """Write lines as CSV in which every cell is quoted."""
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(lines)
    return text.getvalue().encode()


def _flip_byte(body: bytes, chance: Random) -> bytes:
    at, other = chance.randrange(len(body)), chance.randrange(1, 256)
    return body[:at] + bytes([body[at] ^ other]) + body[at + 1 :]


def _on_lines(change: Callable[[list[bytes], Random], object]) -> Damage:
    def damage(body: bytes, chance: Random) -> bytes:
        lines = body.splitlines(keepends=True)
        change(lines, chance)
        return b"".join(lines)

    return damage


def _cut_hole(body: bytes, chance: Random) -> bytes:
    start = chance.randrange(len(body))
    return body[:start] + body[start + chance.randint(1, 40) :]


def _swap(lines: list[bytes], chance: Random) -> None:
    one, other = chance.choices(range(len(lines)), k=2)
    lines[one], lines[other] = lines[other], lines[one]


FLIPPED, SWAPPED = "a byte is another one", "two lines trade places"
DAMAGES: Mapping[str, Damage] = {
    FLIPPED: _flip_byte,
    "a line is missing": _on_lines(lambda lines, chance: lines.pop(chance.randrange(len(lines)))),
    "a line is repeated": _on_lines(
        lambda lines, chance: lines.insert(chance.randrange(len(lines) + 1), chance.choice(lines))
    ),
    SWAPPED: _on_lines(_swap),
    "the end is missing": lambda body, chance: body[: chance.randrange(len(body))],
    "the last lines are missing": _on_lines(
        lambda lines, chance: lines.__delitem__(slice(chance.randrange(1, 5) * -1, None))
    ),
    "something in the middle is missing": _cut_hole,
    "it begins with a byte order mark": lambda body, chance: b"\xef\xbb\xbf" + body,
    "lines end as on Windows": lambda body, chance: body.replace(b"\n", b"\r\n"),
}
"""What becomes of a file, by name. The answer does not show it: its status and headers are those of a whole file."""


@frozen
class Truth:
    """Which rows succeeded, by their keys, in the order of the rows."""

    rows: Mapping[str, bool]

    @classmethod
    def draw(cls, chance: Random) -> Truth:
        """Draw up to a dozen rows, about half of which failed; their keys differ by a character."""
        return cls({f"k{number:02}": chance.random() < 0.5 for number in range(chance.randint(1, 12))})

    @property
    def failed(self) -> int:
        """How many rows failed."""
        return sum(not succeeded for succeeded in self.rows.values())


def record(number: int) -> str:
    """Return the id of the record of a row."""
    return f"003{number:012}AAA"
