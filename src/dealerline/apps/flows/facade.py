"""What other apps and the adapters may use of flows and prompts."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from dealerline.apps.flows.logic.flows import read_for, save_version
from dealerline.apps.flows.logic.prompts import best_audio, load_shipped, sound_file
from dealerline.apps.flows.models import Flow, FlowVersion, Prompt, PromptAudio
from dealerline.domain import ivr

__all__ = ["directory_flows", "directory_prompts", "flow_that_ran", "load_shipped", "read_for", "save_version"]


def directory_flows() -> list[dict[str, Any]]:
    """The version in force of every flow. ``id`` is the flow's, which lines point to."""
    flows = Flow.objects.filter(published__isnull=False).select_related("published").order_by("pk")
    return [{"id": flow.pk, "version": flow.published.version, "name": flow.code, "document": flow.published.document}
            for flow in flows if flow.published is not None]


def flow_that_ran(flow: int, version: int) -> ivr.Flow | None:
    """That version of a flow, as the journal names it; None when it is gone or can no longer be built."""
    found = FlowVersion.objects.filter(flow=flow, version=version).values_list("document", flat=True).first()
    try:
        return ivr.build(found) if found else None
    except ivr.FlowErrors:
        return None


def directory_prompts() -> list[dict[str, Any]]:
    """The sound in force of every prompt and language whose file exists; the path has no ending."""
    sounds: dict[int, list[PromptAudio]] = defaultdict(list)
    for audio in PromptAudio.objects.all():
        sounds[audio.prompt_id].append(audio)
    result = []
    for prompt in Prompt.objects.order_by("pk"):
        for language in ("zh", "en"):
            audio_in_force = best_audio(prompt, language, sounds[prompt.pk])
            if audio_in_force is not None:
                path = sound_file(audio_in_force)
                result.append({"key": prompt.key, "language": language, "store": prompt.store_id or 0,
                               "path": str(path.with_suffix(""))})
    return result
