"""Signed notes, checkpoints and cosignatures of C2SP, with Ed25519. Knows no log and no network.

c2sp.org/signed-note, c2sp.org/tlog-checkpoint, c2sp.org/tlog-cosignature (v1).
"""

import base64
import hashlib
from dataclasses import dataclass
from enum import IntEnum
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from zhengshu_verify.keys import Jwk, load_private, load_public
from zhengshu_verify.merkle import HASH_SIZE

_DASH = "\u2014 "
_PRIVATE = "PRIVATE+KEY+"
_ID_SIZE = 4
_TIME_SIZE = 8
_MAX_SIGNATURES = 64


class InvalidNote(ValueError):
    """A text is not a note, or not signed as it must be; carries the text as evidence."""

    def __init__(self, reason: str, raw: str) -> None:
        super().__init__(reason)
        self.raw = raw


class Algorithm(IntEnum):
    """What a key signs; the byte goes into the key's id."""

    ED25519 = 1
    COSIGNATURE = 4


def _base64(text: str, raw: str) -> bytes:
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError as error:
        raise InvalidNote("not base64", raw) from error
    if base64.b64encode(data).decode() != text:
        raise InvalidNote("not canonical base64", raw)
    return data


def _valid_name(name: str) -> bool:
    return bool(name) and "+" not in name and not any(character.isspace() for character in name)


def _checked(name: str) -> str:
    if not _valid_name(name):
        raise InvalidNote("a key's name has no spaces and no plus", name)
    return name


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line."""

    name: str
    key_id: bytes
    data: bytes

    def line(self) -> str:
        """The line as it stands in a note."""
        blob = base64.b64encode(self.key_id + self.data).decode()
        return f"{_DASH}{self.name} {blob}\n"

    @classmethod
    def parse(cls, line: str) -> Self:
        """Read one line, without its newline."""
        name, _, blob = line.removeprefix(_DASH).partition(" ")
        if not line.startswith(_DASH) or not _valid_name(name):
            raise InvalidNote("not a signature line", line)
        data = _base64(blob, line)
        if len(data) <= _ID_SIZE:
            raise InvalidNote("a signature line without a signature", line)
        return cls(name, data[:_ID_SIZE], data[_ID_SIZE:])


@dataclass(frozen=True, slots=True)
class Note:
    """A text, ending in a newline, with its signatures."""

    text: str
    signatures: tuple[Signature, ...] = ()

    def encode(self) -> str:
        """The note as it is stored and sent."""
        return f"{self.text}\n{''.join(signature.line() for signature in self.signatures)}"

    def signed(self, *signatures: Signature) -> Self:
        """The note with further signatures."""
        return type(self)(self.text, (*self.signatures, *signatures))

    @classmethod
    def parse(cls, raw: str) -> Self:
        """Read a note; its signatures are not checked."""
        if any(character < " " and character != "\n" for character in raw):
            raise InvalidNote("a note has no control characters", raw)
        text, separator, lines = raw.rpartition("\n\n")
        if not separator or not lines.endswith("\n"):
            raise InvalidNote("a note is a text, an empty line and signature lines", raw)
        if lines.count("\n") > _MAX_SIGNATURES:
            raise InvalidNote("too many signatures", raw)
        return cls(text + "\n", tuple(map(Signature.parse, lines[:-1].split("\n"))))


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """Who may be expected to sign, and with what."""

    name: str
    algorithm: Algorithm
    public: bytes

    @property
    def key_id(self) -> bytes:
        """The four bytes that point a signature line to its key."""
        data = self.name.encode() + b"\n" + bytes([self.algorithm]) + self.public
        return hashlib.sha256(data).digest()[:_ID_SIZE]

    def encode(self) -> str:
        """The key as `name+id+key`, the form that settings and command lines take."""
        blob = base64.b64encode(bytes([self.algorithm]) + self.public).decode()
        return f"{self.name}+{self.key_id.hex()}+{blob}"

    @classmethod
    def of(cls, name: str, algorithm: Algorithm, jwk: Jwk | str) -> Self:
        """Give a public JWK the name and purpose it has in notes."""
        return cls(_checked(name), algorithm, load_public(jwk).public_bytes_raw())

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `name+id+key`; an id that does not belong to the key is refused."""
        name, key_id, algorithm, public = _parse_key(text)
        key = cls(name, algorithm, public)
        if key.key_id.hex() != key_id:
            raise InvalidNote("the key's id does not belong to it", text)
        return key

    def verify(self, note: Note) -> int | None:
        """Check this key's signature; for a cosignature return its time. Raise if there is none."""
        mine = [s for s in note.signatures if (s.name, s.key_id) == (self.name, self.key_id)]
        if not mine:
            raise InvalidNote(f"not signed by {self.name}", note.encode())
        # A key may have signed twice (a witness asked again): every one must hold, the last counts.
        return [self._check(note, signature) for signature in mine][-1]

    def _check(self, note: Note, signature: Signature) -> int | None:
        data, at, message = signature.data, None, note.text.encode()
        if self.algorithm is Algorithm.COSIGNATURE:
            at = int.from_bytes(data[:_TIME_SIZE], "big")
            data, message = data[_TIME_SIZE:], _cosigned(note.text, at)
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(data, message)
        except InvalidSignature as error:
            raise InvalidNote(f"the signature of {self.name} is wrong", note.encode()) from error
        return at


