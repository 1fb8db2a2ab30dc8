"""Every route of the API as a value, read from its own description, and the rows that its parameters name."""

from __future__ import annotations

import json
import urllib.parse
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.apps import apps
from django.db import models

from dealerline.config.api import api

METHODS = ("get", "post", "put", "patch", "delete")

PARAMETERS = {
    "message": "calls.VoiceMessage",
    "owner": "accounts.Person",
    "agent": "accounts.Person",
    "author": "accounts.Person",
    "assigned": "accounts.Person",
    "person": "accounts.Person",
    "line": "organisation.Line",
    "store": "organisation.Store",
}
"""Names of parameters and fields that are no model's name, and the model whose row they mean."""

FIXED: dict[str, dict[str, Any]] = {
    "/api/repair-lines/{line}": {"line": "customers.RepairLine"},
    "/api/todos/{kind}/{key}": {"kind": "task", "key": "promises.Task"},
}
"""By the beginning of a path: parameters that mean something else there; a model's label, or the value itself."""


@dataclass(frozen=True)
class Route:
    """One method of one path. ``app``: whose it is."""

    method: str
    path: str
    app: str
    operation: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def names(self) -> list[str]:
        """The parameters in its path."""
        return [part.split("}")[0] for part in self.path.split("{")[1:]]

    def queries(self) -> dict[str, dict[str, Any]]:
        """Its query's parameters and their schemas."""
        return {p["name"]: p["schema"] for p in self.operation.get("parameters", []) if p["in"] == "query"}

    def body(self) -> dict[str, Any]:
        """The schema of its body; empty without one in JSON."""
        content = self.operation.get("requestBody", {}).get("content", {})
        return plain(content.get("application/json", {}).get("schema", {}))

    def model(self, name: str) -> type[models.Model] | None:
        """The model whose row a parameter or field of this name means here."""
        for start, fixed in FIXED.items():
            if self.path.startswith(start) and name in fixed:
                return apps.get_model(fixed[name]) if "." in str(fixed[name]) else None
        return model_named(self.app, name)

    def filled(self, rows: Any) -> str | None:
        """The path with the ids of these rows, and what its query must have; None when a parameter names no row."""
        values = {}
        for name in self.names:
            model = self.model(name)
            fixed = next((fixed[name] for start, fixed in FIXED.items() if self.path.startswith(start)), None)
            if model is None and fixed is None:
                return None
            values[name] = rows.of(model).pk if model is not None else fixed
        needed = {
            p["name"]: sample(p["schema"])
            for p in self.operation.get("parameters", [])
            if p["in"] == "query" and p.get("required")
        }
        return self.path.format(**values) + (f"?{urllib.parse.urlencode(needed)}" if needed else "")


@cache
def description() -> dict[str, Any]:
    """The API's own description."""
    described: dict[str, Any] = json.loads(json.dumps(api.get_openapi_schema(path_prefix="/api/")))
    return described


@cache
def model_named(app: str, name: str) -> type[models.Model] | None:
    """The model that a name means: one of the app's own, else the only one of that name, whole or at its end."""
    name = name.removesuffix("_id")
    if name in PARAMETERS:
        return apps.get_model(PARAMETERS[name])
    mine = [m for m in apps.get_models() if m._meta.app_label == app]
    others = [m for m in apps.get_models() if m.__module__.startswith("dealerline.")]
    for known in (mine, others):
        exact = [m for m in known if m._meta.model_name == name.replace("_", "")]
        ending = [m for m in known if str(m._meta.model_name).endswith(name.replace("_", ""))]
        if len(exact) == 1 or len(ending) == 1:
            return exact[0] if exact else ending[0]
    return None


@cache
def routes() -> list[Route]:
    """All there are, apart from setting up and the demo, which have tests of their own."""
    found = []
    for path, methods in description()["paths"].items():
        if path.startswith(("/api/setup", "/api/demo")):
            continue
        for method in METHODS:
            if method in methods:
                parts = methods[method]["operationId"].removeprefix("dealerline_").split("_")
                app = parts[1] if parts[0] == "apps" else ""
                found.append(Route(method.upper(), path, app, methods[method]))
    return found


def plain(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema itself instead of a reference; of several the first that is not null."""
    if "$ref" in schema:
        return plain(description()["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]])
    if len(schema.get("allOf", [])) == 1:
        return plain(schema["allOf"][0])
    for one in schema.get("anyOf", []):
        if one.get("type") != "null":
            return plain(one)
    return schema


def sample(schema: dict[str, Any]) -> Any:
    """The least value that the schema allows; patterns are not looked at."""
    schema = plain(schema)
    if "const" in schema or schema.get("enum"):
        return schema.get("const", (schema.get("enum") or [None])[0])
    match schema.get("type"):
        case "object" | None:
            required = schema.get("required", [])
            known = schema.get("properties", {})
            return {name: sample(known[name]) for name in required if name in known}
        case "array":
            return [sample(schema["items"])] * schema.get("minItems", 0)
        case "integer" | "number":
            return max(schema.get("minimum", 1), 1)
        case "boolean":
            return True
    nobody = "00000000-0000-4000-8000-000000000000"
    formats = {"date": "2026-11-29", "date-time": "2026-11-29T10:00:00Z", "uuid": nobody}
    text = formats.get(schema.get("format", ""), "x" * max(schema.get("minLength", 1), 1))
    pattern = schema.get("pattern", "")
    if pattern.startswith("^(") and pattern.endswith(")$"):  # a choice of words
        text = pattern[2:-2].split("|")[0]
    return text
