"""What opening is told from outside."""

from pydantic import SecretStr
from zhengshu_chassis.settings import ServiceSettings, prefixed


class OpeningSettings(ServiceSettings):
    """Settings of opening."""

    model_config = prefixed("ZHENGSHU_OPENING_")

    gateway_url: str
    """Where open columns are read, as any system reads them."""
    client_id: str
    client_secret: SecretStr
    """Credential of opening's own system, registered in catalog."""
    store_url: str
    """Object store of published files: `file:///folder`, `s3://bucket/prefix`."""
    public_url: str = ""
    """Address under which the public reaches the node, for the catalogue; empty: `gateway_url`."""
    catalog_title: str = "罗源县政务数据开放目录"
    export_timeout: float = 60.0
    """Longest silence in seconds while an export is read."""
