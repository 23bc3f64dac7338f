"""Every event there is, by subject, and the streams they lie on. Written out by hand."""

from dataclasses import dataclass

from zhengshu_contracts import access, audit, catalog, officers, opening, sharing
from zhengshu_contracts.base import Event
from zhengshu_contracts.credentials import ClientKeyChanged

EVENTS: dict[str, type[Event]] = {
    event.subject: event
    for event in (
        catalog.OrganizationRegistered,
        catalog.SystemWasRegistered,
        catalog.OfficerWasRegistered,
        ClientKeyChanged,
        officers.DeputyNamed,
        officers.DeputyStarted,
        officers.DeputyEnded,
        officers.OfficerDeparted,
        catalog.EntrySubmitted,
        catalog.EntryReturned,
        catalog.EntryRefused,
        catalog.EntryPublished,
        catalog.EntryRetired,
        catalog.EntryRetirementRequested,
        catalog.EntryMendMissed,
        catalog.ImportConfirmed,
        catalog.ImportReviewed,
        catalog.EntryRegistered,
        catalog.ItemSourceNamed,
        catalog.ClientLocked,
        catalog.ClientUnlocked,
        catalog.CredentialWasReissued,
        catalog.VendorEntrusted,
        catalog.VendorEnded,
        catalog.SystemAdvanced,
        catalog.StatementIssued,
        catalog.LegacySystemRegistered,
        catalog.LegacySystemAdvanced,
        catalog.LegacyCountReconciled,
        catalog.ThemeCompiled,
        catalog.ThemeConsented,
        catalog.ServiceRegistrationChanged,
        catalog.UploadAcknowledged,
        catalog.DatasetLapsed,
        catalog.DatasetRecovered,
        catalog.DatasetRestarted,
        catalog.DatasetUpdated,
        sharing.ApplicationSubmitted,
        sharing.ApplicationEndorsed,
        sharing.ApplicationReturned,
        sharing.ApplicationSupplemented,
        sharing.ApplicationForwarded,
        sharing.ApplicationWithdrawn,
        sharing.ApplicationRefused,
        sharing.OpinionRequested,
        sharing.OpinionGiven,
        sharing.ExtensionRequested,
        sharing.ExtensionDecided,
        sharing.ClockOpened,
        sharing.ClockPaused,
        sharing.ClockResumed,
        sharing.ClockMoved,
        sharing.ClockMissed,
        sharing.ClockExtensionRequested,
        sharing.ClockExtensionDecided,
        sharing.AnnualReportOpened,
        sharing.AnnualReportFiled,
        sharing.BasisChangeFiled,
        sharing.BasisChangeMoved,
        sharing.ClockClosed,
        sharing.GrantActivated,
        sharing.GrantSuspended,
        sharing.GrantResumed,
        sharing.GrantRevoked,
        sharing.GrantExpired,
        sharing.GrantRectified,
        sharing.GrantRenewed,
        sharing.GrantDisposed,
        sharing.StopAnnounced,
        sharing.DisposalOpened,
        sharing.ObjectionFiled,
        sharing.ObjectionMoved,
        sharing.CorrectionFiled,
        sharing.CorrectionMoved,
        sharing.DatasetDoubted,
        sharing.DatasetCleared,
        sharing.DisputeFiled,
        sharing.DisputeMoved,
        sharing.DemandFiled,
        sharing.DemandMoved,
        sharing.UsageRecorded,
        sharing.UsagePurged,
        opening.ProposalSubmitted,
        opening.ProposalReviewed,
        opening.ListingRegistered,
        opening.ListingWithdrawn,
        opening.SnapshotPublished,
        opening.ApplicantWasRegistered,
        opening.OpenApplicationSubmitted,
        opening.OpenApplicationRefused,
        opening.OpenApplicationForwarded,
        opening.AuthorizationActivated,
        opening.AuthorizationRevoked,
        opening.AuthorizationExpired,
        audit.CheckpointCountersigned,
        audit.LedgerRestarted,
        audit.AccessClosed,
        access.AccessDecided,
        access.AccessEnded,
        access.RefusalsCounted,
    )
}


@dataclass(frozen=True, slots=True)
class StreamSpec:
    """How a stream is kept. Ages in seconds; 0 means no limit."""

    name: str
    subjects: tuple[str, ...]
    max_age: int = 0
    work_queue: bool = False
    """Messages leave when acknowledged; the stream refuses new ones when full."""
    max_bytes: int = -1


DAY = 24 * 3600

STREAMS: tuple[StreamSpec, ...] = (
    StreamSpec(
        name="EVENTS",
        subjects=(
            "zhengshu.catalog.>",
            "zhengshu.sharing.>",
            "zhengshu.opening.>",
            "zhengshu.audit.>",
            "zhengshu.dataset.>",
        ),
        max_age=30 * DAY,
    ),
    StreamSpec(name="ACCESS", subjects=("zhengshu.access.>",), work_queue=True, max_bytes=4 << 30),
)


@dataclass(frozen=True, slots=True)
class BucketSpec:
    """How a KV bucket is kept; `ttl` in seconds, 0 means for ever."""

    name: str
    ttl: int = 0


BUCKETS: tuple[BucketSpec, ...] = (BucketSpec("policy"), BucketSpec("lease", ttl=6))
