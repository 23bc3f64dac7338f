"""Cursors, identifiers, signatures, settings, failpoints: parts without a server."""

import asyncio
import os
import subprocess
import sys
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from support.tiny.settings import TinySettings
from zhengshu_chassis import ids, signature
from zhengshu_chassis.paging import BadCursor, Cursors
from zhengshu_chassis.settings import Mode, for_documents
from zhengshu_chassis.signature import BadSignature, content_digest, sign, verify
from zhengshu_chassis.workers import end

KEY = b"a key of the counterpart"
CURSORS = Cursors("a key")
POSITIONS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner, max_size=4)
)


class TestCursors:
    @given(position=POSITIONS, purpose=st.text())
    def test_what_was_sealed_comes_out(self, position, purpose):
        assert CURSORS.open(purpose, CURSORS.seal(purpose, position)) == position

    @given(place=st.integers(min_value=0), bit=st.integers(min_value=0, max_value=5))
    def test_any_change_is_noticed(self, place, bit):
        cursor = CURSORS.seal("list", ["2026-01-01", 7])
        place %= len(cursor)
        letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
        other = letters[letters.index(cursor[place]) ^ (1 << bit)]
        changed = cursor[:place] + other + cursor[place + 1 :]
        try:
            opened = CURSORS.open("list", changed)
        except BadCursor:
            return
        # The last character has bits that base64 does not read.
        assert place == len(cursor) - 1
        assert opened == ["2026-01-01", 7]

    @pytest.mark.parametrize("cursor", ["", "x", "====", "é", "A" * 400])
    def test_nonsense_is_refused(self, cursor):
        with pytest.raises(BadCursor):
            CURSORS.open("list", cursor)

    def test_a_cursor_belongs_to_its_list_and_its_key(self):
        cursor = CURSORS.seal("list of a", 1)
        with pytest.raises(BadCursor):
            CURSORS.open("list of b", cursor)
        with pytest.raises(BadCursor):
            Cursors("another key").open("list of a", cursor)

    def test_a_cursor_shows_nothing(self):
        assert CURSORS.seal("list", "张三") != CURSORS.seal("list", "张三")


class TestIds:
    def test_later_ones_sort_after_earlier_ones(self):
        made = []
        for _ in range(20):
            made.append(ids.new("g"))
            time.sleep(0.002)
        assert made == sorted(made)
        assert len(set(made)) == 20

    def test_they_are_safe_in_urls_and_subjects(self):
        assert ids.new("g").removeprefix("g-").isalnum()
        assert ids.new("g").islower()
        assert len(ids.new("g")) == 28

    def test_the_uuid_says_its_version(self):
        made = ids.uuid7()
        assert made.version == 7
        assert made.variant == "specified in RFC 4122"


class TestSignature:
    NOW = 1_800_000_000.0

    def signed(self, body: bytes | None = None) -> dict[str, str]:
        digest = content_digest(body) if body else None
        return sign(KEY, requester="county", service="node", digest=digest, now=self.NOW)

    def test_a_genuine_request_names_its_requester(self):
        assert verify(KEY, self.signed(b"x"), body=b"x", now=self.NOW + 299) == "county"
        assert verify(KEY, self.signed(), now=self.NOW) == "county"

    def test_the_signature_is_the_national_one(self):
        """Base64(HMAC-SHA256(key, sid + rid + rtime)), computed apart from the code."""
        headers = self.signed()
        script = (
            "import hmac,base64;print(base64.b64encode(hmac.new(%r,%r,'sha256').digest()).decode())"
        )
        done = subprocess.run(
            [sys.executable, "-c", script % (KEY, b"nodecounty1800000000000")],
            capture_output=True,
            text=True,
            check=True,
        )
        assert headers["gjgxjhpt_sign"] == done.stdout.strip()

    @pytest.mark.parametrize("name", [*sign(b"k", requester="r", service="s", digest="d")])
    def test_any_changed_or_missing_header_is_noticed(self, name):
        for changed in ({name: self.signed(b"x")[name] + "0"}, {name: ""}):
            with pytest.raises(BadSignature):
                verify(KEY, self.signed(b"x") | changed, body=b"x", now=self.NOW)

    def test_another_body_is_noticed(self):
        for headers in (self.signed(b"x"), self.signed()):
            with pytest.raises(BadSignature):
                verify(KEY, headers, body=b"y", now=self.NOW)

    @pytest.mark.parametrize("late", [-301, 301])
    def test_an_old_or_future_request_is_refused(self, late):
        with pytest.raises(BadSignature):
            verify(KEY, self.signed(), now=self.NOW + late)

    def test_another_key_is_refused(self):
        with pytest.raises(BadSignature):
            verify(b"other", self.signed(), now=self.NOW)

    def test_header_names_come_in_any_case(self):
        shouted = {name.upper(): value for name, value in self.signed().items()}
        assert verify(KEY, shouted, now=self.NOW) == "county"
        assert signature.TOLERANCE == 300


