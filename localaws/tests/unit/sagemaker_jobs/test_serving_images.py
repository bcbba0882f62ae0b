"""Which image an address names, and what it brings."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localaws.services.sagemaker.jobs.serving_images import Package, serving_image

ECR = "141502667606.dkr.ecr.eu-west-1.amazonaws.com"


@pytest.mark.parametrize(
    ("uri", "kind", "release"),
    [
        (f"{ECR}/sagemaker-scikit-learn:1.2-1-cpu-py3", "scikit-learn", "1.2"),
        (f"{ECR}/sagemaker-xgboost:1.7-1", "xgboost", "1.7"),
        (f"{ECR}/sagemaker-xgboost:0.90-2-cpu-py3", "xgboost", "0.90"),
        (f"{ECR}/sagemaker-xgboost:latest", "xgboost", ""),
        (f"{ECR}/sagemaker-xgboost@sha256:{'0' * 64}", "xgboost", ""),
        (f"{ECR}/pytorch-inference:2.6.0-cpu-py312-ubuntu22.04-sagemaker", "pytorch", "2.6"),
        (f"{ECR}/team/copies/sagemaker-xgboost:3.0-5", "xgboost", "3.0"),
        ("localhost:5000/sagemaker-xgboost", "xgboost", ""),
        (f"{ECR}/any:1", "unknown", ""),
        (f"{ECR}/my-sagemaker-xgboost:1.7-1", "unknown", "1.7"),
    ],
)
def test_the_repository_tells_the_kind_and_the_tag_the_release(uri: str, kind: str, release: str) -> None:
    image = serving_image(uri)
    assert (image.kind, image.release) == (kind, release)


@given(st.text())
def test_any_address_has_an_answer(uri: str) -> None:
    image = serving_image(uri)
    assert image.companions(with_script=True) == () or image.kind != "unknown"


def test_the_release_of_the_tag_is_what_pip_is_asked_for() -> None:
    def asked(tag: str, with_script: bool) -> list[str]:
        image = serving_image(f"{ECR}/{tag}")
        assert image.framework is not None
        return [package.requirement for package in (image.framework, *image.companions(with_script))]

    assert asked("sagemaker-xgboost:3.0-5", False) == ["xgboost-cpu==3.0.*", "numpy", "scipy"]
    assert asked("sagemaker-xgboost:1.7-1", False) == ["xgboost==1.7.*", "numpy<2", "scipy<1.13"]
    assert "scikit-learn<1.5" in asked("sagemaker-xgboost:1.7-1", True)
    assert asked("sagemaker-scikit-learn:1.2-1", True)[:2] == ["scikit-learn==1.2.*", "numpy<2"]
    assert asked("sagemaker-scikit-learn:1.9-0", True) == ["scikit-learn==1.9.*", "numpy", "scipy", "pandas", "joblib"]
    assert asked("sagemaker-scikit-learn:latest", True)[0] == "scikit-learn"


@pytest.mark.parametrize(
    ("package", "version", "accepted"),
    [
        (Package("xgboost", release="1.7"), "1.7.6", True),
        (Package("xgboost", release="1.7"), "1.7", True),
        (Package("xgboost", release="1.7"), "1.70.0", False),
        (Package("torch", release="2.6"), "2.6.0+cpu", True),
        (Package("numpy", below="2"), "1.26.4", True),
        (Package("numpy", below="2"), "2.0.0", False),
        (Package("scipy", below="1.13"), "1.9.3", True),
        (Package("joblib"), "0.1", True),
    ],
)
def test_a_package_says_which_versions_stand_for_it(package: Package, version: str, accepted: bool) -> None:
    assert package.accepts(version) is accepted
