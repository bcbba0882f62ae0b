"""What the toolchain's roles are asked about: also where no model has been registered yet."""

from __future__ import annotations

import pytest

from scripts.decisions.actors import questions
from scripts.decisions.foundation import Foundation
from scripts.decisions.names import StageNames
from scripts.decisions.stage_actors import StagePlace
from scripts.decisions.toolchain_actors import ToolchainPlace, toolchain_actors

KEY = "arn:aws:kms:ap-southeast-2:012345670123:key/1"
TOPIC = "arn:aws:sns:ap-southeast-2:012345670123:t"
TRIGGER = "arn:aws:iam::012345670123:role/trigger"


def toolchain(models: tuple[str, ...]) -> ToolchainPlace:
    names = StageNames("harbour", "prod", "660011223344", "012345670123", "ap-southeast-2", "berths", "berths")
    foundation = Foundation("r", "r", "harbour-prod", KEY, "r", "r", TOPIC, (), ())
    return ToolchainPlace([StagePlace(names, foundation, KEY, "input/", "predictions/")], KEY, TOPIC, TRIGGER, models)


@pytest.mark.parametrize("models", [(), ("harbour-models",)])
def test_objects_of_models_are_asked_about_where_it_is_known_where_they_lie(models: tuple[str, ...]) -> None:
    actors = {each.name: each for each in toolchain_actors(toolchain(models))}
    assert all(use.resources for actor in actors.values() for use in actor.uses)
    asked = [each.resource for each in questions(actors["build"]) if "s3:GetObjectVersion" in each.actions]
    assert asked == [f"arn:aws:s3:::{bucket}/doctor" for bucket in models]
