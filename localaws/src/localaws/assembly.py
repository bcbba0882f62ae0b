"""Puts one embedded AWS together: the front door, moto behind it, the services, and IAM where it is enforced.

The only module that knows them all. They are made for each other in a ring (the door asks IAM, IAM reads policies by
clients, clients enter by the door), and it is closed here and nowhere else.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from moto import __version__ as moto_version

from localaws.core.bodies import Bodies
from localaws.core.caller import MANAGEMENT_ACCOUNT
from localaws.core.cloud import Cloud
from localaws.core.state_file import StateFile
from localaws.core.wire import WsgiApplication
from localaws.front_door.application import FrontDoor
from localaws.front_door.guard import Guard
from localaws.front_door.kept_answers import KeptAnswers
from localaws.iam.anonymous import AnonymousAccess
from localaws.iam.enforcement import Enforcement
from localaws.iam.record import PREFIX
from localaws.iam.resource_policies import ResourcePolicies
from localaws.moto.backend import MotoBackend
from localaws.services import service_classes
from localaws.services.members import REFUSED

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class EmbeddedAws:
    """``front_door`` answers every request from outside; ``cloud`` is what stands behind it."""

    cloud: Cloud
    front_door: WsgiApplication


def assemble(
    state_directory: Path | None,
    work_directory: Path,
    accounts: Iterable[str],
    enforce_iam: bool = False,
    management_account: str = MANAGEMENT_ACCOUNT,
    any_secret: bool = False,
) -> EmbeddedAws:
    """An embedded AWS that answers but does not run yet: ``cloud.start`` once it can be reached.

    With ``enforce_iam`` every request needs the policies that it would need on AWS; with ``any_secret`` the access key
    id alone says who asks, and no signature is verified. ValueError where the state that is
    kept in ``state_directory`` cannot be read, OSError where the directory cannot be worked with.
    """
    file = StateFile(state_directory, {"moto": moto_version}) if state_directory else None
    bodies = Bodies(state_directory / "bodies" if state_directory else None)
    moto = MotoBackend(file.chunks() if file else (), bodies)
    cloud = Cloud(state_directory, work_directory, accounts, moto, management_account, any_secret, file)
    cloud.resource_policies = policies = ResourcePolicies(cloud.client, cloud.store, moto)
    authorize = None
    if enforce_iam:
        enforcement = Enforcement(cloud.client, cloud.store, cloud.clock, moto, policies)
        authorize = enforcement.authorize
        cloud.require_action = enforcement.require_action
        cloud.operations.mount(PREFIX, enforcement.record)
    anonymous = AnonymousAccess(policies, moto, cloud.clock)
    guard = Guard(cloud.identities, moto, anonymous.owner_for, cloud.control_token, any_secret)
    front_door = FrontDoor(cloud.operations, guard, moto, cloud.limits.requests, authorize)
    cloud.clients.enter_by(front_door)
    register_services(cloud)
    if file:
        _note_as_good(file)  # all of it was read
    return EmbeddedAws(cloud, KeptAnswers(front_door, cloud.generations))


def _note_as_good(file: StateFile) -> None:
    """A disk that is too full for a copy is no reason not to start: what is there can be read and told."""
    try:
        file.keep_as_last_good()
    except (OSError, sqlite3.Error) as error:
        log.warning("the copy of the last good state stays an older one: %s", error)


def register_services(cloud: Cloud) -> None:
    for service in service_classes():
        cloud.operations.register(service.service, service(cloud))
    cloud.operations.refuse_members(REFUSED)
