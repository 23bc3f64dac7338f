"""The articles rules come from. A refusal names one, so that its receiver can look it up."""

from zhengshu_contracts.vocabulary import Labelled


class Basis(Labelled):
    """An article of law, by a short stable name; the label is the citation people read."""

    DECREE_3 = "decree-809-3", "《政务数据共享条例》第三条"
    DECREE_11 = "decree-809-11", "《政务数据共享条例》第十一条"
    DECREE_12 = "decree-809-12", "《政务数据共享条例》第十二条"
    DECREE_13 = "decree-809-13", "《政务数据共享条例》第十三条"
    DECREE_14 = "decree-809-14", "《政务数据共享条例》第十四条"
    DECREE_15 = "decree-809-15", "《政务数据共享条例》第十五条"
    DECREE_16 = "decree-809-16", "《政务数据共享条例》第十六条"
    DECREE_17 = "decree-809-17", "《政务数据共享条例》第十七条"
    DECREE_18 = "decree-809-18", "《政务数据共享条例》第十八条"
    DECREE_19 = "decree-809-19", "《政务数据共享条例》第十九条"
    DECREE_20 = "decree-809-20", "《政务数据共享条例》第二十条"
    DECREE_21 = "decree-809-21", "《政务数据共享条例》第二十一条"
    DECREE_22 = "decree-809-22", "《政务数据共享条例》第二十二条"
    DECREE_25 = "decree-809-25", "《政务数据共享条例》第二十五条"
    DECREE_26 = "decree-809-26", "《政务数据共享条例》第二十六条"
    DECREE_27 = "decree-809-27", "《政务数据共享条例》第二十七条"
    DECREE_28 = "decree-809-28", "《政务数据共享条例》第二十八条"
    DECREE_29 = "decree-809-29", "《政务数据共享条例》第二十九条"
    DECREE_32 = "decree-809-32", "《政务数据共享条例》第三十二条"
    DECREE_35 = "decree-809-35", "《政务数据共享条例》第三十五条"
    DECREE_36 = "decree-809-36", "《政务数据共享条例》第三十六条"
    MEASURES_SCOPE = "measures-scope", "《罗源县政务数据资源管理办法》第一章(适用范围)"
    MEASURES_REGISTER = "measures-register", "《罗源县政务数据资源管理办法》第二章(数据登记汇聚)"
    MEASURES_SHARING = "measures-sharing", "《罗源县政务数据资源管理办法》第三章(数据共享)"
    MEASURES_OPENING = "measures-opening", "《罗源县政务数据资源管理办法》第四章(数据开放)"
    MEASURES_SECURITY = "measures-security", "《罗源县政务数据资源管理办法》第五章(数据安全)"
    MEASURES_ENTERPRISE = (
        "measures-enterprise",
        "《罗源县政务数据资源管理办法》第八章(公共服务企业)",
    )
    SHARING_2016 = (
        "guofa-2016-51",
        "《政务信息资源共享管理暂行办法》(国发〔2016〕51号)",
    )
    GUIDE_2017 = "guide-2017", "《政务信息资源目录编制指南(试行)》(发改高技〔2017〕1272号)"
