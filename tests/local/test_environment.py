"""The table of settings fits what each deployable asks for: nothing missing, nothing unknown."""

import importlib
import importlib.util

import pytest
from pydantic_settings import BaseSettings
from zhengshu_local.credentials import load
from zhengshu_local.databases import DATABASES
from zhengshu_local.deployables import DEPLOYABLES, Layout

WITH_SETTINGS = [one for one in DEPLOYABLES if importlib.util.find_spec(f"{one.module}.settings")]


@pytest.mark.parametrize("one", WITH_SETTINGS, ids=lambda one: one.name)
def test_settings_accept_the_environment(one, tmp_path, monkeypatch):
    module = importlib.import_module(f"{one.module}.settings")
    (settings,) = (
        value
        for value in vars(module).values()
        if isinstance(value, type)
        and issubclass(value, BaseSettings)
        and value.__module__ == module.__name__
    )
    environment = one.environment(Layout(tmp_path, 18080, load(tmp_path)))
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert settings().port == 18080 + one.offset


def test_every_variable_carries_the_prefix_of_its_deployable(tmp_path):
    layout = Layout(tmp_path, 18080, load(tmp_path))
    for one in DEPLOYABLES:
        prefix = f"ZHENGSHU_{one.name.upper()}_"
        assert all(name.startswith(prefix) for name in one.environment(layout))


def test_no_serving_process_is_given_an_owners_password(tmp_path):
    secrets = load(tmp_path)
    layout = Layout(tmp_path, 18080, secrets)
    owners = {
        password
        for role, password in secrets.group("databases").items()
        if role.endswith("_owner") or role == "postgres"
    }
    assert len(owners) == len(DATABASES) + 1
    for one in DEPLOYABLES:
        told = " ".join(one.environment(layout).values())
        assert not [each for each in owners if each in told], one.name
