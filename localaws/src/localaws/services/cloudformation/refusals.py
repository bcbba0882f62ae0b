"""CloudFormation operations that localaws does not have: each is refused by name and none reaches another emulator."""

from __future__ import annotations

from localaws.core.refusals import operations_outside, refusing
from localaws.services.cloudformation.change_set_operations import ChangeSetOperations
from localaws.services.cloudformation.stack_operations import StackOperations
from localaws.services.cloudformation.stack_query_operations import StackQueries
from localaws.services.cloudformation.template_operations import TemplateOperations

_IMPLEMENTED = (StackOperations, ChangeSetOperations, StackQueries, TemplateOperations)

REFUSALS = (refusing("cloudformation", operations_outside("cloudformation", _IMPLEMENTED)),)
