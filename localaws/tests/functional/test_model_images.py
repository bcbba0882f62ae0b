"""What a model's image does for it: its own algorithm, its packages and the model's requirements, all of them real.

The models are trained beside the jobs, with the libraries of the image, so that predictions can be compared with what
the model itself says. Packages come from the index that pip is configured with.
"""

from __future__ import annotations

import io
import json
import math
import socket
import subprocess
import sys
import time
import zipfile
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import pytest

from localaws.server import Server
from localaws.services.sagemaker.jobs.python_environments import layer_on_own_packages
from tests.functional.job_site import JobSite

REGISTRY = "141502667606.dkr.ecr.eu-west-1.amazonaws.com"
XGBOOST = f"{REGISTRY}/sagemaker-xgboost:3.0-5"
SKLEARN = f"{REGISTRY}/sagemaker-scikit-learn:{'.'.join(version('scikit-learn').split('.')[:2])}-0-cpu-py3"
SCRIPT = {"SAGEMAKER_PROGRAM": "inference.py", "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code"}
TRAIN = """
import json, pickle
import lightgbm, numpy as np, xgboost as xgb
from scipy import sparse
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris

def trained(X, y, objective, **more):
    return xgb.train({"objective": objective, "max_depth": 3, "seed": 1, **more}, xgb.DMatrix(X, label=y), 20)

answers = {}
X, y = load_breast_cancer(return_X_y=True)
gaps = X[:60].copy()
gaps[::3, 0] = gaps[::5, 7] = np.nan
classifier = xgb.XGBClassifier(n_estimators=20, max_depth=3, random_state=1).fit(X, y)
classifier.get_booster().save_model("binary.json")
answers["binary"] = [gaps.tolist(), classifier.predict_proba(gaps)[:, 1].tolist()]
pickle.dump(classifier.get_booster(), open("binary.pkl", "wb"))
pickle.dump(classifier, open("classifier.pkl", "wb"))
X, y = load_diabetes(return_X_y=True)
X[np.abs(X) < 0.03] = 0  # which libsvm leaves out
regressor = trained(X, y, "reg:squarederror")
regressor.save_model("regressor.ubj")
rows = sparse.csr_matrix(X[:60])
answers["regressor"] = [X[:60].tolist(), regressor.predict(xgb.DMatrix(rows)).tolist()]
other = trained(X, y, "reg:squarederror", eta=0.1)
other.save_model("other.ubj")
both = np.mean([model.predict(xgb.DMatrix(X[:60])) for model in (regressor, other)], axis=0)
answers["both"] = [X[:60].tolist(), both.tolist()]
X, y = load_iris(return_X_y=True)
iris = trained(X, y, "multi:softprob", num_class=3)
iris.save_model("iris.json")
answers["iris"] = [X.tolist(), iris.predict(xgb.DMatrix(X)).tolist()]
booster = lightgbm.train({"objective": "binary", "verbose": -1}, lightgbm.Dataset(X, (y == 0).astype(int)), 10)
booster.save_model("lightgbm.txt")
answers["lightgbm"] = [X.tolist(), booster.predict(X).tolist()]
json.dump(answers, open("answers.json", "w"))
"""
LIGHTGBM = """
import os, lightgbm
def model_fn(model_dir):
    return lightgbm.Booster(model_file=os.path.join(model_dir, 'lightgbm.txt'))
"""
BOOSTER = """
import os, xgboost
def model_fn(model_dir):
    booster = xgboost.Booster()
    booster.load_model(os.path.join(model_dir, 'model.json'))
    return booster
"""
ECHO = """
def model_fn(model_dir):
    return None
def transform_fn(model, data, content_type, accept):
    return data
"""

Files = dict[str, bytes | str]


@dataclass(frozen=True)
class Trained:
    """Models in files, and for some the rows that they were asked for and what they said."""

    folder: Path

    def file(self, name: str) -> bytes:
        return (self.folder / name).read_bytes()

    def answers(self, name: str) -> tuple[list[list[float]], list[Any]]:
        rows, predictions = json.loads((self.folder / "answers.json").read_text())[name]
        return rows, predictions


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    folder = tmp_path_factory.mktemp("trained")
    subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
    layer_on_own_packages(folder / "venv")
    python = folder / "venv/bin/python"
    subprocess.run([python, "-m", "pip", "install", "-q", "xgboost-cpu==3.0.5", "lightgbm==4.6.0"], check=True)
    subprocess.run([python, "-c", TRAIN], cwd=folder, check=True)
    return Trained(folder)


