"""A sample of ``make prove``, on the promotion: killed after it has registered, each fault once, each answer lost."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.prove.proxy import Call, Fate
from tests.prove.scenes import SCENES, Snapshot, snapshot
from tests.prove.trials import Reference, denied, killed, reference, survived


@pytest.fixture(scope="module")
def promotion(tmp_path_factory: pytest.TempPathFactory) -> tuple[Snapshot, Reference]:
    scene = snapshot(SCENES["promote"], tmp_path_factory.mktemp("scene"))
    return scene, reference(scene)


def _first(expected: Reference, wanted: Callable[[Call], bool]) -> Call:
    return next(call for call in expected.calls if wanted(call))


def test_killed_after_aws_has_registered_it_ends_as_if_undisturbed(promotion: tuple[Snapshot, Reference]) -> None:
    scene, expected = promotion
    call = _first(expected, lambda each: each.operation == "CreateModelPackage")
    verdict = killed(scene, expected, call.number, Fate.KILLED_AFTER)
    assert verdict is not None
    assert verdict.problem is None, verdict


def test_every_lost_answer_heals_in_the_same_run(promotion: tuple[Snapshot, Reference]) -> None:
    verdicts = survived(*promotion, Fate.LOST)
    assert len(verdicts) > 5
    assert [each for each in verdicts if each.problem] == []


def test_a_denial_is_told_with_action_account_and_role_and_leaves_nothing_half_done(
    promotion: tuple[Snapshot, Reference],
) -> None:
    scene, expected = promotion
    create = _first(expected, lambda each: each.operation == "CreateModelPackage")
    verdicts = list(denied(scene, Reference((create,), expected.states)))
    assert len(verdicts) == 2
    assert [each for each in verdicts if each.problem] == []
