"""What every installation starts with, as tables: busy reasons, matters, results, what customers' levels count.

All of it may be changed in the back office.
"""

from __future__ import annotations

# code, Chinese, English, limit in minutes (0: none); those in NEED_CONSENT a lead has to grant
BUSY_REASONS = (
    ("break", "小休", "Short break", 15),
    ("meal", "用餐", "Meal", 60),
    ("paperwork", "处理单据", "Paperwork", 30),
    ("with_customer", "接待到店客户", "With a customer in the store", 60),
    ("meeting", "会议", "Meeting", 60),
    ("training", "培训", "Training", 120),
    ("coaching", "辅导", "Coaching", 30),
    ("equipment", "设备故障", "Equipment trouble", 0),
)
NEED_CONSENT = frozenset({"training", "coaching"})

# A customer's level -> steps of priority. Below any rescue line's, so that a breakdown comes first.
LEVEL_PRIORITIES = (("vip", 4), ("gold", 2), ("silver", 1), ("normal", 0))

# code, Chinese, English, kind of line; its children: code, Chinese, English
MATTERS = (
    ("sales", "销售咨询", "Sales", "sales", (
        ("sales.price", "价格和优惠", "Price and offers"), ("sales.test_drive", "预约试驾", "Test drive"),
        ("sales.stock", "现车和颜色", "Stock and colours"), ("sales.finance", "金融和分期", "Finance"),
        ("sales.trade_in", "二手车置换", "Trade-in"), ("sales.delivery", "交车进度", "Delivery date"),
        ("sales.policy", "购车政策和手续", "Purchase rules"))),
    ("repair", "售后服务", "Service", "repair", (
        ("repair.booking", "预约保养维修", "Book a visit"), ("repair.progress", "维修进度", "Repair in progress"),
        ("repair.price", "保养项目和价格", "Work and prices"), ("repair.parts", "配件", "Parts"),
        ("repair.warranty", "质保", "Warranty"), ("repair.insurance", "事故和保险", "Accident and insurance"),
        ("repair.fault", "故障咨询", "A fault"))),
    ("rescue", "道路救援", "Roadside assistance", "rescue", (
        ("rescue.battery", "无法启动，搭电", "Flat battery"), ("rescue.tyre", "爆胎，换胎", "Tyre"),
        ("rescue.tow", "拖车", "Towing"), ("rescue.lockout", "钥匙锁车内", "Locked out"),
        ("rescue.progress", "救援进度", "Where is the truck"))),
    ("complaint", "投诉建议", "Complaints and suggestions", "complaints", (
        ("complaint.service", "服务态度", "Attitude"), ("complaint.quality", "质量", "Quality"),
        ("complaint.price", "价格争议", "Price dispute"), ("complaint.delivery", "交付延迟", "Late delivery"),
        ("complaint.suggestion", "建议", "Suggestion"), ("complaint.praise", "表扬", "Praise"))),
    ("other", "其他", "Other", "", (
        ("other.wrong_number", "打错电话", "Wrong number"), ("other.silent", "无声电话", "Silent call"),
        ("other.internal", "内部通话", "Colleague"), ("other.nuisance", "骚扰电话", "Nuisance"))),
)

# code, Chinese, English, needs a follow-up
RESULTS = (
    ("answered", "已解答", "Answered", False),
    ("booked", "已预约", "Booked", False),
    ("follow_up", "需要回访", "Follow up", True),
    ("transferred", "已转交", "Handed over", True),
    ("ticket", "已登记投诉", "Complaint registered", True),
    ("dispatched", "已派车", "Truck sent", False),
    ("not_reached", "未联系上", "Not reached", True),
    ("no_action", "无需处理", "Nothing to do", False),
)

# what chinesecalendar calls a holiday -> how we call it
HOLIDAY_NAMES = {
    "New Year's Day": ("元旦", "New Year's Day"), "Spring Festival": ("春节", "Spring Festival"),
    "Tomb-sweeping Day": ("清明节", "Tomb-sweeping Day"), "Labour Day": ("劳动节", "Labour Day"),
    "Dragon Boat Festival": ("端午节", "Dragon Boat Festival"), "Mid-autumn Festival": ("中秋节",
    "Mid-autumn Festival"),
    "National Day": ("国庆节", "National Day"),
}
