"""Puts one embedded AWS together: the front door, moto behind it, the services, and IAM where it is enforced.

The only module that knows them all. They are made for each other in a ring (the door asks IAM, IAM reads policies by
clients, clients enter by the door), and it is closed here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from localaws.core.bodies import Bodies
from localaws.core.caller import MANAGEMENT_ACCOUNT
from localaws.core.cloud import Cloud
from localaws.core.wire import WsgiApplication
from localaws.front_door.application import FrontDoor
from localaws.iam.enforcement import Enforcement
from localaws.iam.record import PREFIX
from localaws.iam.resource_policies import ResourcePolicies
from localaws.moto.backend import MotoBackend
from localaws.services import service_classes


@dataclass(frozen=True)
class EmbeddedAws:
    """``front_door`` answers every request; ``cloud`` is what stands behind it."""

    cloud: Cloud
    front_door: WsgiApplication


def assemble(
    state_directory: Path | None,
    work_directory: Path,
    accounts: Iterable[str],
    enforce_iam: bool = False,
    management_account: str = MANAGEMENT_ACCOUNT,
) -> EmbeddedAws:
    """An embedded AWS that answers but does not run yet: ``cloud.start`` once it can be reached.

    With ``enforce_iam`` every request needs the policies that it would need on AWS. ValueError where the state that is
    kept in ``state_directory`` cannot be read.
    """
    bodies = Bodies(state_directory / "bodies" if state_directory else None)
    moto = MotoBackend(state_directory / "moto.pickle" if state_directory else None, bodies)
    cloud = Cloud(state_directory, work_directory, accounts, moto, management_account)
    cloud.resource_policies = policies = ResourcePolicies(cloud.client, cloud.store, moto)
    authorize = None
    if enforce_iam:
        enforcement = Enforcement(cloud.client, cloud.store, cloud.clock, moto, policies)
        authorize = enforcement.authorize
        cloud.operations.mount(PREFIX, enforcement.record)
    front_door = FrontDoor(cloud.operations, cloud.identities, moto, cloud.store, cloud.limits.requests, authorize)
    cloud.clients.enter_by(front_door)
    register_services(cloud)
    return EmbeddedAws(cloud, front_door)


def register_services(cloud: Cloud) -> None:
    for service in service_classes():
        cloud.operations.register(service.service, service(cloud))
