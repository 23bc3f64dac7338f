"""On what grounds an application may be refused: a closed list, so that incompleteness cannot be one."""

from zhengshu_contracts.vocabulary import Labelled


class RefusalGround(Labelled):
    """Why an application may be refused; incompleteness is none (Decree 809 Art. 21)."""

    OUTSIDE_DUTIES = "outside_duties", "与申请单位法定职责无关"
    BASIS_NOT_VALID = "basis_not_valid", "使用依据不成立"
    NOT_NECESSARY = "not_necessary", "超出履行职责所必需"
    CONDITIONS_NOT_MET = "conditions_not_met", "不符合目录列明的共享范围或使用用途"
    FORBIDDEN_BY_LAW = "forbidden_by_law", "法律、行政法规、国务院决定规定不予共享"
    SECURITY = "security", "数据安全保障不足"
    MISUSE = "misuse", "此前违规使用尚未整改"
