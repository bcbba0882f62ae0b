"""Reads whether a stage's schedule was switched off, which every deployment keeps. ``switch_schedule`` writes it."""

from __future__ import annotations

from scripts.decisions.schedule_switch import Switch, read_switch
from scripts.flows.stage_context import StageContext


def schedule_switch(context: StageContext) -> Switch | None:
    """What was switched last; None where nothing ever was."""
    return tagged_switch(context)[0]


def tagged_switch(context: StageContext) -> tuple[Switch | None, str | None]:
    """The same with the record's ETag, which another record changes; None where there is none."""
    bucket, key = context.foundation.bucket, context.names.schedule_key
    content, etag = context.objects.read_tagged(bucket, key) or (None, None)
    where = f"s3://{bucket}/{key}"
    return read_switch(content, where, f"aws s3 rm {where}   # then switch it again: make schedule"), etag
