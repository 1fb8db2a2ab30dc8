"""Vehicle identification numbers: whether one can be right, who made the car, and of which model year it is.

The rule of the file: ISO 3779 and GB 16735. Seventeen characters, never I, O or Q. The ninth is a check digit in China
and North America, elsewhere anything: so a wrong one is a warning, never a refusal.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from dealerline.domain.plates import folded

Text = dict[str, str]

LENGTH = 17
_MARKS = re.compile(r"[\s·.\-—–_]+")
CHECK_PLACE = 8
YEAR_PLACE = 9
FIRST_YEAR = 1980
YEAR_LETTERS = "ABCDEFGHJKLMNPRSTVWXY123456789"
"""Model years from 1980 on, again every thirty years."""
_VALUES = {**{str(digit): digit for digit in range(10)}, **dict(zip("ABCDEFGH", range(1, 9), strict=True)),
           **dict(zip("JKLMN", range(1, 6), strict=True)), "P": 7, "R": 9,
           **dict(zip("STUVWXYZ", range(2, 10), strict=True))}
_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is wrong with a VIN. ``code``: "", "length", "characters" or "check_digit"; only the last may be right yet.
    """

    code: str = ""
    reason: Text | None = None

    @property
    def impossible(self) -> bool:
        """Whether no car has such a number."""
        return self.code in ("length", "characters")


def normalised(raw: str) -> str:
    """As it is kept: big letters and digits of half width, nothing between them.

    >>> normalised("lsv-am418 8e2123456 ")
    'LSVAM4188E2123456'
    """
    return folded(raw, _MARKS)[:40]


def check_digit(vin: str) -> str:
    """The ninth character that makes a well-formed ``vin`` right. ValueError when it is not well-formed."""
    if len(vin) != LENGTH or any(c not in _VALUES for c in vin):
        raise ValueError("not a VIN")
    total = sum(_VALUES[c] * weight for c, weight in zip(vin, _WEIGHTS, strict=True))
    return "X" if total % 11 == 10 else str(total % 11)


def check(raw: str) -> Verdict:
    """Whether it can be a VIN, and why not."""
    vin = normalised(raw)
    odd = sorted({c for c in vin if c not in _VALUES})
    if odd:
        shown = " ".join(odd)
        return Verdict("characters", {"zh": f"车架号里没有 {shown}（字母 I、O、Q 常与 1、0 混淆）。",
                                      "en": f"A VIN has no {shown} (I, O and Q are often a 1 or a 0)."})
    if len(vin) != LENGTH:
        return Verdict("length", {"zh": f"车架号是 17 位，这里有 {len(vin)} 位。",
                                  "en": f"A VIN has 17 characters, this has {len(vin)}."})
    if check_digit(vin) != vin[CHECK_PLACE]:
        return Verdict("check_digit", {
            "zh": f"第 9 位校验码应为 {check_digit(vin)}，请与行驶证核对；部分进口车没有校验码。",
            "en": f"The check digit (9th) should be {check_digit(vin)}: compare it with the papers. "
                  "Some imported cars have none."})
    return Verdict()


def model_year(raw: str, this_year: int) -> int | None:
    """The model year: the latest that the tenth character can mean, at most next year's. None when it means none."""
    vin = normalised(raw)
    if len(vin) != LENGTH or vin[YEAR_PLACE] not in YEAR_LETTERS:
        return None
    year = FIRST_YEAR + YEAR_LETTERS.index(vin[YEAR_PLACE])
    while year + len(YEAR_LETTERS) <= this_year + 1:
        year += len(YEAR_LETTERS)
    return year


def maker(raw: str) -> tuple[str, str] | None:
    """Who made it, in Chinese and English, by its first three characters; None when the table does not know them."""
    return MAKERS.get(normalised(raw)[:3])


def type_key(raw: str) -> str:
    """What cars of one type have in common: maker and description, the first eight characters; "" for no VIN."""
    vin = normalised(raw)
    return vin[:CHECK_PLACE] if len(vin) == LENGTH else ""


def _table(rows: str) -> dict[str, tuple[str, str]]:
    table = {}
    for row in rows.strip().splitlines():
        codes, zh, en = (part.strip() for part in row.split("|"))
        table.update(dict.fromkeys(codes.split(), (zh, en)))
    return table


