"""The five kinds of rows and their columns, with the headings by which each is known.

The rule of the file: a column's name is the name of the API, of the mapping and of the error list alike. ``zh`` and
``en`` are the headings of our own exports and templates, so that what went out comes in again without a question.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

INTENTIONS: Mapping[str, tuple[str, ...]] = {
    "A": ("A", "A级", "一周内"),
    "B": ("B", "B级", "一个月内"),
    "C": ("C", "C级", "三个月内"),
    "D": ("D", "D级", "更久"),
}
LEVELS: Mapping[str, tuple[str, ...]] = {
    "normal": ("普通", "一般", "普通客户", "normal", "ordinary"),
    "silver": ("银卡", "银", "银卡客户", "silver"),
    "gold": ("金卡", "金", "金卡客户", "gold"),
    "vip": ("vip", "贵宾", "vip客户", "重要"),
}
CUSTOMER_KINDS: Mapping[str, tuple[str, ...]] = {
    "person": ("个人", "私人", "自然人", "person", "private"),
    "company": ("单位", "公司", "企业", "集团", "company", "business"),
}
STATUSES: Mapping[str, tuple[str, ...]] = {
    "enquiry": ("意向", "咨询", "询价", "enquiry", "inquiry"),
    "deposit": ("已付定金", "定金", "订金", "deposit", "deposit paid"),
    "ordered": ("已订车", "已下单", "已订", "下单", "ordered"),
    "in_transit": ("在途", "运输中", "in transit", "on its way"),
    "ready": ("待交车", "可交车", "到店", "ready", "ready for delivery"),
    "delivered": ("已交车", "已交付", "交车", "delivered"),
    "cancelled": ("已取消", "取消", "退订", "cancelled", "canceled"),
}
STAGES: Mapping[str, tuple[str, ...]] = {
    "booked": ("已预约", "预约", "booked"),
    "received": ("已接车", "接车", "已进厂", "进厂", "received"),
    "diagnosis": ("检测中", "诊断中", "诊断", "diagnosis"),
    "parts": ("待料", "等待配件", "等配件", "parts", "waiting for parts"),
    "working": ("维修中", "在修", "施工中", "working", "in repair"),
    "check": ("终检", "质检", "check", "final check"),
    "ready": ("待取车", "可取车", "已完工", "完工", "ready", "ready to collect"),
    "closed": ("已取车", "已结算", "已出厂", "已交车", "closed", "collected"),
}


@dataclass(frozen=True, slots=True)
class Column:
    """A column. ``sort``: text, phone, plate, vin, date, time, whole, year, money, choice, labels."""

    name: str
    zh: str
    en: str
    sort: str = "text"
    longest: int = 80
    words: tuple[str, ...] = ()
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of row. ``needs``: of each group at least one column must be filled. ``asks``: whether it has an owner."""

    name: str
    zh: str
    en: str
    columns: tuple[Column, ...]
    needs: tuple[tuple[str, ...], ...]
    owned: bool = True

    def column(self, name: str) -> Column | None:
        """The column of that name."""
        return next((column for column in self.columns if column.name == name), None)


def _column(name: str, zh: str, en: str, words: str = "", sort: str = "text", longest: int = 80,
            choices: Mapping[str, tuple[str, ...]] = MappingProxyType({})) -> Column:
    """``words``: further headings by which it is known, the best first, with commas between them."""
    return Column(name, zh, en, sort, longest, tuple(word for word in words.split(", ") if word), choices)


_KEY = _column("key", "外部编号", "Outside key", longest=64,
               words="外部主键, dms编号, dms id, 系统编号, external key, external id, key, id")
_STORE = _column("store", "门店", "Store",
                 words="门店代码, 门店编码, 所属门店, 经销商代码, 店代码, store code, dealer code")
_PLATE = _column("plate", "车牌", "Plate", sort="plate", longest=12,
                 words="车牌号, 车牌号码, 牌照, 牌照号, plate number, plate no, license plate, licence plate")