def csv_of(rows: list[list[float]]) -> str:
    return "".join(",".join("" if math.isnan(value) else repr(value) for value in row) + "\n" for row in rows)


def libsvm_of(rows: list[list[float]]) -> str:
    """With a label, as training data has; zeros are left out."""
    return "".join("1 " + " ".join(f"{i}:{v!r}" for i, v in enumerate(row) if v) + "\n" for row in rows)


def said(site: JobSite, job: str) -> str:
    return "\n".join(line for lines in site.logs("transform", job).values() for line in lines)


def test_a_saved_classifier_gives_probabilities_and_reads_missing_values(
    site: JobSite, unique: str, trained: Trained
) -> None:
    rows, predictions = trained.answers("binary")
    site.model(unique, {"model.json": trained.file("binary.json")}, Image=XGBOOST)
    site.put("in/a.csv", csv_of(rows))
    job = site.transform(unique, f"s3://{site.bucket}/in/")
    assert job["TransformJobStatus"] == "Completed", job
    assert [float(line) for line in site.predictions(unique)["a.csv.out"].splitlines()] == predictions


def test_a_regressor_reads_libsvm(site: JobSite, unique: str, trained: Trained) -> None:
    rows, predictions = trained.answers("regressor")
    site.model(unique, {"xgboost-model": trained.file("regressor.ubj")}, Image=XGBOOST)
    site.put("in/a.libsvm", libsvm_of(rows))
    job = site.transform(unique, f"s3://{site.bucket}/in/", source={"ContentType": "text/x-libsvm"})
    assert job["TransformJobStatus"] == "Completed", job
    assert [float(line) for line in site.predictions(unique)["a.libsvm.out"].splitlines()] == predictions


@pytest.mark.parametrize("accept", ["text/csv", "application/json"])
def test_several_probabilities_are_a_list_on_a_line_whatever_is_accepted(
    site: JobSite, unique: str, trained: Trained, accept: str
) -> None:
    rows, predictions = trained.answers("iris")
    site.model(unique, {"model.json": trained.file("iris.json")}, Image=XGBOOST)
    site.put("in/a.csv", csv_of(rows))
    job = site.transform(unique, f"s3://{site.bucket}/in/", target={"Accept": accept})
    assert job["TransformJobStatus"] == "Completed", job
    assert [json.loads(line) for line in site.predictions(unique)["a.csv.out"].splitlines()] == predictions


def test_labels_and_probabilities_are_selected(site: JobSite, unique: str, trained: Trained) -> None:
    rows, predictions = trained.answers("iris")
    environment = {"SAGEMAKER_INFERENCE_OUTPUT": "predicted_label,probability"}
    site.model(unique, {"model.json": trained.file("iris.json")}, Image=XGBOOST, Environment=environment)
    site.put("in/a.csv", csv_of(rows))
    job = site.transform(unique, f"s3://{site.bucket}/in/")
    assert job["TransformJobStatus"] == "Completed", job
    expected = "".join(f"{each.index(max(each))},{max(each)}\n" for each in predictions)
    assert site.predictions(unique)["a.csv.out"].decode() == expected


def test_a_pickled_booster_is_served_and_minds_the_number_of_features(
    site: JobSite, unique: str, trained: Trained
) -> None:
    rows, predictions = trained.answers("binary")
    site.model(unique, {"xgboost-model": trained.file("binary.pkl")}, Image=XGBOOST)
    site.put("in/a.csv", csv_of(rows))
    site.put("in/b.csv", "1,2\n")
    job = site.transform(unique, f"s3://{site.bucket}/in/")
    assert "Feature size of csv inference data 2 is not consistent with the model's 30" in job["FailureReason"]
    assert [float(line) for line in site.predictions(unique)["a.csv.out"].splitlines()] == predictions


def test_several_models_are_averaged(site: JobSite, unique: str, trained: Trained) -> None:
    rows, predictions = trained.answers("both")
    files = {"fold-1": trained.file("regressor.ubj"), "fold-2": trained.file("other.ubj"), ".DS_Store": b"x"}
    site.model(unique, files, Image=XGBOOST)
    site.put("in/a.csv", csv_of(rows))
    site.transform(unique, f"s3://{site.bucket}/in/")
    assert [float(line) for line in site.predictions(unique)["a.csv.out"].splitlines()] == predictions


