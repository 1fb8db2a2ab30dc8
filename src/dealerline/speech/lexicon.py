"""How words are said that the phonemiser would say wrongly: characters with several readings, names of the trade.

Each entry is the word and its pinyin, one syllable a character, tone as a digit (5: neutral). It counts as one word for
the segmenter. `VERSION` is part of the key of cached audio, so a changed reading is spoken anew.
"""

from __future__ import annotations

VERSION = 1

#: word -> syllables
WORDS: dict[str, str] = {
    # said again, not heavy
    "重听": "chong2 ting1",
    "重拨": "chong2 bo1",
    "重播": "chong2 bo1",
    # the line of business, not walking
    "银行卡": "yin2 hang2 ka3",
    "行业": "hang2 ye4",
    "行车记录仪": "xing2 che1 ji4 lu4 yi2",
    "排行": "pai2 hang2",
    # measure and adjust
    "调漆": "tiao2 qi1",
    "调校": "tiao2 jiao4",
    "调度员": "diao4 du4 yuan2",
    "转接": "zhuan3 jie1",
    "转速": "zhuan4 su4",
    "转向灯": "zhuan3 xiang4 deng1",
    "差价": "cha1 jia4",
    "出差": "chu1 chai1",
    "还车": "huan2 che1",
    "还款": "huan2 kuan3",
    "提车": "ti2 che1",
    "倒车": "dao4 che1",
    "倒车影像": "dao4 che1 ying3 xiang4",
    "抛锚": "pao1 mao2",
    "剐蹭": "gua3 ceng4",
    "拆装": "chai1 zhuang1",
    "载重": "zai4 zhong4",
    "几率": "ji1 lv4",
    "率先": "shuai4 xian1",
    "朝阳": "chao2 yang2",
    "朝阳店": "chao2 yang2 dian4",
    "亦庄": "yi4 zhuang1",
    "亦庄店": "yi4 zhuang1 dian4",
    "滨江店": "bin1 jiang1 dian4",
    "虹桥店": "hong2 qiao2 dian4",
    "安途": "an1 tu2",
    # makers and models
    "长安": "chang2 an1",
    "长城": "chang2 cheng2",
    "比亚迪": "bi3 ya4 di2",
    "吉利": "ji2 li4",
    "奇瑞": "qi2 rui4",
    "蔚来": "wei4 lai2",
    "小鹏": "xiao3 peng2",
    "理想汽车": "li3 xiang3 qi4 che1",
    "领克": "ling3 ke4",
    "极氪": "ji2 ke4",
    "问界": "wen4 jie4",
    "岚图": "lan2 tu2",
    "红旗": "hong2 qi2",
    "宝马": "bao3 ma3",
    "奔驰": "ben1 chi2",
    "奥迪": "ao4 di2",
    "大众": "da4 zhong4",
    "丰田": "feng1 tian2",
    "凯迪拉克": "kai3 di2 la1 ke4",
    "雷克萨斯": "lei2 ke4 sa4 si1",
    "宋": "song4",
    "秦": "qin2",
    "海豚": "hai3 tun2",
    "轩逸": "xuan1 yi4",
    "帕萨特": "pa4 sa4 te4",
    "迈腾": "mai4 teng2",
    "凯美瑞": "kai3 mei3 rui4",
    # family names with a reading of their own
    "单先生": "shan4 xian1 sheng5",
    "单女士": "shan4 nv3 shi4",
    "仇先生": "qiu2 xian1 sheng5",
    "曾先生": "zeng1 xian1 sheng5",
    "曾女士": "zeng1 nv3 shi4",
    "解先生": "xie4 xian1 sheng5",
    "解女士": "xie4 nv3 shi4",
    "查先生": "zha1 xian1 sheng5",
    "盖先生": "ge3 xian1 sheng5",
    "任女士": "ren2 nv3 shi4",
    "任先生": "ren2 xian1 sheng5",
    "区先生": "ou1 xian1 sheng5",
    "尉迟": "yu4 chi2",
}

#: Names in English texts, respelled so that an English voice says them nearly right. Part of the text that is spoken,
#: so a change here needs no new `VERSION`.
ENGLISH: dict[str, str] = {
    "Antu": "Ahn-too",
    "Pudong": "Poo-dong",
    "Hongqiao": "Hong-chow",
    "Chaoyang": "Chow-yahng",
    "Yizhuang": "Ee joo-ahng",
}

_MARKS = {"a": "āáǎà", "e": "ēéěè", "i": "īíǐì", "o": "ōóǒò", "u": "ūúǔù", "v": "ǖǘǚǜ"}


def marked(syllable: str) -> str:
    """``ting1`` as ``tīng``, as the phonemiser's dictionary wants its readings. Raises ValueError when malformed."""
    body, tone = syllable[:-1], syllable[-1:]
    if not body.isalpha() or tone not in "12345" or not tone:
        raise ValueError(f"{syllable!r} is not a syllable with its tone, as ting1")
    plain = body.replace("v", "ü")
    if tone == "5":
        return plain
    if "a" in body:
        place = body.index("a")
    elif "e" in body:
        place = body.index("e")
    elif "ou" in body:
        place = body.index("o")
    else:
        vowels = [i for i, char in enumerate(body) if char in "iouv"]
        if not vowels:
            raise ValueError(f"{syllable!r} has no vowel")
        place = vowels[-1]
    return plain[:place] + _MARKS[body[place]][int(tone) - 1] + plain[place + 1 :]


def phrases() -> dict[str, list[list[str]]]:
    """The lexicon as pypinyin's ``load_phrases_dict`` takes it."""
    return {word: [[marked(s)] for s in said.split()] for word, said in WORDS.items()}