COMPLETE = {
    "TINY_PORT": "1",
    "TINY_DATABASE_URL": "postgresql://a:b@c/d",
    "TINY_INTERNAL_KEY": "k",
    "TINY_NATS_URL": "nats://x",
    "TINY_NATS_USER": "u",
    "TINY_NATS_PASSWORD": "p",
}


class TestSettings:
    @pytest.fixture(autouse=True)
    def complete(self, monkeypatch):
        for name, value in COMPLETE.items():
            monkeypatch.setenv(name, value)

    def test_they_come_from_the_environment(self):
        settings = TinySettings()
        assert (settings.port, settings.host, settings.mode) == (1, "127.0.0.1", Mode.ALL)

    @pytest.mark.parametrize("name", sorted(COMPLETE))
    def test_what_has_no_default_must_be_said(self, monkeypatch, name):
        monkeypatch.delenv(name)
        with pytest.raises(ValidationError):
            TinySettings()

    @pytest.mark.parametrize("name", ["TINY_INTERNAL_KEY", "TINY_NATS_PASSWORD"])
    def test_an_empty_secret_is_none(self, monkeypatch, name):
        monkeypatch.setenv(name, "")
        with pytest.raises(ValidationError, match=name.removeprefix("TINY_").lower()):
            TinySettings()

    def test_a_mistyped_variable_is_refused(self, monkeypatch):
        monkeypatch.setenv("TINY_LOGLEVEL", "DEBUG")
        with pytest.raises(ValidationError, match="TINY_LOGLEVEL"):
            TinySettings()

    def test_they_do_not_change_and_do_not_show_secrets(self):
        settings = TinySettings()
        with pytest.raises(ValidationError):
            settings.port = 2
        assert "postgresql" not in repr(settings)

    def test_documents_need_no_environment(self, monkeypatch):
        for name in COMPLETE:
            monkeypatch.delenv(name)
        assert for_documents(TinySettings).nats_user == "only-for-documents"


def test_a_failpoint_kills_only_when_it_is_named():
    script = "from zhengshu_chassis.failpoints import hit; hit('a'); hit('b'); print('alive')"
    for armed, code in (("", 0), ("c", 0), ("c, b", -9)):
        environment = os.environ | {"ZHENGSHU_FAILPOINTS": armed}
        done = subprocess.run([sys.executable, "-c", script], env=environment, check=False)
        assert done.returncode == code


class TestWorkers:
    async def test_who_loses_a_cancellation_is_cancelled_again(self):
        begun = asyncio.Event()

        async def stubborn() -> None:
            begun.set()
            for _ in range(2):
                try:
                    await asyncio.sleep(60)
                except asyncio.CancelledError:
                    continue
            await asyncio.sleep(60)

        task = asyncio.create_task(stubborn())
        await begun.wait()
        await end({task})
        assert task.cancelled()
