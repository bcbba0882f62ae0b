"""Attributes of moto's backends that are no state: they follow from moto's code and from the other attributes."""

from __future__ import annotations

from typing import Any

from moto.core.utils import get_service_model

from localaws.moto.plain_data import class_name

_DERIVED = {"moto.rds.models:RDSBackend": "resource_map", "moto.config.models:ConfigBackend": "config_schema"}


def without_derived(backend: Any) -> dict[str, Any]:
    """The attributes of a backend that are to be kept."""
    derived = _DERIVED.get(class_name(type(backend)))
    return {name: value for name, value in backend.__dict__.items() if name != derived}


def derive(backend: Any) -> None:
    """Give a backend that has been read what ``without_derived`` left out."""
    derived = _DERIVED.get(class_name(type(backend)))
    if derived == "config_schema":
        backend.config_schema = get_service_model("config")
    elif derived == "resource_map":
        # By class, which of the backend's own dictionaries holds the resources: as in a new backend.
        new = type(backend)(backend.region_name, backend.account_id)
        names = {id(value): name for name, value in vars(new).items()}
        backend.resource_map = {
            kind: getattr(backend, names[id(resources)]) for kind, resources in new.resource_map.items()
        }
