"""What catalog is told from outside."""

from pydantic import SecretStr
from zhengshu_chassis.settings import ServiceSettings, prefixed


class CatalogSettings(ServiceSettings):
    """Settings of catalog, `ZHENGSHU_CATALOG_*`."""

    model_config = prefixed("ZHENGSHU_CATALOG_")

    reader_url: SecretStr
    """The database as the role that only reads: it serves rows."""
    receipt_key: SecretStr
    """Ed25519 private key (text of a JWK) that signs receipts of pushes."""
    row_id_key: SecretStr
    """Key of the hash that names a row where a view lacks the dataset's key."""
    cursor_key: SecretStr
    """Key that seals the cursors of rows and changes."""
    mend_days: int = 180
    """How long a department may take to mend what an entry taken over lacks."""
    realtime_minutes: int = 60
    """After how many minutes without a push a dataset that is updated in real time has lapsed."""
    store_url: str = ""
    """Object store of pushes taken later (`file:///folder`, `s3://bucket/prefix`); empty: none are."""
