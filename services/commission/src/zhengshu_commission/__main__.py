"""python -m zhengshu_commission serve|work|all|migrate|openapi."""

from zhengshu_chassis import cli

from zhengshu_commission.settings import CommissionSettings

cli.run(
    "commission",
    build="zhengshu_commission.main:build",
    settings=CommissionSettings,
    migrations="zhengshu_commission",
)