_MADE_IN_CHINA = """
LSV | 上汽大众 | SAIC Volkswagen
LFV | 一汽-大众 | FAW-Volkswagen
LSG LRB LRE | 上汽通用 | SAIC-GM
LSJ | 上汽（荣威、名爵） | SAIC (Roewe, MG)
LZW | 上汽通用五菱 | SAIC-GM-Wuling
LSK LSF LSH | 上汽大通 | SAIC Maxus
LNP | 南京名爵、菲亚特 | Nanjing MG, Fiat
LNY | 跃进、南京依维柯 | Yuejin, Naveco
LBV | 华晨宝马 | BMW Brilliance
LSY | 华晨（中华、金杯） | Brilliance (Zhonghua, Jinbei)
LE4 | 北京奔驰 | Beijing Benz
LB1 | 福建奔驰 | Fujian Benz
LHG | 广汽本田 | GAC Honda
LUC | 本田汽车（中国） | Honda (China)
LVH | 东风本田 | Dongfeng Honda
LVG | 广汽丰田 | GAC Toyota
LFM LTV | 一汽丰田 | FAW Toyota
LGB | 东风日产 | Dongfeng Nissan
LJN | 郑州日产 | Zhengzhou Nissan
LVS | 长安福特 | Changan Ford
LVR | 长安马自达 | Changan Mazda
LPA | 长安标致雪铁龙（DS） | Changan PSA (DS)
LS4 LS5 LSC | 长安汽车 | Changan
LBE | 北京现代 | Beijing Hyundai
LJD | 悦达起亚 | Yueda Kia
LDC | 神龙（东风标致、东风雪铁龙） | Dongfeng Peugeot-Citroën
LVY LYV | 沃尔沃（中国） | Volvo (China)
LPS | 极星 | Polestar
L2C | 奇瑞捷豹路虎 | Chery Jaguar Land Rover
LWV | 广汽菲克 | GAC Fiat Chrysler
LL6 | 广汽三菱、长丰 | GAC Mitsubishi, Changfeng
LN8 | 猎豹 | Leopaard
LDN LTN | 东南汽车 | Soueast
LRW | 特斯拉（上海） | Tesla (Shanghai)
LGX LC0 LPE | 比亚迪 | BYD
L6T LB3 L10 | 吉利 | Geely
LJU | 华普、吉利英伦 | Maple, Geely Englon
LVV LVT LVM | 奇瑞 | Chery
LLN | 观致 | Qoros
LGW | 长城 | Great Wall
LJ1 | 江淮、蔚来 | JAC, NIO
LMG | 广汽传祺 | GAC Trumpchi
LCR | 广汽吉奥 | GAC Gonow
LNB | 北汽 | BAIC
LHB | 北汽制造 | Beijing Automobile Works
LXV | 宝沃 | Borgward
LVA LVB LVC LRD | 福田 | Foton
LFP | 一汽（红旗、奔腾） | FAW (Hongqi, Bestune)
LFB | 一汽吉林 | FAW Jilin
LH1 LMV | 海马 | Haima
LJ8 | 众泰 | Zotye
LLV | 力帆 | Lifan
LKC LVF | 昌河 | Changhe
LUX | 东风裕隆（纳智捷） | Dongfeng Yulon (Luxgen)
LGG | 东风柳汽（风行） | Dongfeng Liuzhou (Forthing)
LGJ | 东风风神 | Dongfeng Aeolus
LVZ | 东风小康 | DFSK
LGA LGC LGH | 东风商用车 | Dongfeng commercial vehicles
LEF | 江铃 | JMC
LJX | 江铃福特 | JMC Ford
LET | 江西五十铃 | Jiangxi Isuzu
LVX | 陆风 | Landwind
LWL | 庆铃五十铃 | Qingling Isuzu
LTA | 中兴 | ZX Auto
LRH | 华泰 | Hawtai
LDD | 黄海 | Huanghai
LM6 | 斯威 | SWM
LLT | 福迪 | Foday
LFN | 一汽客车（无锡） | FAW Bus (Wuxi)
LDK | 一汽客车（大连） | FAW Bus (Dalian)
LZZ LJV | 中国重汽 | Sinotruk
LZG | 陕汽 | Shacman
LZF | 上汽红岩 | SAIC Hongyan
LZY | 宇通 | Yutong
LA6 | 厦门金龙 | King Long
LL3 | 厦门金旅 | Golden Dragon
LKL | 苏州金龙（海格） | Higer
LDY | 中通 | Zhongtong
LYB LJS | 亚星 | Yaxing
"""
_NEWER = """
LK6 | 上汽通用五菱 | SAIC-GM-Wuling
LW4 HLX | 理想 | Li Auto
L1N | 小鹏 | XPeng
HXM | 小米 | Xiaomi
LFZ | 零跑 | Leapmotor
LUZ | 哪吒（合众） | Neta (Hozon)
HAC | 广汽传祺 | GAC Trumpchi
LFW | 一汽解放 | FAW Jiefang
"""
_IMPORTED = """
WVW WVG WV1 WV2 WV3 | 大众（进口） | Volkswagen
WAU WA1 TRU WUA | 奥迪（进口） | Audi
WBA WBS WBX WBY 4US 5UX 5UM 5YM | 宝马（进口） | BMW
WMW WMZ | 迷你（MINI） | MINI
WDB WDC WDD WDF W1K W1N W1V 4JG 55S | 梅赛德斯-奔驰（进口） | Mercedes-Benz
WME | 精灵（smart） | smart
WP0 WP1 | 保时捷 | Porsche
SAL | 路虎（进口） | Land Rover
SAJ SAD | 捷豹（进口） | Jaguar
SCA | 劳斯莱斯 | Rolls-Royce
SCB SJA | 宾利 | Bentley
SCF SD7 | 阿斯顿·马丁 | Aston Martin
SCC | 路特斯 | Lotus
SBM | 迈凯伦 | McLaren
YV1 YV4 | 沃尔沃（进口） | Volvo
JTH JTJ 2T2 58A | 雷克萨斯 | Lexus
JTD JTE JTM JTN JT1 JT2 JT3 5TD | 丰田（进口） | Toyota
JN1 JN8 JNK JNR | 日产、英菲尼迪（进口） | Nissan, Infiniti
JHM JHL 19U 5J8 | 本田、讴歌（进口） | Honda, Acura
JF1 JF2 4S3 4S4 | 斯巴鲁 | Subaru
JM1 JM3 JM6 JM7 JMZ | 马自达（进口） | Mazda
JA3 JA4 JMB JMY | 三菱（进口） | Mitsubishi
JS2 JS3 JSA | 铃木（进口） | Suzuki
KMH KM8 | 现代（进口） | Hyundai
KNA KND KNC KNE | 起亚（进口） | Kia
1FA 1FM 1FT 2FM 3FA | 福特（进口） | Ford
5LM 2LM 1LN | 林肯（进口） | Lincoln
1G1 1GC 2G1 | 雪佛兰（进口） | Chevrolet
1GY 1G6 | 凯迪拉克（进口） | Cadillac
1C4 1J4 1J8 | 吉普（进口） | Jeep
5YJ 7SA XP7 | 特斯拉（进口） | Tesla
ZFF | 法拉利 | Ferrari
ZHW ZPB | 兰博基尼 | Lamborghini
ZAM ZN6 | 玛莎拉蒂 | Maserati
ZAR | 阿尔法·罗密欧 | Alfa Romeo
VF1 | 雷诺 | Renault
VF3 VR3 | 标致（进口） | Peugeot
VF7 VR7 | 雪铁龙（进口） | Citroën
"""
MAKERS = {**_table(_IMPORTED), **_table(_NEWER), **_table(_MADE_IN_CHINA)}
"""World manufacturer identifiers of the makes sold in China: facts, in our own words.

Those made in China were compared with three public lists: that of vininfo (github.com/idlesign/vininfo), one made after
the collection of Wikibooks ("Vehicle Identification Numbers (VIN codes)/World Manufacturer Identifier (WMI)"), and the
codes seen on cars that are registered in China (github.com/WALL-E/vin-decoder, csv). ``_NEWER`` has codes that none of
them knows yet or that they disagree on: seen on cars, but not confirmed. Some plants build for several makes, and a
code may change hands: what is read from it stands beside the make that a person wrote, never over it.
"""
