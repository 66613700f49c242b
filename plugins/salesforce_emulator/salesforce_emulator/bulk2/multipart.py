"""Read a multipart body, which creates a job and sends its data in one call.

Bulk API 2.0 and Bulk API Developer Guide, "Create a Job": up to 100,000 characters of data.
"""

from __future__ import annotations

from email.message import MIMEPart
from email.parser import BytesParser
from email.policy import HTTP

from salesforce_emulator.errors import ApiError

_MOST = 100_000


def read_multipart(body: bytes, content_type: str) -> tuple[bytes, bytes]:
    """Return the parts `job` and `content`. Raises ApiError."""
    head = f"Content-Type: {content_type}\r\n\r\n".encode("latin-1")
    message = BytesParser(policy=HTTP).parsebytes(head + body)
    parts = {name: _content(part) for part in message.iter_parts() if (name := _name(part))}
    if not {"job", "content"} <= parts.keys():
        raise ApiError(400, "INVALID_MULTIPART_REQUEST", "The parts job and content are required")
    if len(parts["content"].decode(errors="replace")) > _MOST:
        raise ApiError(400, "CLIENTINPUTERROR", f"A multipart request may hold at most {_MOST} characters of data")
    return parts["job"], parts["content"]


def _name(part: MIMEPart) -> str:
    return str(part.get_param("name", "", "Content-Disposition"))


def _content(part: MIMEPart) -> bytes:
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""
