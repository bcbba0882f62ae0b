"""Whether a stage's account may pull the images that its jobs run in. Reads dev's ECR, changes nothing."""

from __future__ import annotations

import json

from scripts.decisions.containers import container_sources
from scripts.decisions.framework_images import image_problems
from scripts.decisions.image_access import may_pull, pulling_statement, repository_of
from scripts.errors import AccessDeniedError, ModelPackageError
from scripts.flows.prepare_release import processing_image
from scripts.flows.resolve_package import resolve
from scripts.flows.stage_context import StageContext
from scripts.gateways.images import NoRepositoryError, repository_policy
from scripts.workspace.pipelines import read_fresh_definition
from scripts.workspace.serving_files import IMAGES, read_image_table


def images_pulled(context: StageContext) -> list[str]:
    """What could not be found out of the images that the stage's jobs would run in now, one sentence each.

    Raises DefinitionError where the processing jobs have none in this region, ModelPackageError as below.
    """
    settings = context.settings
    images = [each.image for each in container_sources(resolve(context).package)]
    processing = settings.processing.image_uri or processing_image(
        read_fresh_definition(settings.pipeline).definition, settings.region
    )
    return require_pull(context, [*images, *([processing] if processing else [])])


def require_pull(context: StageContext, images: list[str]) -> list[str]:
    """What could not be found out, one sentence each.

    Raises ModelPackageError where dev's ECR keeps the stage out, and for an image of another region's ECR.

    Images of others' accounts, AWS's own among them, are theirs to share and are not judged.
    """
    dev, account = context.settings.dev_account, context.settings.account
    _require_region(context, images)
    doubts = []
    for image in dict.fromkeys(images):
        repository = repository_of(image)
        if repository is None or repository.account != dev or account == dev:
            continue
        try:
            policy = repository_policy(context.dev, repository.account, repository.name)
        except (AccessDeniedError, NoRepositoryError) as error:
            why = error.problem if isinstance(error, AccessDeniedError) else str(error)
            doubts.append(f"{image}: its repository's policy could not be read ({why})")
            continue
        answer = may_pull(policy, account)
        if answer == "unknown":
            doubts.append(f"{image}: whether its repository's policy lets {account} pull depends on its conditions")
        if answer == "no":
            raise _closed(context, image, repository.name, policy)
    return doubts


def _require_region(context: StageContext, images: list[str]) -> None:
    """SageMaker pulls from its own region's ECR alone, whoever's it is."""
    region = context.settings.region
    elsewhere = [each for each in images if (place := repository_of(each)) is not None and place.region != region]
    if not elsewhere:
        return
    table = read_image_table() if IMAGES.exists() else {}
    raise ModelPackageError(
        f"SageMaker in {region} pulls no image from another region",
        found=[why for each in dict.fromkeys(elsewhere) for why in (each, *image_problems(table, each, region))],
        next_command="register a version with the image of this region, and reject that one, then: make resolve",
    )


def _closed(context: StageContext, image: str, repository: str, policy: str | None) -> ModelPackageError:
    statement = json.dumps(pulling_statement(context.settings.account, context.settings.region))
    return ModelPackageError(
        f"{context.stage}'s account {context.settings.account} may not pull {image} from dev's ECR",
        found=[
            "the repository has no policy" if policy is None else "its policy does not let this account pull",
            f"the statement that it needs: {statement}",
        ],
        next_command=f"aws ecr set-repository-policy --repository-name {repository} --policy-text "
        f'\'{{"Version": "2012-10-17", "Statement": [{statement}]}}\'   # in dev; with what its policy has already',
    )
