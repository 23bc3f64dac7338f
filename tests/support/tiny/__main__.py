"""python -m support.tiny serve|work|all|migrate|openapi"""

from support.tiny.settings import TinySettings
from zhengshu_chassis.cli import run

run("audit", build="support.tiny.main:build", settings=TinySettings, migrations="support.tiny")
