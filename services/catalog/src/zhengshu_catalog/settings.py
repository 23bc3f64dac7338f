"""What catalog is told from outside."""

from zhengshu_chassis.settings import ServiceSettings, prefixed


class CatalogSettings(ServiceSettings):
    """Settings of catalog, `ZHENGSHU_CATALOG_*`."""

    model_config = prefixed("ZHENGSHU_CATALOG_")