@pytest.mark.parametrize(
    ("files", "content_type", "words"),
    [
        ({"model.json": "binary.json"}, "application/x-recordio-protobuf", "transform text/csv or text/libsvm here"),
        ({"model.json": "binary.json"}, "application/x-parquet", "not an accepted ContentType"),
        ({"model.bin": "lightgbm.txt"}, "text/csv", "model.bin is no model that XGBoost 3.0.5 can read"),
        ({"model.pkl": "classifier.pkl"}, "text/csv", "holds a pickled XGBClassifier"),
        ({"code/inference.py": "answers.json"}, "text/csv", "no SAGEMAKER_PROGRAM: set it to inference.py"),
    ],
)
def test_what_the_algorithm_does_not_take_is_told(
    site: JobSite, unique: str, trained: Trained, files: dict[str, str], content_type: str, words: str
) -> None:
    site.model(unique, {name: trained.file(source) for name, source in files.items()}, Image=XGBOOST)
    site.put("in/a.csv", "1,2\n")
    job = site.transform(unique, f"s3://{site.bucket}/in/", source={"ContentType": content_type})
    assert words in job["FailureReason"]


def test_a_script_without_input_fn_gets_a_matrix(site: JobSite, unique: str, trained: Trained) -> None:
    rows, predictions = trained.answers("iris")
    files: Files = {"model.json": trained.file("iris.json"), "code/inference.py": BOOSTER}
    site.model(unique, files, Image=f"{REGISTRY}/sagemaker-xgboost:latest", Environment=SCRIPT)
    site.put("in/a.csv", csv_of(rows))
    job = site.transform(
        unique, f"s3://{site.bucket}/in/", target={"Accept": "application/json", "AssembleWith": "None"}
    )
    assert job["TransformJobStatus"] == "Completed", said(site, unique)
    answer = json.loads(site.predictions(unique)["a.csv.out"])
    assert [[pytest.approx(value, abs=1e-6) for value in row] for row in predictions] == answer


def test_requirements_are_installed_once_and_only_for_the_model(site: JobSite, unique: str, trained: Trained) -> None:
    rows, predictions = trained.answers("lightgbm")
    files: Files = {
        "lightgbm.txt": trained.file("lightgbm.txt"),
        "code/inference.py": LIGHTGBM,
        "code/requirements.txt": f"# {unique}: no other test shares the environment\nlightgbm==4.6.0\n",
    }
    site.model(unique, files, Image=SKLEARN, Environment=SCRIPT)
    site.put("in/a.csv", csv_of(rows))
    names = [f"{unique}-{number}" for number in range(3)]
    for name in names[:2]:
        site.start_transform(name, f"s3://{site.bucket}/in/", model=unique)
    for name in names[:2]:
        assert site.ended("transform", name)["TransformJobStatus"] == "Completed"
    site.transform(names[2], f"s3://{site.bucket}/in/", model=unique)
    for name in names:
        values = [float(line) for line in site.predictions(name)["a.csv.out"].splitlines()]
        assert values == pytest.approx(predictions)
    assert sum("Successfully installed lightgbm-4.6.0" in said(site, name) for name in names) == 1
    with pytest.raises(PackageNotFoundError):
        version("lightgbm")


def test_without_a_network_requirements_fail_with_what_to_do(site: JobSite, unique: str) -> None:
    artifact = {"code/inference.py": ECHO, "code/requirements.txt": "lightgbm==4.6.0\n"}
    site.model(unique, artifact, Image=SKLEARN, Environment=SCRIPT, isolated=True)
    site.put("in/a.csv", "1\n")
    reason = site.transform(unique, f"s3://{site.bucket}/in/")["FailureReason"]
    assert "EnableNetworkIsolation false (network_isolation: false" in reason
    assert "lightgbm==4.6.0" in reason
    assert "ERROR" in said(site, unique)


def test_without_a_network_the_packages_of_the_image_suffice(site: JobSite, unique: str) -> None:
    artifact = {"code/inference.py": ECHO, "code/requirements.txt": "scikit-learn\n"}
    site.model(unique, artifact, Image=SKLEARN, Environment=SCRIPT, isolated=True)
    site.put("in/a.csv", "1\n")
    job = site.transform(unique, f"s3://{site.bucket}/in/")
    assert job["TransformJobStatus"] == "Completed", job


