"""A bad deployment fails its start without telling its secrets."""

import pytest
from pydantic import ValidationError
from zhengshu_chassis.settings import ServiceSettings, prefixed


class SampleSettings(ServiceSettings):
    """Settings of nobody."""

    model_config = prefixed("ZHENGSHU_SAMPLE_")


def test_a_missing_setting_is_named_and_no_secret_is_shown(monkeypatch):
    monkeypatch.setenv("ZHENGSHU_SAMPLE_INTERNAL_KEY", "told nobody")
    with pytest.raises(ValidationError) as raised:
        SampleSettings()
    assert "database_url" in str(raised.value)
    assert "told nobody" not in str(raised.value)
