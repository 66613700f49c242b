"""The CSV layout of a job: its delimiter, its line ending and its quoting."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

from attrs import frozen

from salesforce_emulator.jobs.failing import BatchFailed

DELIMITERS = {"COMMA": ",", "TAB": "\t", "PIPE": "|", "SEMICOLON": ";", "CARET": "^", "BACKQUOTE": "`"}
LINE_ENDINGS = {"LF": "\n", "CRLF": "\r\n"}


@frozen
class Layout:
    """The settings `columnDelimiter` and `lineEnding` of a job's body."""

    delimiter: str = "COMMA"
    line_ending: str = "LF"

    def read(self, data: bytes) -> Iterator[list[str]]:
        """Yield the lines of a file. Raises BatchFailed if the file does not match the layout."""
        if data.find(b"\n") > 0 and (data[data.find(b"\n") - 1 :][:1] == b"\r") != (self.line_ending == "CRLF"):
            setting = f"Current LineEnding setting is {self.line_ending}"
            raise BatchFailed("ClientInputError", f"LineEnding is invalid on user data. {setting}")
        try:
            text = data.decode("utf-8-sig")
            yield from csv.reader(io.StringIO(text, newline=""), delimiter=DELIMITERS[self.delimiter], strict=True)
        except UnicodeDecodeError as error:
            raise BatchFailed("InvalidBatch", "The data is not UTF-8") from error
        except csv.Error as error:
            raise BatchFailed("InvalidBatch", f"Failed to parse CSV: {error}") from error

    def quote_rows(self, rows: Iterable[Sequence[str]]) -> bytes:
        """Return lines with all cells quoted."""
        text = io.StringIO()
        ending, delimiter = LINE_ENDINGS[self.line_ending], DELIMITERS[self.delimiter]
        csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator=ending, delimiter=delimiter).writerows(rows)
        return text.getvalue().encode()

    def header(self, added: Sequence[str], sent: Sequence[str]) -> bytes:
        """Return a header line. The columns that Salesforce adds are quoted, the client's columns are not."""
        names = [f'"{name}"' for name in added] + list(sent)
        return (DELIMITERS[self.delimiter].join(names) + LINE_ENDINGS[self.line_ending]).encode()
