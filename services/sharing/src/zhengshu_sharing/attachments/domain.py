"""What is kept of a file. Pure."""

LARGEST = 20 << 20
"""Bytes of one file."""

MAGIC: dict[str, bytes] = {
    "application/pdf": b"%PDF-",
    "application/ofd": b"PK\x03\x04",
    "image/png": b"\x89PNG\r\n\x1a\n",
    "image/jpeg": b"\xff\xd8\xff",
}
"""The types that are kept, and how each begins: what a file says it is it has to be."""


def kept(media: str, content: bytes) -> bool:
    """Tell whether a file of this type and content is kept."""
    return media in MAGIC and content.startswith(MAGIC[media])
