"""Refusals about proposals."""

from zhengshu_chassis.errors import Conflict, Forbidden, NotFound


class DatasetNotFound(NotFound):
    """No published entry of this id."""

    slug = "dataset-unknown"
    title = "未找到已发布的数据集"


class ProposalNotFound(NotFound):
    """No such proposal, or not to be seen by this caller."""

    slug = "proposal-unknown"
    title = "未找到该开放提案"


class NotProvider(Forbidden):
    """Only a dataset's provider proposes its opening."""

    slug = "not-provider"
    title = "只有数据提供单位可以提出开放"


class RegistrationWithdrawn(Conflict):
    """A dataset whose service registration was withdrawn is not opened."""

    slug = "no-service-registration"
    title = "数据集的挂接已被撤销"


class AlreadyProposed(Conflict):
    """A proposal for the dataset is under way, or it is open already."""

    slug = "already-proposed"
    title = "该数据集已有开放提案或已开放"


class AlreadyReviewed(Conflict):
    """The proposal does not wait for a review."""

    slug = "already-reviewed"
    title = "该提案已审核"


class OwnProposal(Forbidden):
    """Nobody reviews their own proposal."""

    slug = "own-proposal"
    title = "不能审核本人提出的提案"


class OutcomeNotAllowed(Conflict):
    """A review agrees or returns."""

    slug = "outcome-not-allowed"
    title = "审核意见只能是同意或退回修改"
