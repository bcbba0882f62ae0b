"""What is asked for happens, or is refused, or is on the list of what is left aside, with a reason."""

from __future__ import annotations

from typing import Any

import pytest
from moto.core.utils import get_service_model

from localaws.core.errors import ServiceError
from localaws.core.wire import OperationRequest
from localaws.front_door.mistakes import refuse_members
from localaws.services.members import IGNORED, REFUSED
from tests.differences import COMMAND, PAGE, listed, page, unread_members


def test_no_member_of_a_request_is_left_aside_unsaid() -> None:
    """A member that is missing here is to be read, or to be put into a table of services/members.py with a reason."""
    said = listed(REFUSED, IGNORED)
    unsaid = {call: members - said.get(call, set()) for call, members in unread_members().items()}
    assert {call: members for call, members in unsaid.items() if members} == {}


def test_what_is_read_is_not_said_to_be_refused_or_left_aside() -> None:
    """A member that is found here is read by now: take it off the tables of services/members.py."""
    unread = unread_members()
    read = {call: members - unread.get(call, set()) for call, members in listed(REFUSED, IGNORED).items()}
    assert {call: members for call, members in read.items() if members} == {}


@pytest.mark.parametrize(("value", "is_refused"), [("img", True), ("", False), (False, False), (None, False)])
def test_a_member_is_refused_where_it_is_given(value: Any, is_refused: bool) -> None:
    operation = get_service_model("codebuild").operation_model("StartBuild")
    request = OperationRequest("codebuild", operation, "json", {"projectName": "p", "imageOverride": value})
    reasons = {"imageOverride": "builds take it from the project"}
    if not is_refused:
        refuse_members(request, reasons)
        return
    with pytest.raises(ServiceError, match="does not implement imageOverride of codebuild:StartBuild: builds") as error:
        refuse_members(request, reasons)
    assert (error.value.code, error.value.status) == ("NotImplemented", 501)


def test_the_page_of_differences_is_what_the_code_has() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), f"run {COMMAND} in localaws/"