_VIN = _column("vin", "VIN", "VIN", sort="vin", longest=17,
               words="车架号, 车架号码, vin码, 车辆识别代号, 识别代码, 底盘号, chassis, vin no, chassis number, "
                     "vin code")
_MODEL = _column("model", "车型", "Model", "车型名称, 车款, 款式, car model, vehicle, vehicle model")
_AMOUNT = _column("amount", "金额", "Amount", sort="money",
                  words="总金额, 合计, 应收, 费用, 成交价, 订单金额, total, price, sum, amount cny")
_OWNER = (
    _column("owner_number", "客户编号", "Customer number", longest=24,
            words="客户代码, 客户号, 车主编号, customer no, customer id, customer code"),
    _column("owner_name", "客户姓名", "Customer name",
            words="客户, 姓名, 车主, 车主姓名, 客户名称, 名称, owner, owner name, customer, name, full name"),
    _column("owner_phone", "客户电话", "Customer phone", sort="phone", longest=60,
            words="手机, 手机号, 手机号码, 电话, 联系电话, 联系方式, 车主电话, 车主手机, 客户手机, 移动电话, "
                  "phone, mobile, telephone, tel, owner phone, phone number, mobile number"),
)

CUSTOMERS = Kind("customers", "客户", "Customers", (
    _column("name", "姓名", "Name",
            words="客户姓名, 客户名称, 客户, 名称, 车主, 车主姓名, 联系人, customer name, customer, full name, "
                  "contact"),
    _column("phone", "电话", "Phone", sort="phone", longest=60,
            words="手机, 手机号, 手机号码, 联系电话, 联系方式, 电话号码, 客户电话, 移动电话, mobile, telephone, "
                  "tel, phone number, mobile number, cell, cell phone"),
    _column("phone2", "备用电话", "Second phone", sort="phone", longest=60,
            words="第二电话, 电话2, 手机2, 固定电话, 座机, 家庭电话, 办公电话, other phone, phone2, phone 2, "
                  "home phone, landline"),
    _column("number", "客户编号", "Customer number", longest=24,
            words="客户代码, 客户号, 会员编号, customer no, customer id, customer code"),
    _column("kind", "客户类型", "Kind", sort="choice", choices=CUSTOMER_KINDS,
            words="类型, 客户性质, 性质, customer type, type"),
    _column("title", "称呼", "Form of address", "称谓, 尊称, title, salutation", longest=20),
    _column("company", "单位", "Company", "公司, 单位名称, 工作单位, 公司名称, company name, employer", longest=120),
    _column("level", "级别", "Level", sort="choice", choices=LEVELS,
            words="客户级别, 等级, 客户等级, 会员等级, customer level, grade"),
    _column("labels", "标签", "Labels", "客户标签, tags, label, tag", sort="labels", longest=400),
    _column("need", "需求", "Need", "购车需求, 意向, 客户需求, needs, interest", longest=200),
    _column("intention", "意向级别", "Intention", sort="choice", choices=INTENTIONS,
            words="意向等级, habc, intent, intention level"),
    _column("email", "电子邮箱", "E-mail", "邮箱, 邮件, email address, mail", longest=120),
    _column("address", "地址", "Address", "联系地址, 住址, 家庭住址, 通讯地址", longest=200),
    _column("birthday", "生日", "Birthday", "出生日期, 出生年月日, date of birth, birth date", sort="date"),
    _column("notes", "备注", "Notes", "说明, 附注, note, remark, remarks, comment, comments", longest=20_000),
    _STORE, _KEY,
), needs=(("name",),), owned=False)
CARS = Kind("cars", "车辆", "Cars", (
    _VIN, _PLATE,
    _column("brand", "品牌", "Brand", "厂牌, 车辆品牌, make, car brand"),
    _MODEL,
    _column("year", "年款", "Year", "年份, 出厂年份, model year", sort="year"),
    _column("colour", "颜色", "Colour", "车身颜色, 外观颜色, 外观色, color, exterior", longest=20),
    _column("mileage_km", "里程（公里）", "Mileage (km)", sort="whole",
            words="里程, 里程数, 行驶里程, 公里数, 表显里程, mileage, odometer, km"),
    _column("bought_on", "购车日期", "Bought", sort="date",
            words="购买日期, 交车日期, 销售日期, purchase date, bought on, sold on, delivery date"),
    _column("insurance_until", "保险到期", "Insured until", sort="date",
            words="保险到期日, 保险到期日期, 交强险到期, 保险止期, 商业险到期, insurance, insurance expiry, "
                  "insurance until"),
    _column("inspection_until", "年检到期", "Inspection until", sort="date",
            words="年检到期日, 年审到期, 年检日期, 验车到期, inspection, inspection expiry"),
    _column("insurer", "保险公司", "Insurer", "承保公司, insurance company", longest=60),
    _column("warranty_until", "质保到期", "Warranty until", "质保到期日, 保修到期, warranty", sort="date"),
    _column("next_service_on", "下次保养日期", "Next service", "下次保养, 保养到期, service due", sort="date"),
    _column("next_service_km", "下次保养里程", "Next service (km)", "保养里程, service due km", sort="whole"),
    *_OWNER, _STORE, _KEY,
), needs=(("vin", "plate"),))
ORDERS = Kind("orders", "订单", "Orders", (
    _column("number", "订单号", "Order number", longest=24,
            words="订单编号, 合同号, 合同编号, 销售单号, order no, order id, contract"),
    replace(_MODEL, longest=120),
    _column("status", "订单状态", "Status", sort="choice", choices=STATUSES,
            words="状态, 进度, 订单进度, order status, state"),
    _AMOUNT,
    _column("ordered_on", "下单日期", "Ordered", sort="date",
            words="订单日期, 签约日期, 订车日期, 合同日期, order date, ordered on"),
    _column("expected_on", "预计交车", "Expected", sort="date",
            words="预计交车日期, 预交日期, 交期, 预计到店, expected on, expected delivery, due date"),
    _column("delivered_on", "实际交车", "Delivered", "实际交车日期, 已交车日期, delivered on", sort="date"),
    *_OWNER, _STORE, _KEY,
), needs=(("number",),))
REPAIRS = Kind("repairs", "维修", "Repairs", (
    _column("number", "工单号", "Repair order", longest=24,
            words="维修单号, 工单编号, 结算单号, 委托书号, ro, ro no, ro number, repair no, work order, job number"),
    _column("stage", "维修进度", "Stage", sort="choice", choices=STAGES,
            words="状态, 进度, 维修状态, 工单状态, status, repair status"),
    _column("work", "维修项目", "Work", longest=200,
            words="项目, 维修内容, 作业项目, 故障描述, 维修类型, repair, job, description, services"),
    _AMOUNT,
    _column("received_at", "进厂时间", "Received", sort="time",
            words="接车时间, 进厂日期, 接车日期, 开单时间, 开单日期, received at, opened, in date, check in"),
    _column("promised_at", "预计完工", "Promised", sort="time",
            words="预计交车, 预计交车时间, 承诺时间, 预计完工时间, promised at, due, promised time, eta"),
    _PLATE, _VIN,
    *_OWNER, _STORE, _KEY,
), needs=(("number",),))
CARDS = Kind("cards", "会员卡", "Cards", (
    _column("number", "卡号", "Card number", longest=24,
            words="会员卡号, 会员号, card no, card, member number, member no"),
    _column("level", "卡级别", "Card level", sort="choice", choices=LEVELS,
            words="级别, 等级, 会员等级, 会员级别, level, tier"),
    _column("points", "积分", "Points", "积分余额, 会员积分, 当前积分, point, points balance", sort="whole"),
    _column("balance", "余额", "Balance", "储值余额, 账户余额, 卡余额, prepaid, credit, balance cny", sort="money"),
    _column("valid_until", "有效期至", "Valid until", sort="date",
            words="有效期, 到期日, 到期日期, 失效日期, expiry, expires, valid to"),
    *_OWNER, _STORE, _KEY,
), needs=(("number",),))

KINDS: Mapping[str, Kind] = {kind.name: kind for kind in (CUSTOMERS, CARS, ORDERS, REPAIRS, CARDS)}
