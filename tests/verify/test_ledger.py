"""The offline check: a sound ledger passes, and each way of spoiling one is found and named."""

import json

import pytest
from zhengshu_verify import merkle
from zhengshu_verify.ledger import Cosigned, Inconsistent, verify_ledger, verify_successor
from zhengshu_verify.note import Algorithm, Checkpoint, InvalidNote, Note, SigningKey

LOG = SigningKey.generate("node.example/ledger")
WITNESS = SigningKey.generate("city.example/witness", Algorithm.COSIGNATURE)
PAYLOADS = [json.dumps({"event": n, "name": "事件"}, ensure_ascii=False) for n in range(21)]
HASHES = [merkle.leaf_hash(payload.encode()) for payload in PAYLOADS]


def checkpoint(size, hashes=HASHES, at=None, key=LOG):
    note = Checkpoint(LOG.name, size, merkle.root(hashes[:size])).signed(key)
    return (note.signed(WITNESS.cosign(note.text, at=at)) if at else note).encode()


def forged_cosignature():
    note = Note.parse(checkpoint(5))
    return note.signed(WITNESS.cosign("another text", at=9)).encode()


def lines(payloads=PAYLOADS):
    return [
        json.dumps({"index": i, "hash": merkle.leaf_hash(p.encode()).hex(), "payload": p})
        for i, p in enumerate(payloads)
    ]


def check(checkpoints, leaves, witness=WITNESS.verifier):
    return verify_ledger(checkpoints, leaves, log=LOG.verifier, witness=witness)


SIGNED = [checkpoint(5), checkpoint(13, at=100), checkpoint(20)]


def test_a_sound_ledger():
    verdict = check(SIGNED, lines())
    assert verdict.sound
    assert (verdict.size, verdict.checkpoints, verdict.cosigned) == (21, 3, Cosigned(13, 100))


def test_an_erased_payload_leaves_its_hash():
    leaves = lines()
    leaves[3] = json.dumps({"index": 3, "hash": HASHES[3].hex()})
    assert check(SIGNED, leaves).sound


def test_a_changed_payload_is_named():
    leaves = lines()
    leaves[7] = leaves[7].replace('"payload": "{', '"payload": "{ ')
    difference = check(SIGNED, leaves).difference
    assert (difference.what, difference.index, difference.evidence) == ("leaf", 7, leaves[7])


def test_a_changed_payload_with_its_hash_is_found_between_two_checkpoints():
    forged = [*PAYLOADS[:7], "{}", *PAYLOADS[8:]]
    difference = check(SIGNED, lines(forged)).difference
    assert (difference.what, difference.index, difference.evidence) == ("root", 5, SIGNED[1])
    assert "5 to 12" in difference.reason


@pytest.mark.parametrize(
    ("leaves", "index"),
    [
        (lines()[:12], 12),
        ([*lines()[:4], *lines()[5:]], 4),
        ([*lines()[:4], "not json"], 4),
        ([*lines()[:4], "[]"], 4),
        ([*lines()[:4], '{"index": 4, "hash": "zz"}'], 4),
        ([*lines()[:4], '{"index": 4}'], 4),
    ],
)
def test_missing_and_malformed_leaves(leaves, index):
    difference = check(SIGNED, leaves).difference
    assert (difference.what, difference.index) == ("leaf", index)


@pytest.mark.parametrize(
    ("checkpoints", "what", "words"),
    [
        ([], "checkpoint", "no checkpoint"),
        (SIGNED[::-1], "checkpoint", "ascending"),
        ([checkpoint(5, key=SigningKey.generate(LOG.name))], "checkpoint", "not signed"),
        ([checkpoint(5)], "cosignature", "no checkpoint is signed"),
        ([forged_cosignature()], "cosignature", "wrong"),
        ([SIGNED[1].replace("\n13\n", "\n14\n")], "checkpoint", "wrong"),
        (["rubbish"], "checkpoint", "a note is"),
    ],
)
def test_checkpoints_that_do_not_hold(checkpoints, what, words):
    difference = check(checkpoints, lines()).difference
    assert difference.what == what
    assert words in difference.reason


def test_without_a_witness_the_logs_signature_is_enough():
    assert check(SIGNED[:1], lines(), witness=None).sound


def proof(old, new, hashes=HASHES):
    nodes = dict(enumerate(hashes[:new]))
    completed = dict(merkle.Frontier().extend(hashes[:new])[1])
    return merkle.prove(
        merkle.consistency_path(old, new),
        lambda node: nodes[node.offset] if node.level == 0 else completed[node],
    )


def test_a_witness_follows_a_log():
    first = verify_successor(None, SIGNED[0], [], log=LOG.verifier)
    assert first.size == 5
    assert verify_successor(SIGNED[0], SIGNED[1], proof(5, 13), log=LOG.verifier).size == 13
    assert verify_successor(SIGNED[0], SIGNED[0], [], log=LOG.verifier).size == 5


def test_a_rewritten_log_is_caught_with_the_evidence():
    forged = [merkle.leaf_hash(b"forged"), *HASHES[1:]]
    newer = checkpoint(13, forged)
    with pytest.raises(Inconsistent) as caught:
        verify_successor(SIGNED[0], newer, proof(5, 13, forged), log=LOG.verifier)
    assert (caught.value.older, caught.value.newer) == (SIGNED[0], newer)
    assert caught.value.proof == tuple(proof(5, 13, forged))


def test_a_log_that_shrinks_is_inconsistent():
    with pytest.raises(Inconsistent):
        verify_successor(SIGNED[1], SIGNED[0], [], log=LOG.verifier)


def test_a_stranger_cannot_extend_a_log():
    stranger = SigningKey.generate(LOG.name)
    with pytest.raises(InvalidNote):
        verify_successor(SIGNED[0], checkpoint(13, key=stranger), proof(5, 13), log=LOG.verifier)


def test_the_cosigned_checkpoint_is_the_same_statement():
    assert Note.parse(SIGNED[1]).text == Note.parse(checkpoint(13)).text
