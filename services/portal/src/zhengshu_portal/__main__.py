"""python -m zhengshu_portal serve|all|openapi."""

from zhengshu_chassis import cli

from zhengshu_portal.settings import PortalSettings

cli.run("portal", build="zhengshu_portal.main:build", settings=PortalSettings)
