"""Notes, keys, checkpoints and cosignatures against the published examples and each rule."""

import base64
import json
import time

import pytest
from zhengshu_verify import keys
from zhengshu_verify.note import (
    Algorithm,
    Checkpoint,
    InvalidNote,
    Note,
    Signature,
    SigningKey,
    VerifierKey,
    open_checkpoint,
)

# From golang.org/x/mod/sumdb/note, the first implementation of the format.
PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
PETER_PRIVATE = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
PETER_NOTE = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdng"
    "otpRZb6KE6RyyBwJnAM=\n"
)
# The example of c2sp.org/tlog-cosignature.
SOFA = (
    "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"
    "— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1"
    "gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
    "— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2o"
    "yin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n"
)
LOG = SigningKey.generate("node.example/ledger")
WITNESS = SigningKey.generate("city.example/witness", Algorithm.COSIGNATURE)
CHECKPOINT = Checkpoint("node.example/ledger", 7, b"\1" * 32)


def test_the_published_note_verifies_and_is_reproduced():
    key = VerifierKey.parse(PETER)
    note = Note.parse(PETER_NOTE)
    key.verify(note)
    private = SigningKey.parse(PETER_PRIVATE)
    assert private.verifier == key
    assert Note(note.text).signed(private.sign(note.text)).encode() == PETER_NOTE
    assert (key.encode(), private.encode()) == (PETER, PETER_PRIVATE)


def test_the_published_checkpoint_parses():
    note = Note.parse(SOFA)
    checkpoint = Checkpoint.parse(note.text)
    assert (checkpoint.origin, checkpoint.size) == ("example.com/behind-the-sofa", 20852163)
    assert checkpoint.text() == note.text
    witness = note.signatures[1]
    assert witness.key_id.hex() == "8d66cf3f"
    assert int.from_bytes(witness.data[:8], "big") == 1679315147
    assert note.encode() == SOFA


def test_key_ids_separate_what_a_key_signs():
    public = b"\2" * 32
    ids = {VerifierKey("a.example", algorithm, public).key_id for algorithm in Algorithm}
    assert len(ids) == 2


def test_signed_and_cosigned():
    note = CHECKPOINT.signed(LOG)
    now = int(time.time())
    raw = note.signed(WITNESS.cosign(note.text, at=now)).encode()
    assert open_checkpoint(raw, LOG.verifier) == CHECKPOINT
    assert WITNESS.verifier.verify(Note.parse(raw)) == now
    assert LOG.verifier.verify(Note.parse(raw)) is None


def test_cosigned_twice_the_last_counts_and_both_must_hold():
    note = CHECKPOINT.signed(LOG)
    first, second = (WITNESS.cosign(note.text, at=at) for at in (5, 9))
    assert WITNESS.verifier.verify(note.signed(first, second)) == 9
    forged = Signature(first.name, first.key_id, b"\0" * 72)
    with pytest.raises(InvalidNote, match="wrong"):
        WITNESS.verifier.verify(note.signed(forged, second))


def test_a_changed_cosignature_time_is_refused():
    note = CHECKPOINT.signed(LOG)
    signature = WITNESS.cosign(note.text, at=5)
    later = Signature(signature.name, signature.key_id, (6).to_bytes(8, "big") + signature.data[8:])
    with pytest.raises(InvalidNote, match="wrong"):
        WITNESS.verifier.verify(note.signed(later))


def test_unknown_signatures_are_passed_over_but_never_count():
    note = CHECKPOINT.signed(SigningKey.generate("node.example/ledger"))
    with pytest.raises(InvalidNote, match="not signed by") as refused:
        open_checkpoint(note.encode(), LOG.verifier)
    assert refused.value.raw == note.encode()
    open_checkpoint(note.signed(LOG.sign(note.text)).encode(), LOG.verifier)


def test_a_changed_text_or_another_logs_checkpoint_is_refused():
    raw = CHECKPOINT.signed(LOG).encode()
    with pytest.raises(InvalidNote, match="wrong"):
        open_checkpoint(raw.replace("\n7\n", "\n8\n"), LOG.verifier)
    other = Checkpoint("other.example", 7, b"\1" * 32).signed(LOG).encode()
    with pytest.raises(InvalidNote, match="another log"):
        open_checkpoint(other, LOG.verifier)


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "text\n",
        "text\n\n",
        "text\n\n— name AAAA",
        "text\n\n— name\n",
        "text\n\n— name AAAA\n",
        "text\n\n— name AAAAA\n",
        "text\n\n— na+me AAAAAAAA\n",
        "text\n\n— n\u3000me AAAAAAAA\n",
        "text\n\n-- name AAAAAAAA\n",
        "text\n\n— name AAAAAAB=\n",
        "te\txt\n\n— name AAAAAAAA\n",
        "text\n\n" + "— name AAAAAAAA\n" * 65,
    ],
)
def test_malformed_notes(raw):
    with pytest.raises(InvalidNote):
        Note.parse(raw)


def test_a_text_may_hold_empty_lines():
    raw = "one\n\ntwo\n\n— name AAAAAAAA\n"
    assert Note.parse(raw).text == "one\n\ntwo\n"
    assert Note.parse(raw).encode() == raw


ROOT = base64.b64encode(b"\0" * 32).decode()


@pytest.mark.parametrize(
    "text",
    [
        "",
        f"\n1\n{ROOT}\n",
        f"log\n01\n{ROOT}\n",
        f"log\n-1\n{ROOT}\n",
        f"log\n１\n{ROOT}\n",
        f"log\n\n{ROOT}\n",
        "log\n1\nAAAA\n",
        "log\n1\n???\n",
        f"log\n1\n{ROOT}",
        f"log\n1\n{ROOT}\nextension\n",
    ],
)
def test_malformed_checkpoints(text):
    with pytest.raises(InvalidNote):
        Checkpoint.parse(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        PETER.replace("c74f20a3", "c74f20a4"),
        PETER.replace("PeterNeumann", "PeterNewmann"),
        PETER.replace("+ARp", "+AhR"),
        PETER[:-4],
        "name",
    ],
)
def test_malformed_keys(text):
    with pytest.raises(InvalidNote):
        VerifierKey.parse(text)
    with pytest.raises(InvalidNote) as refused:
        SigningKey.parse("PRIVATE+KEY+" + text)
    assert refused.value.raw == ""


def test_a_jwk_gets_a_name_and_a_purpose():
    key = keys.generate()
    private = SigningKey.of("city.example", Algorithm.COSIGNATURE, keys.private_jwk(key))
    text = json.dumps(keys.public_jwk(key.public_key()))
    assert private.verifier == VerifierKey.of("city.example", Algorithm.COSIGNATURE, text)
    with pytest.raises(InvalidNote, match="no spaces"):
        VerifierKey.of("", Algorithm.ED25519, text)


def test_a_key_signs_only_what_it_is_for():
    with pytest.raises(ValueError, match="for cosignatures"):
        WITNESS.sign("text\n")
    with pytest.raises(ValueError, match="not for cosignatures"):
        LOG.cosign("text\n", at=1)
    with pytest.raises(InvalidNote, match="no spaces"):
        SigningKey.generate("two words")
    with pytest.raises(InvalidNote, match="not a private key"):
        SigningKey.parse(PETER)
