"""The interface's words: what OpenAPI calls a thing is one thing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from importlib import import_module

from ninja import Schema


def _below(kind: type[Schema]) -> Iterator[type[Schema]]:
    for one in kind.__subclasses__():
        yield one
        yield from _below(one)


def test_no_two_schemas_of_the_interface_have_one_name() -> None:
    """The second would be described as the first, and its readers misled."""
    import_module("dealerline.config.api")
    named: dict[str, set[str]] = defaultdict(set)
    for kind in _below(Schema):
        if kind.__module__.startswith("dealerline.") and not kind.__name__.endswith("Query"):
            named[kind.__name__].add(kind.__module__)
    assert {name: where for name, where in named.items() if len(where) > 1} == {}
