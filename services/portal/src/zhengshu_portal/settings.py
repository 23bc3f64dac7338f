"""What the portal is told from outside."""

from zhengshu_chassis.settings import ProcessSettings, prefixed


class PortalSettings(ProcessSettings):
    """Where the node's public API is, for this process and for browsers."""

    model_config = prefixed("ZHENGSHU_PORTAL_")

    gateway_url: str
    """The gateway as this process reaches it."""
    public_url: str
    """The gateway as a browser or a citizen's program reaches it."""
