"""python -m zhengshu_catalog serve | work | all | migrate | openapi | seed | reindex | new-epochs."""

from zhengshu_chassis.cli import run

from zhengshu_catalog.aggregation.restoring import HELP as NEW_EPOCHS
from zhengshu_catalog.aggregation.restoring import new_epochs
from zhengshu_catalog.entries.reindex import HELP as REINDEX
from zhengshu_catalog.entries.reindex import reindex
from zhengshu_catalog.organizations.seed import HELP, seed
from zhengshu_catalog.settings import CatalogSettings

run(
    "catalog",
    build="zhengshu_catalog.main:build",
    settings=CatalogSettings,
    migrations="zhengshu_catalog",
    commands={
        "seed": (HELP, seed),
        "reindex": (REINDEX, reindex),
        "new-epochs": (NEW_EPOCHS, new_epochs),
    },
)
