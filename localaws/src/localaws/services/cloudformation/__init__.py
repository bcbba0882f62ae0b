"""CloudFormation: an engine of its own. ``CLOUDFORMATION`` are the services to register; see README.md."""

from localaws.core.service import Service
from localaws.services.cloudformation.change_set_operations import ChangeSetOperations
from localaws.services.cloudformation.refusals import refusals
from localaws.services.cloudformation.stack_operations import StackOperations
from localaws.services.cloudformation.stack_queries import StackQueries
from localaws.services.cloudformation.template_operations import TemplateOperations

_IMPLEMENTED: tuple[type[Service], ...] = (StackOperations, ChangeSetOperations, StackQueries, TemplateOperations)

CLOUDFORMATION: tuple[type[Service], ...] = (*_IMPLEMENTED, refusals(_IMPLEMENTED))
