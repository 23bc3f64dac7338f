"""The state machine of annual reports, as data (国发〔2016〕51号). Pure."""

from zhengshu_contracts.basis import Basis
from zhengshu_contracts.sharing import AnnualReportState

from zhengshu_sharing.matters.machine import Machine, Party, move

S = AnnualReportState

MACHINE = Machine(
    kind="annual_report",
    prefix="r",
    paper="年",
    states=S,
    start=S.OWED,
    waits=None,  # begins with the year, not with a step
    moves={"file": move((S.OWED,), S.FILED, (Party.FILER,), "报送年度报告")},
    basis=Basis.SHARING_2016,
)
