"""Writes what another team needs to deploy a stage's foundation by its own means: the template and its parameters.

No AWS is asked, so nobody's credentials are needed. A parameter that no setting gives is not written: the AWS CLI's
``deploy`` keeps the value that the stack has, or takes the template's default.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from pathlib import Path

from scripts.decisions.names import FOUNDATION_TEMPLATE
from scripts.flows.deploy_foundation import foundation_parameters, told_parameters
from scripts.flows.stage_context import StageContext
from scripts.workspace.text_files import read_text

TEMPLATE = "foundation.yml"
PARAMETERS = "parameters.json"


def hand_over(context: StageContext, pipelines: Sequence[StageContext], folder: Path, root: Path = Path()) -> list[str]:
    """Write a stage's files into ``folder``/<stage>; the command that deploys them, and who has to run it.

    The parameters are in a file too, for whoever deploys with something else than this command.
    """
    decided, given = told_parameters(context, pipelines, foundation_parameters(root))
    place = folder / context.stage
    place.mkdir(parents=True, exist_ok=True)
    (place / TEMPLATE).write_text(read_text(root / FOUNDATION_TEMPLATE), encoding="utf-8")
    parameters = dict(sorted({**given, **decided}.items()))
    (place / PARAMETERS).write_text(json.dumps({"Parameters": parameters}, indent=2) + "\n", encoding="utf-8")
    tags = [f"{key}={value}" for key, value in sorted(context.settings.stack_tags.items())]
    command = [
        *("aws", "cloudformation", "deploy", "--region", context.settings.region),
        *("--stack-name", context.names.foundation_stack, "--template-file", str(place / TEMPLATE)),
        # Written out: not every release of the AWS CLI reads them from a file.
        *("--parameter-overrides", *(f"{name}={value}" for name, value in parameters.items())),
        *("--capabilities", "CAPABILITY_NAMED_IAM"),
        *(["--tags", *tags] if tags else []),
    ]
    return [
        f"stage {context.stage}: an administrator of account {context.settings.account} runs",
        f"  {shlex.join(command)}",
    ]