@dataclass(frozen=True, slots=True)
class SigningKey:
    """The private half of a VerifierKey. Secret: keep it out of logs and repr."""

    name: str
    algorithm: Algorithm
    private: Ed25519PrivateKey

    @classmethod
    def generate(cls, name: str, algorithm: Algorithm = Algorithm.ED25519) -> Self:
        """Make a new key for `name`."""
        return cls(_checked(name), algorithm, Ed25519PrivateKey.generate())

    @classmethod
    def of(cls, name: str, algorithm: Algorithm, jwk: Jwk | str) -> Self:
        """Give a private JWK the name and purpose it has in notes."""
        return cls(_checked(name), algorithm, load_private(jwk))

    @property
    def verifier(self) -> VerifierKey:
        """The public half."""
        return VerifierKey(self.name, self.algorithm, self.private.public_key().public_bytes_raw())

    def encode(self) -> str:
        """The key as `PRIVATE+KEY+name+id+key`, for a secret store."""
        blob = base64.b64encode(bytes([self.algorithm]) + self.private.private_bytes_raw()).decode()
        return f"{_PRIVATE}{self.name}+{self.verifier.key_id.hex()}+{blob}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `PRIVATE+KEY+name+id+key`. Errors never repeat the text: it is a secret."""
        if not text.startswith(_PRIVATE):
            raise InvalidNote("not a private key", "")
        try:
            name, key_id, algorithm, seed = _parse_key(text.removeprefix(_PRIVATE))
        except InvalidNote as error:
            raise InvalidNote(str(error), "") from None
        key = cls(name, algorithm, Ed25519PrivateKey.from_private_bytes(seed))
        if key.verifier.key_id.hex() != key_id:
            raise InvalidNote("the key's id does not belong to it", "")
        return key

    def sign(self, text: str) -> Signature:
        """Sign a note's text."""
        if self.algorithm is not Algorithm.ED25519:
            raise ValueError("this key is for cosignatures")
        return Signature(self.name, self.verifier.key_id, self.private.sign(text.encode()))

    def cosign(self, text: str, *, at: int) -> Signature:
        """Sign a checkpoint's text as a witness, at a time in seconds."""
        if self.algorithm is not Algorithm.COSIGNATURE:
            raise ValueError("this key is not for cosignatures")
        data = at.to_bytes(_TIME_SIZE, "big") + self.private.sign(_cosigned(text, at))
        return Signature(self.name, self.verifier.key_id, data)


def _cosigned(text: str, at: int) -> bytes:
    return f"cosignature/v1\ntime {at}\n{text}".encode()


def _parse_key(text: str) -> tuple[str, str, Algorithm, bytes]:
    """Name, id, algorithm and 32 bytes of a key's text form."""
    name, _, rest = text.partition("+")
    key_id, _, blob = rest.partition("+")
    data = _base64(blob, text)
    if not _valid_name(name) or len(data) != 1 + 32 or data[0] not in list(Algorithm):
        raise InvalidNote("not a key of the form name+id+key", text)
    return name, key_id, Algorithm(data[0]), data[1:]


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A log's state: how many leaves, and their root. No extension lines: nobody audits those."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """The note text that gets signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"

    def signed(self, key: SigningKey) -> Note:
        """The checkpoint as a note signed by the log."""
        return Note(self.text()).signed(key.sign(self.text()))

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a checkpoint's note text."""
        lines = text.split("\n")
        if len(lines) != 4 or not lines[0] or lines[3]:
            raise InvalidNote("a checkpoint is origin, size and root", text)
        origin, size, root = lines[0], lines[1], _base64(lines[2], text)
        if not (size.isascii() and size.isdecimal()) or str(int(size)) != size:
            raise InvalidNote("the size is not a plain number", text)
        if len(root) != HASH_SIZE:
            raise InvalidNote("the root is not a hash", text)
        return cls(origin, int(size), root)


def open_checkpoint(raw: str, log: VerifierKey) -> Checkpoint:
    """Read a checkpoint that the log has signed under its own name, or raise InvalidNote."""
    note = Note.parse(raw)
    log.verify(note)
    checkpoint = Checkpoint.parse(note.text)
    if checkpoint.origin != log.name:
        raise InvalidNote("a checkpoint of another log", raw)
    return checkpoint
