"""What is sold and what goes wrong: models, prices, work, and what callers want. Plain tables."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Model:
    """``price``: yuan, a usual one.

    ``kind``: petrol, hybrid (plate of a petrol car), plugin or battery. ``since``: model year.
    """

    brand: str
    name: str
    maker: str  # world manufacturer identifier
    price: int
    kind: str = "petrol"
    since: int = 2014

    @property
    def new_energy(self) -> bool:
        return self.kind in ("plugin", "battery")


MODELS = (
    Model("volkswagen", "朗逸", "LSV", 109_900), Model("volkswagen", "帕萨特", "LSV", 189_900),
    Model("volkswagen", "途观L", "LSV", 198_800, since=2017),
    Model("volkswagen", "ID.3", "LSV", 129_900, "battery", 2021),
    Model("audi", "A4L", "LFV", 321_800), Model("audi", "A6L", "LFV", 427_900),
    Model("audi", "Q5L", "LFV", 396_800, since=2018),
    Model("toyota", "凯美瑞", "LVG", 171_800), Model("toyota", "汉兰达", "LVG", 249_800, "hybrid", 2015),
    Model("toyota", "RAV4荣放", "LFM", 169_800), Model("toyota", "卡罗拉", "LFM", 116_800, "hybrid"),
    Model("honda", "雅阁", "LHG", 179_800), Model("honda", "CR-V", "LVH", 185_900, "hybrid"),
    Model("honda", "飞度", "LHG", 81_800),
    Model("byd", "秦PLUS DM-i", "LGX", 99_800, "plugin", 2021), Model("byd", "汉EV", "LC0", 209_800, "battery", 2020),
    Model("byd", "宋PLUS DM-i", "LGX", 149_800, "plugin", 2021), Model("byd", "海豚", "LC0", 99_800, "battery", 2021),
    Model("li", "L6", "LW4", 249_800, "plugin", 2024), Model("li", "L7", "LW4", 301_800, "plugin", 2023),
    Model("li", "L9", "LW4", 409_800, "plugin", 2022), Model("li", "ONE", "LW4", 328_000, "plugin", 2019),
)


def models_of(brands: tuple[str, ...]) -> tuple[Model, ...]:
    return tuple(m for m in MODELS if m.brand in brands)


# Work in the workshop: text, yuan from, yuan to, days it takes.
WORK = (
    ("常规保养：更换机油机滤", 420, 980, 0), ("大保养：三滤、火花塞", 1_600, 3_200, 0),
    ("更换前刹车片", 680, 1_500, 0), ("四轮定位", 260, 480, 0),
    ("更换蓄电池", 560, 1_280, 0), ("空调系统检查，加注制冷剂", 320, 860, 0),
    ("事故维修：前保险杠钣喷", 1_800, 6_500, 4),
    ("事故维修：左后门钣金喷漆", 1_500, 4_200, 3), ("发动机异响检查", 300, 5_800, 2), ("变速箱油更换", 980, 2_200, 0),
    ("轮胎更换两条", 900, 2_600, 0), ("天窗漏水处理", 200, 1_800, 1), ("车机系统升级", 0, 300, 0),
    ("年检代办", 300, 500, 1),
)
NEW_ENERGY_WORK = (
    ("新能源常规保养：三电检测", 280, 620, 0), ("动力电池健康检测", 0, 400, 0), ("充电口故障检查", 200, 1_600, 1),
    ("电控系统软件升级", 0, 200, 0),
    ("事故维修：右前翼子板钣喷", 1_600, 4_800, 3), ("更换前刹车片", 680, 1_500, 0),
    ("轮胎更换两条", 1_100, 3_000, 0), ("空调热泵检查", 300, 1_900, 1),
)

LABELS = (
    "老客户", "转介绍", "置换意向", "价格敏感", "只接受短信", "企业用车", "女性车主", "自驾游", "续保意向",
    "二胎家庭", "抖音线索", "车展线索",
)

CUSTOMER_NOTES = (
    "希望周末联系，工作日不方便接电话。", "家里有两个孩子，关注安全座椅接口。",
    "对上次等待时间不满意，来店时请提前安排工位。", "喜欢由同一位服务顾问接待。",
    "经常跑长途，关注油耗。", "打算明年换车，可推荐新能源车型。", "公司统一结算，发票抬头见公司资料。",
    "住得较远，希望上门取送车。",
)


# What a caller on a line wants: weight, matter and result (codes of the start data), what the agent wrote, days until
# the follow-up (0: none).
WANTS: dict[str, tuple[tuple[int, str, str, str, int], ...]] = {
    "sales": (
        (26, "sales.price", "answered", "询问{model}落地价和优惠，已报价。", 0),
        (16, "sales.test_drive", "booked", "预约{model}试驾，已登记。", 2),
        (14, "sales.price", "follow_up", "比较{model}和竞品，想再考虑，约定回访。", 3),
        (12, "sales.finance", "answered", "咨询{model}分期方案和首付比例。", 0),
        (10, "sales.stock", "answered", "询问{model}现车和颜色。", 0),
        (9, "sales.trade_in", "follow_up", "想用旧车置换{model}，约评估师回电。", 1),
        (8, "sales.delivery", "answered", "催问{model}交车时间，已告知进度。", 0),
        (5, "other.wrong_number", "no_action", "打错电话。", 0),
    ),
    "repair": (
        (30, "repair.booking", "booked", "{model}预约保养，已排工位。", 0),
        (22, "repair.progress", "answered", "查询{model}维修进度，已告知。", 0),
        (12, "repair.price", "answered", "询问{model}保养项目和价格。", 0),
        (10, "repair.parts", "follow_up", "{model}配件缺货，到货后通知客户。", 5),
        (9, "repair.warranty", "answered", "咨询{model}质保范围。", 0),
        (8, "repair.insurance", "transferred", "出险报修，转事故专员。", 1),
        (5, "repair.fault", "booked", "{model}亮故障灯，建议进店检测。", 1),
        (4, "other.wrong_number", "no_action", "打错电话。", 0),
    ),
    "rescue": (
        (34, "rescue.battery", "dispatched", "{model}无法启动，派车搭电。", 0),
        (26, "rescue.tyre", "dispatched", "{model}爆胎，派车换胎。", 0),
        (22, "rescue.tow", "dispatched", "{model}事故无法行驶，派拖车到店。", 1),
        (10, "rescue.lockout", "dispatched", "钥匙锁在车内。", 0),
        (8, "rescue.progress", "answered", "询问救援车还有多久到，已联系师傅。", 0),
    ),
    "complaints": (
        (26, "complaint.service", "ticket", "反映服务顾问态度不好，已登记投诉。", 1),
        (24, "complaint.quality", "ticket", "反映{model}维修后问题重复出现，已登记投诉。", 1),
        (18, "complaint.delivery", "ticket", "{model}迟迟不能交车，已登记投诉。", 1),
        (16, "complaint.price", "ticket", "对结算价格有异议，已登记。", 2),
        (10, "complaint.suggestion", "answered", "建议休息区增加儿童区域，已记录。", 0),
        (6, "complaint.praise", "answered", "表扬维修技师，已转达。", 0),
    ),
}
WANTS["new_car"] = WANTS["sales"]
