"""No deployable has a secret of its own making: what is not told must be told."""

import pytest
from pydantic import SecretStr

from architecture.deployables import names, settings_of

WITHOUT_A_DATABASE = {"zhengshu_gateway", "zhengshu_portal"}


@pytest.mark.parametrize("name", names())
def test_no_secret_has_a_default(name: str) -> None:
    fields = settings_of(name).model_fields
    secrets = {each for each, field in fields.items() if field.annotation is SecretStr}
    assert {each for each in secrets if not fields[each].is_required()} == set()
    assert name in WITHOUT_A_DATABASE or "database_url" in secrets
