"""Writes what another team needs to deploy a stage's foundation and roles by its own means: templates and parameters.

No AWS is asked, so nobody's credentials are needed. A parameter that no setting gives is not written: the AWS CLI's
``deploy`` keeps the value that the stack has, or takes the template's default.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path

from scripts.decisions.foundation import roles_stack_parameters
from scripts.decisions.names import FOUNDATION_TEMPLATE, ROLES_TEMPLATE
from scripts.flows.deploy_foundation import foundation_parameters, told_parameters
from scripts.flows.stage_context import StageContext
from scripts.workspace.text_files import read_text

_PARAMETERS = "parameters.json"


def hand_over(context: StageContext, pipelines: Sequence[StageContext], folder: Path, root: Path = Path()) -> list[str]:
    """Write a stage's files into ``folder``/<stage>; the commands that deploy them, and who has to run them.

    The parameters are in files too, for whoever deploys with something else than these commands.
    """
    decided, given = told_parameters(context, pipelines, foundation_parameters(root))
    parameters = dict(sorted({**given, **decided}.items()))
    place = folder / context.stage
    place.mkdir(parents=True, exist_ok=True)
    stacks = (
        (context.names.foundation_stack, FOUNDATION_TEMPLATE, parameters),
        (context.names.roles_stack, ROLES_TEMPLATE, roles_stack_parameters(parameters)),
    )
    commands = []
    for stack, template, values in stacks:
        written = place / Path(template).name
        written.write_text(read_text(root / template), encoding="utf-8")
        file = place / f"{written.stem}.{_PARAMETERS}"
        file.write_text(json.dumps({"Parameters": values}, indent=2) + "\n", encoding="utf-8")
        commands.append(f"  {_command(context, stack, written, values)}")
    return [f"stage {context.stage}: an administrator of account {context.settings.account} runs", *commands]


def _command(context: StageContext, stack: str, template: Path, parameters: Mapping[str, str]) -> str:
    tags = [f"{key}={value}" for key, value in sorted(context.settings.stack_tags.items())]
    command = [
        *("aws", "cloudformation", "deploy", "--region", context.settings.region),
        *("--stack-name", stack, "--template-file", str(template)),
        # Written out: not every release of the AWS CLI reads them from a file.
        *("--parameter-overrides", *(f"{name}={value}" for name, value in parameters.items())),
        *("--capabilities", "CAPABILITY_NAMED_IAM"),
        *(["--tags", *tags] if tags else []),
    ]
    return shlex.join(command)
