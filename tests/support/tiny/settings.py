"""Settings."""

from zhengshu_chassis.settings import ServiceSettings, prefixed


class TinySettings(ServiceSettings):
    model_config = prefixed("TINY_")
