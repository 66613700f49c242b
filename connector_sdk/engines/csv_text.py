"""Decompress and decode CSV and JSON files."""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
from attrs import frozen

from connector_sdk.contract.errors import Portable
from connector_sdk.engines.files import compression_of
from connector_sdk.files.private import temporary_file

_BLOCK = 1 << 20
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"),
)  # fmt: skip
"""The byte order marks of UTF-32 and UTF-16."""

_MARKED = {
    "utf-32-le": codecs.BOM_UTF32_LE, "utf-32-be": codecs.BOM_UTF32_BE,
    "utf-16-le": codecs.BOM_UTF16_LE, "utf-16-be": codecs.BOM_UTF16_BE,
}  # fmt: skip
"""The byte order mark of each encoding by its name. A mark in a file is not part of the text."""

UTF_8 = "utf-8-sig"


class NotTextError(Portable, Exception):
    """A file that cannot be decompressed or decoded: what is wrong, and what to do about it."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


@frozen
class TextFile:
    """A text file: its path, its name in messages, and its encoding and compression as Python names them."""

    path: str
    shown: str
    encoding: str
    compression: str | None

    @property
    def is_plain(self) -> bool:
        """Whether DuckDB can read the file in place, provided that it is text."""
        return self.encoding == UTF_8 and self.compression is None

    def open_bytes(self) -> pa.NativeFile:
        """Open its decompressed bytes. Reading raises `OSError` without `errno` if decompression fails."""
        return pa.input_stream(self.path, compression=self.compression)

    def open_text(self) -> io.TextIOWrapper:
        """Open its text with unchanged line ends. Reading raises `UnicodeDecodeError`, or `OSError` as `open_bytes`."""
        return io.TextIOWrapper(self.open_bytes(), encoding=self.encoding, newline="")

    def read_blocks(self) -> Iterator[str]:
        """Yield its text in blocks of 1 MiB. Raises `NotTextError` for bytes that it cannot decompress or decode."""
        decoder = _Decoder(self)
        with self.open_bytes() as stream:
            while block := _read(stream, _BLOCK, self.shown):
                yield decoder.decode(block, final=False)
        yield decoder.decode(b"", final=True)

    def read_head(self) -> str:
        """Return the first block of its text. Raises `NotTextError` as `read_blocks` does."""
        return next(self.read_blocks())

    def check(self) -> None:
        """Raise `NotTextError` if any part of the file cannot be decompressed or decoded."""
        for _ in self.read_blocks():
            pass


@frozen
class CsvFile:
    """A CSV file, its format, and the path that DuckDB reads: its own, or that of a copy.

    `skipped` counts the empty lines before the header.
    """

    text: TextFile
    copy: str
    delimiter: str
    quote: str
    header: bool
    names: tuple[str, ...]
    skipped: int

    @property
    def form(self) -> tuple[object, ...]:
        """Everything that decides how DuckDB reads the file. Files of one form are read together."""
        return self.delimiter, self.quote, self.header, self.names, self.skipped


def text_file(path: str, shown: str, encoding: str | None = None) -> TextFile:
    """Return a text file. Without an `encoding`, the byte order mark decides; without a mark, it is UTF-8.

    Raises `LookupError` for an encoding that does not exist, `NotTextError` for damaged compressed data.
    """
    compression = compression_of(path)
    with pa.input_stream(path, compression=compression) as stream:
        begin = _read(stream, 4, shown)
    if encoding is None:
        marked = next((each for mark, each in _MARKS if begin.startswith(mark)), UTF_8)
        return TextFile(path, shown, marked, compression)
    codec = codecs.lookup(encoding)
    if not codec._is_text_encoding:
        raise LookupError(f"{encoding} is not an encoding of text")
    if codec.name in _MARKED and begin.startswith(_MARKED[codec.name]):
        return TextFile(path, shown, codec.name[:6], compression)
    known = UTF_8 if codec.name in ("utf-8", "utf-8-sig") else encoding
    return TextFile(path, shown, known, compression)


def is_marked(path: str) -> bool:
    """Return whether an uncompressed file begins with a byte order mark."""
    with Path(path).open("rb") as stream:
        return stream.read(4).startswith((codecs.BOM_UTF8, *(mark for mark, _ in _MARKS)))


def readable_copy(file: TextFile, folder: Path, suffix: str, *, is_copied: bool = False) -> str:
    """Return the path of an uncompressed UTF-8 file with this text: its own, or that of a copy in `folder`.

    With `is_copied`, make a copy in any case. A copy has no byte order mark.
    Raises `NotTextError` for bytes that cannot be decompressed, or that are not in the file's encoding.
    """
    if file.is_plain and not is_copied:
        return file.path
    with temporary_file(folder, suffix) as copy:
        for text in file.read_blocks():
            copy.write(text.encode())
    return copy.name


def _read(stream: pa.NativeFile, size: int, shown: str) -> bytes:
    """Read the next bytes of a stream. Raises `NotTextError` if they cannot be decompressed.

    The error of a failed decompression has no `errno`; errors of the system have one.
    """
    try:
        return bytes(stream.read(size))
    except OSError as error:
        if error.errno is not None:
            raise
        raise NotTextError(f"{shown} cannot be decompressed: {error}", "write the file again") from None


class _Decoder:
    """A strict decoder of a file's bytes, which counts lines."""

    def __init__(self, file: TextFile) -> None:
        self._file = file
        self._decoder = codecs.getincrementaldecoder(file.encoding)("strict")
        self._lines = 1

    def decode(self, block: bytes, *, final: bool) -> str:
        """Return the text of the next bytes. Raises `NotTextError` with the line, counted from 1."""
        try:
            text = self._decoder.decode(block, final)
        except UnicodeDecodeError as error:
            before = error.object[: error.start].decode(self._file.encoding, "ignore")
            encoding = "UTF-8" if self._file.encoding == UTF_8 else self._file.encoding
            raise NotTextError(
                f"{self._file.shown}, line {self._lines + before.count(chr(10))}: this is not {encoding}",
                "set csv.encoding, such as windows-1252, or save the file as UTF-8",
            ) from None
        self._lines += text.count("\n")
        return text
