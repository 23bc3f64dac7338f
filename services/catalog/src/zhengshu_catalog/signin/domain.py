"""What a password must be, when an account is barred, how long codes and sessions live. No I/O."""

import base64
import hashlib
import hmac
from datetime import datetime, timedelta

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError

from zhengshu_catalog.signin.errors import PasswordWeak

HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
"""argon2id with the parameters OWASP names for servers that do much else."""
NOBODY = HASHER.hash("nobody's password")
"""Verified for an unknown account, so that it takes as long as for a known one."""
TRIES = 5
BARRED = timedelta(minutes=15)
CODE_LIFE = timedelta(seconds=60)
STATE_LIFE = timedelta(minutes=11)
"""A state is remembered for a little longer than the gateway's seal on it is good."""
IDLE = timedelta(minutes=30)
LONGEST = timedelta(hours=10)


def check_password(password: str, account: str) -> None:
    """Refuse a password that is easily guessed."""
    mixed = any(each.isalpha() for each in password) and any(each.isdigit() for each in password)
    if not mixed or account.lower() in password.lower() or len(set(password)) < 5:
        raise PasswordWeak


def matches(stored: str | None, password: str) -> bool:
    """Tell whether this is the password; takes its time, run it in a thread."""
    try:
        HASHER.verify(stored or NOBODY, password)
    except VerificationError:
        return False
    return stored is not None


def barred(until: datetime | None, at: datetime) -> bool:
    """Tell whether an account is barred for its failures."""
    return until is not None and at < until


def after_failure(failures: int, at: datetime) -> tuple[int, datetime | None]:
    """Return how many failures there are now, and until when the account is barred."""
    if failures + 1 < TRIES:
        return failures + 1, None
    return 0, at + BARRED


def proves(verifier: str, challenge: str) -> bool:
    """Tell whether a verifier is the challenge's (RFC 7636, S256)."""
    made = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode()
    return hmac.compare_digest(made.rstrip("="), challenge)


def live(begun: datetime, seen: datetime, at: datetime) -> bool:
    """Tell whether a session still goes on."""
    return at - seen < IDLE and at - begun < LONGEST


def digest(secret: str) -> bytes:
    """Return what is stored of a code or a session."""
    return hashlib.sha256(secret.encode()).digest()
