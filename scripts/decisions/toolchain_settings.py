"""What ``stages/toolchain.yml`` may say: parameters of the toolchain and of the CodePipelines, by the templates' names.

Which parameters there are, and what values they may have, the templates say (``template_parameters``). The file is
optional: what it does not give keeps the value that the stack has.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from scripts.decisions.template_parameters import Given

FILE = "toolchain"  # stages/toolchain.yml: no stage; one of that name would take the toolchain's bucket too
ParameterName = Annotated[str, Field(pattern=r"^[A-Za-z0-9]{1,255}$")]
Parameters = dict[ParameterName, Given]


class ToolchainSettings(BaseModel):
    """Parameters of the stacks in the dev account."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)

    toolchain: Parameters = Field(default={}, description="Parameters of cloudformation/toolchain.yml.")
    codepipeline: Parameters = Field(
        default={}, description="Parameters of cloudformation/codepipeline.yml, for every pipeline."
    )
    pipelines: dict[str, Parameters] = Field(
        default={}, description="The same for one pipeline alone, by the name of its folder."
    )

    def of_codepipeline(self, pipeline: str) -> dict[str, Given]:
        return {**self.codepipeline, **self.pipelines.get(pipeline, {})}
