"""Names of invented people and firms as they occur in China: common and compound surnames, given names of one and two
characters that fit a generation, names of Uyghur, Kazakh, Mongolian and Tibetan people, a few foreigners.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

_SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈"
    "姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤"
    "翟祁焦仇"
)
_WEIGHTS = [max(1, 160 // (i + 2)) for i in range(len(_SURNAMES))]
_COMPOUND = ("欧阳", "上官", "司马", "诸葛", "皇甫", "尉迟", "夏侯", "慕容", "令狐", "端木")
# Given names by the decades in which they were in fashion: before 1975, 1975-1989, 1990 and later.
_MALE = tuple(tuple(names.split()) for names in (
    "建国 建华 志强 国强 卫东 永胜 德福 玉明 建军 宝山 福生 长江 振华 学文 正平 军 勇 刚 平 明",
    "伟 磊 强 涛 超 鹏 杰 辉 斌 俊 海涛 晓东 志远 文博 建波 宏伟 立新 向阳 一鸣 永刚",
    "浩然 子轩 宇航 梓豪 俊杰 天宇 博文 嘉豪 思远 泽宇 晨 睿 昊 楠 逸 铭 凯 翔 景行 奕辰",
))
_FEMALE = tuple(tuple(names.split()) for names in (
    "秀英 桂兰 玉兰 淑珍 桂英 秀兰 凤英 玉珍 春梅 红梅 丽华 美珍 素芳 惠芬 月娥 芳 敏 红 英 霞",
    "静 丽 娟 艳 娜 婷 雪 燕 玲 丹 晓燕 海燕 雪梅 丽娜 文静 晓红 春燕 佳 莉 慧",
    "欣怡 雨桐 诗涵 梦瑶 子涵 佳怡 思琪 雅婷 梓萱 语嫣 可 悦 璇 颖 瑶 宁 若曦 安琪 晓彤 一诺",
))
_MINORITY = (
    ("买买提·艾力", "先生"), ("阿依古丽·吐尔逊", "女士"), ("古丽娜尔·阿不都热合曼", "女士"),
    ("艾克拜尔·米吉提", "先生"), ("迪丽努尔·买买提", "女士"), ("阿卜杜拉·热依木", "先生"),
    ("努尔兰·哈力克", "先生"), ("帕提古丽·肉孜", "女士"), ("叶尔江·巴合提", "先生"), ("热娜·阿布都", "女士"),
    ("巴特尔", "先生"), ("其其格", "女士"), ("乌兰图雅", "女士"), ("苏日娜", "女士"), ("扎西顿珠", "先生"),
    ("卓玛央金", "女士"), ("丹增次仁", "先生"), ("金成浩", "先生"), ("朴英爱", "女士"), ("瓜尔佳·明轩", "先生"),
)
_FOREIGN = (
    ("Daniel Hofmann", "先生"), ("Sarah Whitfield", "女士"), ("James O'Connell", "先生"), ("Yuki Tanabe", "女士"),
    ("Marco Bellini", "先生"), ("Anna Lindqvist", "女士"), ("Priya Raman", "女士"), ("Oliver Grant", "先生"),
)
_FIRM_WORDS = tuple("".join((
    "恒拓 启辰 瑞联 汇丰源 明德 中栎 华绎 信捷 远帆 卓安 宏泽 天佑 铭创 聚合 嘉泰 云岭 锦程 盛禾 博远 正衡 ",
    "东篱 海澜川 新域 润泽 金穗 百川 蓝桥 和信 世纪通 鼎沸",
)).split())
_FIRM_KINDS = tuple("".join((
    "贸易 物流 科技 建筑工程 餐饮管理 文化传媒 装饰设计 医疗器械 汽车租赁 供应链管理 农业发展 教育咨询 ",
    "环保设备 电子商务",
)).split())


@dataclass(frozen=True, slots=True)
class Name:
    """A person's name and how he is addressed ("先生" or "女士")."""

    text: str
    title: str
    language: str = "zh"


def person(rng: random.Random, born: int) -> Name:
    """A name for somebody born in that year. About 1 in 60 belongs to a minority, 1 in 150 to a foreigner."""
    chance = rng.random()
    if chance < 1 / 150:
        text, title = rng.choice(_FOREIGN)
        return Name(text, title, "en")
    if chance < 1 / 150 + 1 / 60:
        return Name(*rng.choice(_MINORITY))
    surname = rng.choice(_COMPOUND) if rng.random() < 0.008 else rng.choices(_SURNAMES, _WEIGHTS)[0]
    era = 0 if born < 1975 else 1 if born < 1990 else 2
    male = rng.random() < 0.58
    return Name(surname + rng.choice((_MALE if male else _FEMALE)[era]), "先生" if male else "女士")


def company(rng: random.Random, city: str) -> str:
    """The registered name of an invented firm."""
    ending = "股份有限公司" if rng.random() < 0.08 else "有限公司"
    return f"{city}{rng.choice(_FIRM_WORDS)}{rng.choice(_FIRM_KINDS)}{ending}"
