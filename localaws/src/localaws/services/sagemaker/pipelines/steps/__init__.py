"""The types of steps that run here, by the name the definition uses."""

from localaws.services.sagemaker.pipelines.steps.callback import call_back
from localaws.services.sagemaker.pipelines.steps.condition import decide
from localaws.services.sagemaker.pipelines.steps.contract import StepTypes
from localaws.services.sagemaker.pipelines.steps.fail import fail
from localaws.services.sagemaker.pipelines.steps.job import job_step
from localaws.services.sagemaker.pipelines.steps.model import create_model, register_model

STEP_TYPES: StepTypes = {
    "Processing": job_step("ProcessingJob"),
    "Transform": job_step("TransformJob"),
    "Model": create_model,
    "RegisterModel": register_model,
    "Condition": decide,
    "Fail": fail,
    "Callback": call_back,
}
