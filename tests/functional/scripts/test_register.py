"""``register``: from a file of a model to a version in the registry."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from tests.functional.conftest import DEV, REGION
from tests.functional.scripts.model_files import (
    GOOD,
    HANDLER,
    MODELS,
    described,
    members,
    regressor,
    saved,
    served,
    stored,
    tarball,
    uploaded,
)
from tests.functional.scripts.site import PROJECT, ROOT, Site


def test_a_regressor_is_registered_with_code_that_predicts_as_it_does(team: Site, tmp_path: Path) -> None:
    model = regressor()
    (team.folder / "metrics.json").write_text('{"rmse": 0.25}')
    done = team.json(
        "register", "--artifact", saved(team, model), "--metrics", "metrics.json", "--description", "House prices"
    )
    package = described(team, done["model_package_arn"])
    assert (package["ModelPackageStatus"], package["ModelApprovalStatus"]) == ("Completed", "PendingManualApproval")
    assert package["ModelPackageDescription"] == "House prices"
    assert package["CustomerMetadataProperties"]["rmse"] == "0.25"
    assert package["CustomerMetadataProperties"]["model_sha256"] == done["model_sha256"]
    container = package["InferenceSpecification"]["Containers"][0]
    assert "sagemaker-scikit-learn:1.9-0" in container["Image"]
    assert container["Environment"]["SAGEMAKER_PROGRAM"] == "inference.py"
    statistics = stored(team, package["ModelMetrics"]["ModelQuality"]["Statistics"]["S3Uri"])
    assert json.loads(statistics)["regression_metrics"] == {"rmse": {"value": 0.25}}
    archive = stored(team, container["ModelDataUrl"])
    assert sorted(members(archive)) == ["code/inference.py", "model.joblib"]
    answer = served(archive, tmp_path / "served", "0.1,0.2,0.3\n0.4,0.5,0.6\n")
    expected = model.predict([[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]])
    assert answer == "".join(f"{float(value)!r}\n" for value in expected)


@pytest.mark.parametrize(("labels", "columns"), [(2, 1), (3, 3)])
def test_a_classifier_gives_its_classes_or_its_probabilities(
    team: Site, tmp_path: Path, labels: int, columns: int
) -> None:
    features = np.random.default_rng(0).random((30, 2))
    classes = np.array(["a", "b", "c"])[np.arange(30) % labels]
    model = LogisticRegression().fit(features, classes)
    name = saved(team, model)
    plain = team.json("register", "--artifact", name)
    archive = stored(team, plain["model_uri"])
    assert served(archive, tmp_path / "classes", "0.1,0.9\n") == f"{model.predict([[0.1, 0.9]])[0]}\n"
    other = team.json("register", "--artifact", name, "--probability")
    assert other["registered"]
    environment = described(team, other["model_package_arn"])["InferenceSpecification"]["Containers"][0]["Environment"]
    answer = served(archive, tmp_path / "probabilities", "0.1,0.9\n", {"MODEL_OUTPUT": environment["MODEL_OUTPUT"]})
    wanted = model.predict_proba([[0.1, 0.9]])[0][-columns:]
    assert [float(each) for each in answer.split(",")] == pytest.approx(list(wanted))


def test_a_saved_xgboost_model_needs_no_code(team: Site) -> None:
    for name in ("xgboost.json", "xgboost.ubj"):
        shutil.copy(MODELS / name, team.folder / name)
        done = team.json("register", "--artifact", name)
        container = described(team, done["model_package_arn"])["InferenceSpecification"]["Containers"][0]
        assert "sagemaker-xgboost:3.2-0" in container["Image"]
        assert "Environment" not in container
        assert list(members(stored(team, container["ModelDataUrl"]))) == [f"xgboost-model{Path(name).suffix}"]


def test_a_lightgbm_model_gets_code_and_pinned_requirements(team: Site) -> None:
    shutil.copy(MODELS / "lightgbm.txt", team.folder)
    done = team.json("register", "--artifact", "lightgbm.txt", "--framework-version", "4.6.0")
    found = members(stored(team, done["model_uri"]))
    assert found["code/requirements.txt"] == b"lightgbm==4.6.0\n"
    assert b"lightgbm.Booster" in found["code/inference.py"]
    assert "sagemaker-scikit-learn" in done["image"]


def test_code_and_requirements_of_ones_own_travel_with_the_model(team: Site) -> None:
    saved(team, regressor())
    folder = team.folder / "serving"
    folder.mkdir()
    (folder / "inference.py").write_bytes(HANDLER + b"import features\n")
    (folder / "features.py").write_text("")
    (team.folder / "req.txt").write_text("category-encoders==2.6.3\n")
    arguments = ["--artifact", "model.joblib", "--code", "serving", "--requirements", "req.txt"]
    done = team.json("register", *arguments)
    names = ["code/features.py", "code/inference.py", "code/requirements.txt", "model.joblib"]
    assert sorted(members(stored(team, done["model_uri"]))) == names
    # The same into an archive that has none.
    packed = tarball(team, {"./model.joblib": (team.folder / "model.joblib").read_bytes()})
    again = team.json("register", "--artifact", packed, *arguments[2:])
    assert sorted(members(stored(team, again["model_uri"]))) == names
    refused_later = team.run(
        "register",
        "--artifact",
        tarball(team, {"m": b"1", "code/inference.py": HANDLER}),
        "--code",
        "serving",
        "--framework",
        "sklearn",
    )
    assert refused_later.returncode == 2
    assert "has a code/ already" in refused_later.stderr


def test_an_archive_is_uploaded_as_it_is(team: Site) -> None:
    saved(team, regressor())
    model = (team.folder / "model.joblib").read_bytes()
    name = tarball(team, {"model.joblib": model, "code/inference.py": HANDLER})
    done = team.json("register", "--artifact", name)
    assert stored(team, done["model_uri"]) == (team.folder / name).read_bytes()
    assert done["default_code"] is False


def test_a_large_model_is_sent_in_parts_and_not_twice(team: Site) -> None:
    large = np.random.default_rng(0).bytes(20 * 1024**2)
    arguments = ("--artifact", tarball(team, {"weights.bin": large, "code/inference.py": HANDLER}))
    done = team.json("register", *arguments, "--framework", "sklearn")
    assert stored(team, done["model_uri"]) == (team.folder / "model.tar.gz").read_bytes()
    again = team.run("register", *arguments, "--framework", "sklearn", "--force")
    assert again.returncode == 0, again.stderr
    assert "there already" in again.stderr


def test_a_model_is_registered_once_and_approved_later(team: Site) -> None:
    arguments = ("--artifact", saved(team, regressor()))
    first = team.json("register", *arguments)
    assert (first["registered"], first["group_created"]) == (True, True)
    second = team.run("register", *arguments)
    assert second.returncode == 0
    assert f"{first['model_package_arn']} (existed already)" in second.stdout
    assert "FORCE=1" in second.stderr
    approved = team.json("register", *arguments, "--approve", "--reason", "better than the old one")
    assert (approved["model_package_arn"], approved["registered"]) == (first["model_package_arn"], False)
    package = described(team, first["model_package_arn"])
    assert (package["ModelApprovalStatus"], package["ApprovalDescription"]) == ("Approved", "better than the old one")
    assert team.json("resolve")["model_package"]["ModelPackageArn"] == first["model_package_arn"]
    third = team.json("register", *arguments, "--force")
    assert (third["registered"], third["version"]) == (True, 2)


def test_a_rejected_model_is_not_approved_by_registering_it_again(team: Site) -> None:
    arguments = ("--artifact", saved(team, regressor()))
    arn = team.json("register", *arguments)["model_package_arn"]
    team.client("sagemaker").update_model_package(ModelPackageArn=arn, ModelApprovalStatus="Rejected")
    done = team.run("register", *arguments, "--approve", "--reason", "please")
    assert done.returncode == 7
    assert "Rejected" in done.stderr
    assert described(team, arn)["ModelApprovalStatus"] == "Rejected"


@pytest.mark.parametrize(
    "sign", ["Package", "Register it", "made model package group", "model.tar.gz: ", "registered "]
)
def test_killed_anywhere_and_run_again_there_is_one_version(team: Site, sign: str) -> None:
    arguments = ("--artifact", saved(team, regressor()), "--approve", "--reason", "ready")
    team.kill_when("register", sign, *arguments)
    done = team.json("register", *arguments)
    assert (done["version"], done["approval_status"]) == (1, "Approved")
    assert len(uploaded(team)) == 1


def test_a_registered_model_is_released_and_deployed(team: Site) -> None:
    team.put_input()
    done = team.json("register", "--artifact", saved(team, regressor()), "--approve", "--reason", "first")
    live = team.json("deploy", "--stage", "preprod")
    assert done["model_package_arn"].endswith("/1")
    assert live["release_id"]


def test_the_boto3_calls_of_the_page_do_the_same(team: Site) -> None:
    page = (ROOT / "docs/registering-a-model.md").read_text()
    code = next(each for each in re.findall(r"```python\n(.*?)```", page, re.DOTALL) if "sagemaker.core" not in each)
    team.client("sagemaker").create_model_package_group(ModelPackageGroupName=team.group)
    tarball(team, GOOD)
    where = {'"ap-southeast-2", "012345670123"': f'"{REGION}", "{DEV}"', "my-team": PROJECT}
    ours = {'"churn"': f'"{team.group}"', **where}
    for pages, own in ours.items():
        assert pages in code
        code = code.replace(pages, own)
    script = code.replace("141502667606", "783357654285")  # AWS's account for the image in that region
    subprocess.run([sys.executable, "-c", script], cwd=team.folder, env=team.environment, check=True)
    package = team.json("resolve")["model_package"]
    assert package["ApprovalDescription"] == "better recall than the model in use"
    assert package["ModelPackageArn"].endswith("/1")
