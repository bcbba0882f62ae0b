"""The example model, its serving code and its data; trained once for all tests here."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path

import numpy as np
import pytest

from examples import inference
from examples.candidates import CANDIDATES
from examples.packaging import archive
from examples.records import FEATURES, SCHEMA_FILE
from examples.registration import already_registered, package_description, package_request
from examples.scoring_data import scoring_files
from examples.tests.conftest import ROOT
from examples.train import TrainedModel, data, train
from pipelines.tabular.preprocessing import run
from pipelines.tabular.schema import schema_beside
from scripts.gateways.service_model import argument_problems


@pytest.fixture(scope="module")
def trained() -> TrainedModel:
    """The candidate that is the newest Approved version."""
    return train(CANDIDATES[2])


def served(trained: TrainedModel, body: str, accept: str = "text/csv", content_type: str = "text/csv") -> str:
    """What the container answers."""
    features = inference.input_fn(body, content_type)
    return inference.output_fn(inference.predict_fn(features, trained.model), accept)[0]


def as_csv(features: np.ndarray) -> str:
    return "".join(",".join("" if np.isnan(value) else repr(float(value)) for value in row) + "\n" for row in features)


def test_served_predictions_equal_those_of_the_model_itself(trained: TrainedModel) -> None:
    held_out = data().test
    lines = [line.split(",") for line in served(trained, as_csv(held_out)).splitlines()]
    assert [int(label) for label, _ in lines] == trained.model.predict(held_out).tolist()
    assert [float(probability) for _, probability in lines] == trained.model.predict_proba(held_out)[:, 1].tolist()


def test_raw_files_preprocessed_and_served_give_what_the_model_gives_on_the_same_rows(
    trained: TrainedModel, tmp_path: Path
) -> None:
    (tmp_path / "processing/input").mkdir(parents=True)
    (name, content), *_ = scoring_files(rows=300, files=1).items()
    (tmp_path / "processing/input" / name).write_bytes(content)
    assert run(schema_beside(ROOT / SCHEMA_FILE), base=tmp_path, environment={}) == 0
    preprocessed = (tmp_path / "processing/output" / name).read_text().splitlines()
    body = "".join(line.partition(",")[2] + "\n" for line in preprocessed)  # InputFilter $[1:]
    raw = np.genfromtxt(io.BytesIO(content), delimiter=",", skip_header=1, usecols=range(1, len(FEATURES) + 1))
    assert np.isnan(raw).any()
    labels = [int(line.split(",")[0]) for line in served(trained, body).splitlines()]
    assert labels == trained.model.predict(raw).tolist()


def test_a_single_record_is_one_prediction(trained: TrainedModel) -> None:
    assert len(served(trained, as_csv(data().test[:1])).splitlines()) == 1


def test_answers_come_in_the_form_that_is_asked_for(trained: TrainedModel) -> None:
    body = as_csv(data().test[:3])
    lines = served(trained, body, "application/jsonlines").splitlines()
    whole = json.loads(served(trained, body, "application/json"))["predictions"]
    assert [json.loads(line) for line in lines] == whole
    assert set(whole[0]) == {"label", "probability"}
    with pytest.raises(ValueError, match="image/png"):
        served(trained, body, "image/png")


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("1,2\n3,x\n", "record 2, column 2: 'x' is not a number"),
        ("1,2\n3\n", "the model takes 30 features a record, found 2"),
        ("1,2\n3,4,5\n", "record 2 has 3 fields, the first has 2"),
    ],
)
def test_a_bad_record_is_named(trained: TrainedModel, body: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        served(trained, body)


def test_another_content_type_is_refused(trained: TrainedModel) -> None:
    with pytest.raises(ValueError, match="application/json is not supported"):
        served(trained, "{}", content_type="application/json")


def test_the_archive_is_the_same_every_time_and_loads_as_sagemaker_loads_it(
    trained: TrainedModel, tmp_path: Path
) -> None:
    assert train(trained.candidate).archive == trained.archive
    with tarfile.open(fileobj=io.BytesIO(trained.archive)) as tar:
        assert sorted(tar.getnames()) == ["code/inference.py", "model.joblib"]
        tar.extractall(tmp_path, filter="data")
    loaded = inference.model_fn(str(tmp_path))
    assert loaded.predict(data().test).tolist() == trained.model.predict(data().test).tolist()


def test_an_archive_carries_no_times_or_owners() -> None:
    content = archive({"b": b"2", "a": b"1"})
    assert content == archive({"a": b"1", "b": b"2"})
    assert content[4:8] == bytes(4)  # gzip's own time
    with tarfile.open(fileobj=io.BytesIO(content)) as tar:
        assert [(member.name, member.mtime, member.uid) for member in tar] == [("a", 0, 0), ("b", 0, 0)]


def test_the_fitted_preprocessing_travels_inside_the_model(trained: TrainedModel) -> None:
    assert list(trained.model.named_steps) == ["impute", "scale", "classify"]


def test_what_is_known_about_the_model_comes_from_held_out_data(trained: TrainedModel) -> None:
    statistics = json.loads(trained.reports["model-quality-statistics.json"])
    assert statistics["dataset"]["item_count"] == len(data().test_labels)
    assert statistics["binary_classification_metrics"]["accuracy"]["value"] == pytest.approx(
        (trained.model.predict(data().test) == data().test_labels).mean()
    )
    thresholds = json.loads(trained.reports["model-quality-constraints.json"])["binary_classification_constraints"]
    assert all(thresholds[name]["threshold"] < value for name, value in trained.metrics.items())
    features = json.loads(trained.reports["data-quality-statistics.json"])["features"]
    assert [feature["name"] for feature in features] == list(FEATURES)


def test_the_candidates_have_something_to_choose_from() -> None:
    decisions = [candidate.decision for candidate in CANDIDATES]
    assert decisions.index("Rejected") > 0
    assert decisions[-1] == "PendingManualApproval"
    assert decisions.count("Approved") == 2
    assert len({candidate.training_id for candidate in CANDIDATES}) == len(CANDIDATES)


def test_a_registration_is_what_sagemaker_takes(trained: TrainedModel) -> None:
    image = "141502667606.dkr.ecr.eu-west-1.amazonaws.com/sagemaker-scikit-learn:1.9-0-cpu-py3"
    for candidate in CANDIDATES:
        request = package_request(candidate, "tumours", "p-1", image, "s3://bucket/models/x/", trained.reports)
        assert argument_problems("CreateModelPackage", request) == []


def test_scoring_data_is_the_same_every_time_and_has_unique_ids() -> None:
    files = scoring_files(rows=100, files=3)
    assert files == scoring_files(rows=100, files=3)
    ids = [line.split(",")[0] for content in files.values() for line in content.decode().splitlines()[1:]]
    assert len(set(ids)) == 100


def test_a_model_of_an_earlier_state_of_the_code_counts_only_where_everything_is_kept() -> None:
    strong, _, plain, _ = CANDIDATES
    earlier = {f"{plain.description} (training 000000000000)": {"ModelPackageVersion": 3}}
    assert already_registered(plain, earlier, any_training=True) == {"ModelPackageVersion": 3}
    assert already_registered(plain, earlier, any_training=False) is None
    assert already_registered(strong, earlier, any_training=True) is None


def test_a_model_of_this_state_of_the_code_is_found_before_an_earlier_one() -> None:
    candidate = CANDIDATES[2]
    registered = {
        f"{candidate.description} (training 000000000000)": {"ModelPackageVersion": 3},
        package_description(candidate): {"ModelPackageVersion": 7},
    }
    assert already_registered(candidate, registered, any_training=True) == {"ModelPackageVersion": 7}
