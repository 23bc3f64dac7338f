"""Receipts and JWK: what is signed verifies offline, and nothing else passes for a receipt."""

import base64
import json

import jwt
import pytest
from zhengshu_verify import keys, receipt
from zhengshu_verify.keys import InvalidKey
from zhengshu_verify.receipt import InvalidReceipt

KEY = keys.generate()
SET = keys.jwk_set([keys.generate().public_key(), KEY.public_key()])
CONTENT = {"dataset": "303084122704-000001", "version": [1, 7], "digest": "摘要"}


def test_round_trip():
    signed = receipt.sign(CONTENT, KEY)
    assert receipt.verify(signed, json.loads(json.dumps(SET))) == CONTENT
    assert jwt.get_unverified_header(signed)["kid"] == keys.thumbprint(KEY.public_key())


def test_thumbprint_and_key_of_rfc_8037():
    x, d = (
        "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
        "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
    )
    key = keys.load_private({"kty": "OKP", "crv": "Ed25519", "x": x, "d": d})
    assert keys.thumbprint(key.public_key()) == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
    assert keys.private_jwk(key)["d"] == d


def test_a_private_key_survives_its_text_form():
    text = json.dumps(keys.private_jwk(KEY))
    assert keys.load_private(text).private_bytes_raw() == KEY.private_bytes_raw()


@pytest.mark.parametrize(
    "change",
    [
        {"kty": "EC"},
        {"crv": "X25519"},
        {"x": "AAAA"},
        {"x": "?"},
        {"x": None},
        {"d": "AAAA"},
        {"d": keys.private_jwk(keys.generate())["d"]},
        {"kid": "another"},
    ],
)
def test_wrong_keys(change):
    with pytest.raises(InvalidKey):
        keys.load_private(keys.private_jwk(KEY) | change)


@pytest.mark.parametrize("text", ["", "[]", "{}"])
def test_text_that_is_no_key(text):
    with pytest.raises(InvalidKey):
        keys.load_private(text)


def forged(**header):
    headers = {"typ": receipt.TYPE, "kid": keys.thumbprint(KEY.public_key())} | header
    return jwt.PyJWS().encode(b"{}", KEY, algorithm="EdDSA", headers=headers)


def unsigned():
    head, body, _ = receipt.sign(CONTENT, KEY).split(".")
    header = json.loads(base64.urlsafe_b64decode(head + "==")) | {"alg": "none"}
    return f"{base64.urlsafe_b64encode(json.dumps(header).encode()).decode().rstrip('=')}.{body}."


def by_shared_secret():
    headers = {"typ": receipt.TYPE, "kid": keys.thumbprint(KEY.public_key())}
    secret = KEY.public_key().public_bytes_raw()
    return jwt.PyJWS().encode(b"{}", secret, algorithm="HS256", headers=headers)


def changed():
    head, _, signature = receipt.sign(CONTENT, KEY).split(".")
    return f"{head}.{base64.urlsafe_b64encode(b'{}').decode().rstrip('=')}.{signature}"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a.b.c",
        forged(typ="JWT"),
        forged(kid="unknown"),
        jwt.encode({"sub": "x"}, KEY, algorithm="EdDSA"),
        unsigned(),
        by_shared_secret(),
        changed(),
        receipt.sign(CONTENT, keys.generate()),
        jwt.PyJWS().encode(
            b"[]",
            KEY,
            algorithm="EdDSA",
            headers={"typ": receipt.TYPE, "kid": keys.thumbprint(KEY.public_key())},
        ),
    ],
)
def test_refused(text):
    with pytest.raises(InvalidReceipt):
        receipt.verify(text, SET)
