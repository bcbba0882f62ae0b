"""``register``: from a file of a model to a version in the registry, and what is refused before anything is sent."""

from __future__ import annotations

import gzip
import io
import json
import re
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from tests.functional.conftest import DEV, PREPROD, REGION
from tests.functional.scripts.site import DEV_BUCKET, PROJECT, ROOT, Site

MODELS = ROOT / "tests/unit/scripts/decisions/models"
HANDLER = b"import joblib, os\ndef model_fn(d):\n    return joblib.load(os.path.join(d, 'model.joblib'))\n"


@pytest.fixture
def team(site: Site) -> Site:
    """Whose jobs may install packages."""
    for name in ("framework_images.json",):
        shutil.copy(ROOT / "pipelines" / name, site.folder / "pipelines" / name)
    for stage in ("preprod", "prod"):
        path = site.folder / "stages" / f"{stage}.yml"
        path.write_text(path.read_text() + "network_isolation: false\n")
    return site


def saved(site: Site, model: Any, name: str = "model.joblib") -> str:
    joblib.dump(model, site.folder / name)
    return name


def regressor() -> Any:
    features = np.random.default_rng(0).random((20, 3))
    return make_pipeline(StandardScaler(), LinearRegression()).fit(features, features @ [1.0, 2.0, 3.0])


def tarball(site: Site, files: Mapping[str, bytes], name: str = "model.tar.gz") -> str:
    with tarfile.open(site.folder / name, "w:gz") as archive:
        for member, content in files.items():
            entry = tarfile.TarInfo(member)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return name


def described(site: Site, arn: str) -> dict[str, Any]:
    package: dict[str, Any] = site.client("sagemaker").describe_model_package(ModelPackageName=arn)
    return package


def stored(site: Site, uri: str) -> bytes:
    body: bytes = (
        site.client("s3").get_object(Bucket=DEV_BUCKET, Key=uri.removeprefix(f"s3://{DEV_BUCKET}/"))["Body"].read()
    )
    return body


