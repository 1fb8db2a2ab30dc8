"""What can be wrong with a flow, in words: the catalogue of the flow checker, Chinese and English side by side."""

from __future__ import annotations

TEXTS: dict[str, dict[str, str]] = {
    "not_a_flow": {
        "zh": "流程必须是一组“名称: 值”",
        "en": "a flow must be a set of “name: value” entries",
    },
    "missing": {
        "zh": "缺少“{name}”",
        "en": "“{name}” is missing",
    },
    "unknown_field": {
        "zh": "不认识“{name}”；这里可以写：{wanted}",
        "en": "“{name}” is not known here; possible are: {wanted}",
    },
    "unknown_type": {
        "zh": "没有“{name}”这种节点；可用类型：{wanted}",
        "en": "there is no node type “{name}”; the types are: {wanted}",
    },
    "no_nodes": {
        "zh": "流程里没有节点",
        "en": "the flow has no nodes",
    },
    "bad_name": {
        "zh": "节点名“{name}”只能用小写字母、数字和下划线，以字母开头，最长 32 个字符",
        "en": "the node name “{name}” may only have small letters, digits and underscores, after a letter, 32 at most",
    },
    "unknown_node": {
        "zh": "没有名为“{name}”的节点",
        "en": "there is no node named “{name}”",
    },
    "bad_key": {
        "zh": "“{name}”不是电话按键；按键是 0 到 9、* 和 #",
        "en": "“{name}” is not a telephone key; keys are 0 to 9, * and #",
    },
    "key_twice": {
        "zh": "按键“{name}”用了两次",
        "en": "the key “{name}” is used twice",
    },
    "no_keys": {
        "zh": "菜单至少要有一个按键",
        "en": "a menu needs at least one key",
    },
    "bad_number": {
        "zh": "应为 {low} 到 {high} 之间的数",
        "en": "must be a number from {low} to {high}",
    },
    "bad_text": {
        "zh": "应为文字",
        "en": "must be text",
    },
    "bad_title": {
        "zh": "标题应为文字，或 zh 和 en 两种文字",
        "en": "a title must be text, or a text each for zh and en",
    },
    "bad_flag": {
        "zh": "应为 true 或 false",
        "en": "must be true or false",
    },
    "bad_prompts": {
        "zh": "应为一个提示音名称，或提示音名称的列表",
        "en": "must be the key of a prompt, or a list of keys",
    },
    "no_prompts": {
        "zh": "没有要播放的提示音",
        "en": "there is no prompt to play",
    },
    "bad_date": {
        "zh": "应为日期（2026-10-01）或日期时间（2026-10-01 08:00）",
        "en": "must be a date (2026-10-01) or a date and time (2026-10-01 08:00)",
    },
    "dates_reversed": {
        "zh": "开始日期晚于结束日期",
        "en": "the beginning is after the end",
    },
    "bad_phone": {
        "zh": "“{name}”不是电话号码",
        "en": "“{name}” is not a telephone number",
    },
    "bad_language": {
        "zh": "“{name}”不是语言代码（如 zh、en）",
        "en": "“{name}” is not a language code (such as zh, en)",
    },
    "no_way_on": {
        "zh": "没有说明呼叫接下来去哪里：请写 on_timeout、on_wrong，或在流程上写 person",
        "en": "says nothing about where the call goes on: give on_timeout, on_wrong, or person of the flow",
    },
    "goto_one": {
        "zh": "“to”和“line”只能写一个",
        "en": "give either “to” or “line”",
    },
    "callback_nowhere": {
        "zh": "回电节点不知道在哪个队列里保留位置：请写 queue，或从排队节点通到这里",
        "en": "a call-back needs a queue to keep the place in: give “queue”, or lead to it from a queue node",
    },
    "silent_loop": {
        "zh": "这些节点无声地循环：{name}",
        "en": "these nodes go round in silence: {name}",
    },
    "unreachable": {
        "zh": "没有任何路径通到节点“{name}”",
        "en": "nothing leads to the node “{name}”",
    },
    "no_person": {
        "zh": "在这个菜单里客户无法一键转人工（按键 0）",
        "en": "in this menu a person is not one key away (key 0)",
    },
    "unknown_prompt": {
        "zh": "没有提示音“{name}”",
        "en": "there is no prompt “{name}”",
    },
    "unknown_queue": {
        "zh": "没有队列“{name}”",
        "en": "there is no queue “{name}”",
    },
    "unknown_line": {
        "zh": "没有业务线“{name}”",
        "en": "there is no line “{name}”",
    },
    "no_language": {
        "zh": "提示音“{name}”没有 {wanted} 版本",
        "en": "the prompt “{name}” has no {wanted} version",
    },
}
