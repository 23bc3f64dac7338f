"""The printable statement (数据汇聚情况证明): one page of HTML that needs nothing else. Pure function."""

from datetime import datetime
from html import escape

from zhengshu_contracts.beijing import BEIJING
from zhengshu_contracts.catalog import StatementLine, StatementOut

STYLE = """
@page { size: A4; margin: 20mm }
body { font: 12pt/1.6 "SimSun", "Songti SC", "Noto Serif CJK SC", serif; color: #000;
       max-width: 180mm; margin: auto }
h1 { font-size: 20pt; text-align: center; letter-spacing: .2em }
table { border-collapse: collapse; width: 100%; font-size: 10.5pt }
th, td { border: 1px solid #000; padding: 4px 6px; text-align: left }
thead { display: table-header-group } tr { break-inside: avoid }
.foot { display: flex; justify-content: space-between; margin-top: 2em }
"""
HEADS = (
    "应汇聚的数据",
    "目录条目",
    "目录状态",
    "挂接",
    "当前版本",
    "行数",
    "最近汇聚",
    "市级已确认",
    "结论",
)


def page(statement: StatementOut) -> str:
    """Return the statement as a page to print."""
    verdict = "应汇聚的数据已全部汇聚" if statement.complete else "应汇聚的数据尚未全部汇聚"
    heads = "".join(f"<th scope='col'>{head}</th>" for head in HEADS)
    rows = "".join(_row(line) for line in statement.lines)
    return (
        "<!doctype html><html lang='zh-CN'><head><meta charset='utf-8'>"
        f"<title>数据汇聚情况证明 {escape(statement.number)}</title><style>{STYLE}</style></head><body>"
        f"<h1>数据汇聚情况证明</h1><p>编号:{escape(statement.number)}</p>"
        f"<p>单位:{escape(statement.organization_name)}({escape(statement.organization)})<br>"
        f"信息化系统:{escape(statement.system_name)}({escape(statement.system)})<br>"
        f"建设阶段:{statement.stage.label}</p>"
        f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"
        f"<p><strong>结论:{verdict}。</strong></p>"
        f"<div class='foot'><span>校验码:{escape(statement.check_code)}</span>"
        f"<span>出具时间:{_time(statement.issued_at)}</span></div></body></html>"
    )


def _row(line: StatementLine) -> str:
    cells = (
        line.title,
        line.entry or "未编目",
        line.state.label if line.state else "—",
        line.registration.label if line.registration else "—",
        line.version or "—",
        f"{line.rows:,}",
        _time(line.last_batch),
        "不上报" if line.exempt else "是" if line.acknowledged else "否",
        "已汇聚" if line.aggregated else "未汇聚",
    )
    return f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in cells)}</tr>"


def _time(at: datetime | None) -> str:
    return at.astimezone(BEIJING).strftime("%Y-%m-%d %H:%M") if at else "—"
