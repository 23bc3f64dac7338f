"""`python -m zhengshu_sharing serve | work | all | migrate | openapi`."""

from zhengshu_chassis.cli import run

from zhengshu_sharing.settings import SharingSettings


def main() -> None:
    """Run a command."""
    run(
        "sharing",
        build="zhengshu_sharing.main:build",
        settings=SharingSettings,
        migrations="zhengshu_sharing",
    )


if __name__ == "__main__":
    main()
