"""python -m zhengshu_opening serve|work|all|migrate|openapi"""

from zhengshu_chassis.cli import run

from zhengshu_opening.settings import OpeningSettings

run(
    "opening",
    build="zhengshu_opening.main:build",
    settings=OpeningSettings,
    migrations="zhengshu_opening",
)