def members(archive: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        return {entry.name: tar.extractfile(entry).read() for entry in tar}  # type: ignore[union-attr]


def served(archive: bytes, folder: Path, records: str, environment: Mapping[str, str] = {}) -> str:
    """What an archive's handler answers, as the image's toolkit calls it: in a process of its own."""
    folder.mkdir(exist_ok=True)
    for name, content in members(archive).items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(content)
    code = (
        "import sys; sys.path.insert(0, 'code'); import inference as i\n"
        "m = i.model_fn('.'); d = i.input_fn(sys.stdin.read(), 'text/csv')\n"
        "print(i.output_fn(i.predict_fn(d, m), 'text/csv')[0], end='')"
    )
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        input=records,
        env=dict(environment),
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def refused(site: Site, code: int, words: str | tuple[str, ...], *arguments: str, **environment: str) -> None:
    done = site.run("register", *arguments, **environment)
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert "next:" in done.stderr
    for word in (words,) if isinstance(words, str) else words:
        assert word in done.stderr, done.stderr
    assert uploaded(site) == []
    assert site.group not in groups(site)


def uploaded(site: Site) -> list[str]:
    found = site.client("s3").list_objects_v2(Bucket=DEV_BUCKET, Prefix=f"models/{site.group}/")
    return [each["Key"] for each in found.get("Contents", [])]


def groups(site: Site) -> list[str]:
    pages = site.client("sagemaker").get_paginator("list_model_package_groups").paginate()
    return [each["ModelPackageGroupName"] for page in pages for each in page["ModelPackageGroupSummaryList"]]


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


BOOSTER = (MODELS / "xgboost.json").read_bytes()
OTHER_VERSION = BOOSTER.replace(b'"version":[3,2,0]', b'"version":[9,9,0]')
REGRESSOR = (MODELS / "regressor.joblib").read_bytes()
GOOD = {"model.joblib": REGRESSOR, "code/inference.py": HANDLER}
BAD_ARCHIVES: dict[str, tuple[dict[str, bytes], str]] = {
    "no file": ({}, "it holds no file"),
    "nested": ({f"model/{name}": content for name, content in GOOD.items()}, "everything is inside model/"),
    "no code": ({"model.joblib": REGRESSOR}, "needs code/inference.py"),
    "handler at the top": (
        {"model.joblib": REGRESSOR, "inference.py": HANDLER},
        "the image looks for code/inference.py",
    ),
    "another script": ({"model.joblib": REGRESSOR, "code/serve.py": HANDLER}, "code/inference.py is missing"),
    "syntax": ({**GOOD, "code/inference.py": b"def model_fn(:\n"}, "code/inference.py: line 1"),
    "syntax of a module": ({**GOOD, "code/features.py": b"a b"}, "code/features.py: line 1"),
    "no model_fn": ({**GOOD, "code/inference.py": b"def predict_fn(x, m): ..."}, "defines no model_fn"),
    "both": ({**GOOD, "code/inference.py": HANDLER + b"def transform_fn(): ...\ndef input_fn(): ..."}, "keep one"),
    "unpinned": ({**GOOD, "code/requirements.txt": b"pandas\nnumpy>=1\n"}, 'line 2: "numpy>=1" is not pinned'),
    "requirements at the top": ({**GOOD, "requirements.txt": b"pandas==2.2.2"}, "where nothing installs it"),
    "traversal": ({**GOOD, "../../evil.txt": b"x"}, "outside of the model's folder"),
    "absolute": ({**GOOD, "/etc/evil": b"x"}, "outside of the model's folder"),
    "other scikit-learn": (
        {**GOOD, "model.joblib": REGRESSOR.replace(b"1.9.1", b"9.9.1")},
        "saved by scikit-learn 9.9.1",
    ),
    "other xgboost": ({"model.json": OTHER_VERSION}, "saved by XGBoost 9.9.0"),
    "garbage": ({"model.joblib": b"garbage", "code/inference.py": HANDLER}, "model.joblib is no model"),
    "no booster": ({"model.json": BOOSTER, "notes.md": b"about it"}, "notes.md is no XGBoost model"),
}


@pytest.mark.parametrize("kind", BAD_ARCHIVES)
def test_an_archive_that_the_container_would_refuse_is_not_uploaded(team: Site, kind: str) -> None:
    files, word = BAD_ARCHIVES[kind]
    more = ["--framework", "sklearn"] if kind in ("no file", "garbage") else []
    refused(team, 7, word, "--artifact", tarball(team, files), *more)


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "it is empty"),
        (b"hello", "not gzip's"),
        (gzip.compress(b"hello" * 1000), "is not a gzipped tar file"),
        (gzip.compress(b"hello")[:-4], "is not a gzipped tar file"),
        (b"PK\x03\x04zip", "it is a zip file"),
    ],
)
def test_what_is_no_archive_is_not_uploaded(team: Site, content: bytes, word: str) -> None:
    (team.folder / "model.tar.gz").write_bytes(content)
    refused(team, 7, word, "--artifact", "model.tar.gz", "--framework", "sklearn")


def test_a_link_out_of_the_archive_is_refused(team: Site) -> None:
    with tarfile.open(team.folder / "model.tar.gz", "w:gz") as archive:
        entry = tarfile.TarInfo("model.joblib")
        entry.type, entry.linkname = tarfile.SYMTYPE, "../../etc/passwd"
        archive.addfile(entry)
    refused(team, 7, "leads out of the model's folder", "--artifact", "model.tar.gz", "--framework", "sklearn")


