"""目录分类: the classes that begin the code of every entry, by the guide of 2017."""

from zhengshu_contracts.labelled import Labelled


class Theme(Labelled):
    """目录分类: 类 and 项 of the 2017 guide, the first three digits of an entry's code."""

    POPULATION = "101", "国家人口"
    LEGAL_ENTITIES = "102", "法人单位"
    GEOGRAPHY = "103", "自然资源和空间地理"
    CREDIT = "104", "社会信用"
    LICENCES = "105", "电子证照"
    PUBLIC_SERVICE = "201", "公共服务"
    HEALTH = "202", "健康保障"
    SOCIAL_SECURITY = "203", "社会保障"
    FOOD_AND_DRUGS = "204", "食品药品安全"
    WORK_SAFETY = "205", "安全生产"
    PRICES = "206", "价格监管"
    ENERGY = "207", "能源安全"
    CREDIT_SYSTEM = "208", "信用体系"
    CONSTRUCTION = "209", "城乡建设"
    COMMUNITY = "210", "社区治理"
    ENVIRONMENT = "211", "生态环保"
    EMERGENCY = "212", "应急维稳"
    PARTY = "301", "党中央"
    CONGRESS = "302", "全国人大常委会"
    STATE_COUNCIL = "303", "国务院"
    CONSULTATIVE = "304", "全国政协"
    COURT = "305", "最高人民法院"
    PROCURATORATE = "306", "最高人民检察院"
    PROVINCE = "307", "省级及以下部门"
    SEPARATE_CITY = "308", "计划单列市及以下部门"