def test_requirements_that_cannot_be_had_fail_with_the_words_of_pip(site: JobSite, unique: str, server: Server) -> None:
    artifact = {"code/inference.py": ECHO, "code/requirements.txt": "scikit-learn==0.0.0.1\n"}
    site.model(unique, artifact, Image=SKLEARN, Environment=SCRIPT)
    site.put("in/a.csv", "1\n")
    reason = site.transform(unique, f"s3://{site.bucket}/in/")["FailureReason"]
    assert "pip cannot install /opt/ml/model/code/requirements.txt" in reason
    assert "No matching distribution found for scikit-learn==0.0.0.1" in reason
    assert building(server) == []


def test_requirements_may_name_what_lies_beside_them(site: JobSite, unique: str) -> None:
    artifact: Files = {
        "code/inference.py": f"{ECHO}\nimport beside\n",
        "code/requirements.txt": "-r more.txt\n",
        "code/more.txt": "./beside-1-py3-none-any.whl\n",
        "code/beside-1-py3-none-any.whl": wheel("beside"),
    }
    site.model(unique, artifact, Image=SKLEARN, Environment=SCRIPT, isolated=True)
    site.put("in/a.csv", "1\n")
    job = site.transform(unique, f"s3://{site.bucket}/in/")
    assert job["TransformJobStatus"] == "Completed", job


def test_a_job_that_is_stopped_while_it_installs_leaves_nothing(site: JobSite, unique: str, server: Server) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes connections and never answers
        index = f"--index-url http://127.0.0.1:{silent.getsockname()[1]}/\nlightgbm==4.6.0\n"
        artifact = {"code/inference.py": ECHO, "code/requirements.txt": index}
        site.model(unique, artifact, Image=SKLEARN, Environment=SCRIPT)
        site.put("in/a.csv", "1\n")
        site.start_transform(unique, f"s3://{site.bucket}/in/")
        deadline = time.monotonic() + 60
        while "Looking in indexes" not in said(site, unique):
            assert time.monotonic() < deadline, said(site, unique)
            time.sleep(0.05)
        assert building(server)
        site.sagemaker.stop_transform_job(TransformJobName=unique)
        assert site.ended("transform", unique)["TransformJobStatus"] == "Stopped"
    assert building(server) == []


def test_where_no_index_is_within_reach_the_package_and_the_command_are_named(
    site: JobSite, unique: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")  # as the user's own pip is configured, so is that of a job
    monkeypatch.setenv("PIP_FIND_LINKS", "/nowhere")
    site.model(unique, {"model.json": "{}"}, Image=f"{REGISTRY}/sagemaker-xgboost:2.1-0")
    site.put("in/a.csv", "1\n")
    reason = site.transform(unique, f"s3://{site.bucket}/in/")["FailureReason"]
    assert "sagemaker-xgboost:2.1-0 brings xgboost-cpu==2.1.*, which localaws lacks" in reason
    assert "python -m pip install 'xgboost-cpu==2.1.*'" in reason


def test_an_image_that_serves_nothing_by_itself_asks_for_code(site: JobSite, unique: str) -> None:
    site.model(unique, {"model.joblib": "x"}, Image=SKLEARN)
    site.put("in/a.csv", "1\n")
    reason = site.transform(unique, f"s3://{site.bucket}/in/")["FailureReason"]
    assert "serves no model without one: the artifact must bring code/inference.py" in reason


def test_pytorch_is_not_installed_unasked(site: JobSite, unique: str) -> None:
    site.model(unique, {"model.pt": "x"}, Image=f"{REGISTRY}/pytorch-inference:2.6.0-cpu-py312-ubuntu22.04-sagemaker")
    site.put("in/a.csv", "1\n")
    reason = site.transform(unique, f"s3://{site.bucket}/in/")["FailureReason"]
    assert "python -m pip install 'torch==2.6.*'" in reason


def wheel(name: str) -> bytes:
    """A package of one empty module."""
    target, about = io.BytesIO(), f"{name}-1.dist-info"
    with zipfile.ZipFile(target, "w") as made:
        made.writestr(f"{name}.py", "")
        made.writestr(f"{about}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n")
        made.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        made.writestr(f"{about}/RECORD", "")
    return target.getvalue()


def building(server: Server) -> list[Path]:
    """The environments that are not whole."""
    return list(server.cloud.kept_directory("environments").glob("building-*"))