def test_files_that_nothing_can_serve_are_refused(team: Site) -> None:
    (team.folder / "empty.joblib").touch()
    (team.folder / "notes.txt").write_text("a model, honestly")
    (team.folder / "list.pkl").write_bytes(b"\x80\x04]\x94.")
    refused(team, 7, "is empty", "--artifact", "empty.joblib")
    refused(team, 7, "CODE=inference.py", "--artifact", "notes.txt")
    refused(team, 7, "CODE=inference.py", "--artifact", "list.pkl")
    refused(team, 15, "there is no nothing.joblib", "--artifact", "nothing.joblib")
    refused(team, 15, "is a folder", "--artifact", "pipelines")
    refused(team, 2, "no model given")


def test_packages_are_not_promised_where_jobs_have_no_network(team: Site) -> None:
    shutil.copy(MODELS / "lightgbm.txt", team.folder)
    team.edit_stage("prod", "network_isolation: false", "network_isolation: true")
    refused(team, 7, ("network_isolation: false", "stage prod"), "--artifact", "lightgbm.txt")


def test_an_image_that_cannot_be_pulled_or_does_not_fit_is_refused(team: Site) -> None:
    artifact = ("--artifact", saved(team, regressor()))
    stock = f"783357654285.dkr.ecr.{REGION}.amazonaws.com/sagemaker-scikit-learn:1.9-0-cpu-py3"
    other = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.9-0-cpu-py3"
    refused(team, 7, ("the image is in us-east-1", stock), *artifact, "--image", other)
    refused(team, 7, stock, *artifact, "--image", stock.replace("783357654285", "683313688378"))
    refused(team, 7, "is not the URI of an image", *artifact, "--image", "not an image")
    refused(team, 7, "saved by scikit-learn 1.9.1", *artifact, "--image", stock.replace("1.9-0", "1.2-1"))
    refused(team, 7, f"images of {REGION}", *artifact, "--framework-version", "7.7")
    refused(team, 7, "is a scikit-learn model", *artifact, "--framework", "xgboost")
    refused(team, 2, "is no framework", *artifact, "--framework", "tensorflow")
    own = team.json("register", *artifact, "--image", f"{DEV}.dkr.ecr.{REGION}.amazonaws.com/ours:1")
    assert "Environment" not in described(team, own["model_package_arn"])["InferenceSpecification"]["Containers"][0]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"auc": "high"}', '{"auc": NaN}', '{"auc": true}', "auc: 0.9"])
def test_metrics_that_are_none_are_refused(team: Site, text: str) -> None:
    (team.folder / "metrics.json").write_text(text)
    refused(team, 7, "holds no metrics", "--artifact", saved(team, regressor()), "--metrics", "metrics.json")


def test_words_that_aws_would_refuse_are_refused_first(team: Site) -> None:
    artifact = ("--artifact", saved(team, regressor()))
    refused(team, 2, "an approval needs a reason", *artifact, "--approve")
    refused(team, 2, "DESCRIPTION", *artifact, "--description", "x" * 1025)
    refused(team, 2, "there is no pipeline", *artifact, "--pipeline", "chrun")
    refused(team, 4, PREPROD, *artifact, AWS_ACCESS_KEY_ID=PREPROD)


def test_the_boto3_calls_of_the_page_do_the_same(team: Site) -> None:
    page = (ROOT / "docs/registering-a-model.md").read_text()
    code = next(each for each in re.findall(r"```python\n(.*?)```", page, re.DOTALL) if "sagemaker.core" not in each)
    team.client("sagemaker").create_model_package_group(ModelPackageGroupName=team.group)
    tarball(team, GOOD)
    where = {'"eu-west-1", "111111111111"': f'"{REGION}", "{DEV}"', "tumor-screening": PROJECT}
    ours = {'"churn"': f'"{team.group}"', **where}
    for pages, own in ours.items():
        assert pages in code
        code = code.replace(pages, own)
    script = code.replace("141502667606", "783357654285")  # AWS's account for the image in that region
    subprocess.run([sys.executable, "-c", script], cwd=team.folder, env=team.environment, check=True)
    package = team.json("resolve")["model_package"]
    assert package["ApprovalDescription"] == "better recall than the model in use"
    assert package["ModelPackageArn"].endswith("/1")
