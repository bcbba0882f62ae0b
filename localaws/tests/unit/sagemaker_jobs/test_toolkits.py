"""What an image adds to a script's handlers, and what PyTorch's does without one. PyTorch itself is a stand-in."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from localaws.services.sagemaker.jobs import inference
from localaws.services.sagemaker.jobs.inference import toolkit_of
from localaws.services.sagemaker.jobs.inference_worker import Handlers
from localaws.services.sagemaker.jobs.serving_images import serving_image
from localaws.services.sagemaker.jobs.toolkits.xgboost_selection import selected

TOOLKITS = Path(inference.__file__).with_name("toolkits")


class Tensor:
    def __init__(self, values: Any) -> None:
        self.values = np.asarray(values)

    def to(self, device: str) -> Tensor:
        return self

    def detach(self) -> Tensor:
        return self

    def cpu(self) -> Any:
        return self.values


class Doubling:
    """A TorchScript model that doubles."""

    evaluated = False

    def to(self, device: str) -> Doubling:
        return self

    def eval(self) -> None:
        self.evaluated = True

    def __call__(self, tensor: Tensor) -> Tensor:
        assert self.evaluated
        return Tensor(tensor.values * 2)


def load(path: str, map_location: str) -> Doubling:
    if "not-a-script" in Path(path).read_text():
        raise RuntimeError("PytorchStreamReader failed")
    return Doubling()


@pytest.fixture
def pytorch() -> Iterator[Any]:
    """The module of the image, with a stand-in where torch would be."""
    fake: Any = ModuleType("torch")
    fake.Tensor, fake.FloatTensor, fake.from_numpy = Tensor, Tensor, Tensor
    fake.cuda = SimpleNamespace(is_available=lambda: False)
    fake.device, fake.no_grad, fake.jit = str, nullcontext, SimpleNamespace(load=load)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "torch", fake)
        specification = importlib.util.spec_from_file_location("pytorch_image", TOOLKITS / "pytorch_image.py")
        assert specification is not None and specification.loader is not None
        module = importlib.util.module_from_spec(specification)
        specification.loader.exec_module(module)
        yield module


def test_every_image_with_a_framework_of_its_own_defaults_has_its_module() -> None:
    assert toolkit_of(serving_image("x/sagemaker-xgboost:1.7-1")) == str(TOOLKITS / "xgboost_image.py")
    assert toolkit_of(serving_image("x/pytorch-inference:2.6.0-cpu")) == str(TOOLKITS / "pytorch_image.py")
    assert toolkit_of(serving_image("x/sagemaker-scikit-learn:1.2-1")) == ""
    assert toolkit_of(serving_image("x/any:1")) == ""


@pytest.mark.parametrize("name", ["model.pt", "net.pth"])
def test_pytorch_serves_its_only_model_without_a_script(pytorch: Any, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("")
    (tmp_path / "labels.txt").write_text("")
    model = pytorch.model_fn(str(tmp_path))
    script = SimpleNamespace(model_fn=lambda directory: model)
    handlers = Handlers(script, pytorch)
    assert handlers.respond(b"1,2\n3,4\n", "text/csv", "text/csv") == (b"2.0,4.0\n6.0,8.0\n", "text/csv")
    assert handlers.respond(b"[[1, 2]]", "application/json", "application/json")[0] == b"[[2, 4]]"


def test_pytorch_asks_for_one_model_and_for_torchscript(pytorch: Any, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"Exactly one .pth or .pt file"):
        pytorch.model_fn(str(tmp_path))
    (tmp_path / "a.pt").write_text("not-a-script")
    with pytest.raises(ValueError, match=r"Failed to load a.pt. Please ensure model is saved using torchscript"):
        pytorch.model_fn(str(tmp_path))
    (tmp_path / "b.pth").write_text("")
    with pytest.raises(ValueError, match="Exactly one"):
        pytorch.model_fn(str(tmp_path))


def test_a_scripts_own_functions_come_before_those_of_the_image() -> None:
    image = SimpleNamespace(input_fn=lambda data, kind: "image", predict_fn=lambda data, model: f"{data} {model}")
    script = SimpleNamespace(model_fn=lambda directory: "model", output_fn=lambda prediction, accept: prediction)
    assert Handlers(script, image).respond(b"x", "text/csv", "text/csv")[0] == b"image model"
    script.input_fn = lambda data, kind: "script"
    assert Handlers(script, image).respond(b"x", "text/csv", "text/csv")[0] == b"script model"


def test_an_image_says_what_a_request_without_headers_means() -> None:
    algorithm = SimpleNamespace(
        WITHOUT_HEADERS=("text/libsvm", "text/csv"),
        model_fn=lambda directory: None,
        transform_fn=lambda model, data, content_type, accept: f"{content_type} {accept}",
    )
    assert Handlers(algorithm).respond(b"", "", "")[0] == b"text/libsvm text/csv"


@pytest.mark.parametrize(
    ("objective", "predicted", "wanted", "answer"),
    [
        ("binary:logistic", 0.75, "predicted_label, probabilities", '1,"[0.25, 0.75]"\n'),
        ("binary:logistic", 0.5, "predicted_label,labels,probability", '0,"[0, 1]",0.5\n'),
        ("binary:logitraw", -0.5, "predicted_label,raw_score,probability", "0,-0.5,nan\n"),
        ("multi:softmax", 2.0, "PREDICTED_LABEL,labels", '2.0,"[0, 1, 2]"\n'),
        (
            "multi:softprob",
            [0.125, 0.75, 0.125],
            "predicted_label,probability,raw_scores",
            '1,0.75,"[0.125, 0.75, 0.125]"\n',
        ),
        ("reg:squarederror", 7.5, "predicted_score,predicted_label", "7.5,nan\n"),
    ],
)
def test_what_is_selected_follows_the_objective(objective: str, predicted: Any, wanted: str, answer: str) -> None:
    assert selected([predicted], wanted, objective, 3, "text/csv") == answer


def test_selected_predictions_in_other_forms() -> None:
    assert selected([1.5, 2.5], "predicted_score", "reg:gamma", 0, "application/json") == (
        '{"predictions": [{"predicted_score": 1.5}, {"predicted_score": 2.5}]}'
    )
    assert selected([1.5], "predicted_score", "reg:gamma", 0, "application/jsonlines") == '{"predicted_score": 1.5}\n'
    with pytest.raises(ValueError, match=r"Objective `rank:pairwise` unsupported"):
        selected([1.5], "predicted_score", "rank:pairwise", 0, "text/csv")
    with pytest.raises(ValueError, match="does not write selected predictions as application/x-recordio-protobuf"):
        selected([1.5], "predicted_score", "reg:gamma", 0, "application/x-recordio-protobuf")
