"""python -m zhengshu."""

from zhengshu.cli import main

main()
