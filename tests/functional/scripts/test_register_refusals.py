"""``register`` refuses what the container would refuse, before anything is sent."""

from __future__ import annotations

import gzip
import shutil
import tarfile

import pytest

from tests.functional.conftest import DEV, PREPROD, REGION
from tests.functional.scripts.model_files import (
    GOOD,
    HANDLER,
    MODELS,
    REGRESSOR,
    described,
    refused,
    regressor,
    saved,
    tarball,
)
from tests.functional.scripts.site import Site

BOOSTER = (MODELS / "xgboost.json").read_bytes()
OTHER_VERSION = BOOSTER.replace(b'"version":[3,2,0]', b'"version":[9,9,0]')
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
        (gzip.compress(b"hello" * 1000, mtime=0), "is not a gzipped tar file"),
        (gzip.compress(b"hello", mtime=0)[:-4], "is not a gzipped tar file"),
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
    refused(team, 4, PREPROD, *artifact, **team.address.keys(PREPROD))


def test_a_model_that_cannot_read_what_the_pipeline_sends_is_not_uploaded(team: Site) -> None:
    """Text, for the image's default handler; JSON, which is sent by one stage alone."""
    schema = team.folder / "pipelines" / team.pipeline / "schema.yml"
    features = "record_id: id\nfeatures:\n- name: a\n- { name: quay, type: text }\n- name: c\n"
    schema.write_text(f"{features}predictions:\n- name: hours\n")
    artifact = ("--artifact", tarball(team, GOOD))
    refused(team, 7, ("default input_fn reads numbers alone", "sends text (quay)"), *artifact)
    schema.write_text(schema.read_text().replace(", type: text", ""))
    stage = team.folder / "stages/prod.yml"
    stage.write_text(stage.read_text().replace("content_type: text/csv", "content_type: application/jsonlines"))
    stage.write_text(stage.read_text().replace("accept: text/csv", "accept: application/jsonlines"))
    refused(team, 7, "the pipeline sends application/jsonlines", *artifact)
    stage.write_text(stage.read_text().replace("application/jsonlines", "text/csv"))
    assert team.json("register", *artifact)["registered"]
