"""What this process is told from outside."""

from enum import StrEnum
from pathlib import Path

from pydantic import Field
from zhengshu_chassis.settings import ServiceSettings, prefixed
from zhengshu_contracts.clocks import Term

from zhengshu_sharing.applications.states import Chain


class SupplementClock(StrEnum):
    """What the clock does while the applicant supplies what is missing: the law does not say."""

    PAUSE = "pause"
    RESTART = "restart"
    RUN = "run"


class Unconditional(StrEnum):
    """Whether unconditional items are read at once, or once their use was registered."""

    DIRECT = "direct"
    REGISTERED = "registered"


class SharingSettings(ServiceSettings):
    """Settings of sharing."""

    model_config = prefixed("ZHENGSHU_SHARING_")

    longest_years: int = 3
    """The longest period that can be applied for."""
    number_prefix: str = "罗政数"
    """What the numbers of all papers begin with; the kind of paper follows: 申, 备, …"""
    opinion_by: Chain = Chain.COMMISSION
    """Who asks the provider's opinion: the Commission, or the county before it forwards."""
    unconditional: Unconditional = Unconditional.DIRECT
    """`registered`: applying for unconditional items leaves a grant, without which the gateway refuses."""
    supplement_clock: SupplementClock = SupplementClock.PAUSE
    """What a supplement notice does to the clock of the endorsement."""
    stop_notice_days: int = Field(default=5, ge=1)
    """Working days that a provider tells ahead before it stops a service."""
    terms: dict[Term, int] = Field(default_factory=dict)
    """Working days of a term where they differ; none the law fixes gets longer (Decree 809 Art. 23)."""
    calendar_file: Path | None = None
    """Amends the working-day calendar: `{"years": [], "holidays": [], "makeup": []}`."""
    store_url: str | None = None
    """Object store of attachments: `file:///folder`, `s3://bucket/prefix`; without one none are taken."""
    attachment_years: int = Field(default=10, ge=3)
    """Years that the attachments of a case are kept."""
    expiry_notice_days: int = Field(default=30, ge=1)
    """Days before the end of a grant that its holder is told of it."""
    usage_years: int = Field(default=3, ge=3)
    """Whole years that usage records are kept, then dropped (Decree 809 Art. 29: at least three)."""
    expiry_interval: float = 5.0
    """Seconds between two looks for grants whose period is over."""
