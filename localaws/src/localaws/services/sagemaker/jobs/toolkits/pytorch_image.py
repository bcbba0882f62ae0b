"""How the PyTorch image serves a model: what its toolkit does for a script that leaves a function out, or for none.

Runs in the model's process, beside its libraries, and imports nothing of localaws. A GPU is used where there is one.

https://sagemaker.readthedocs.io/en/stable/frameworks/pytorch/using_pytorch.html#deploy-pytorch-models
"""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import torch

_TEXT = ("text/csv", "application/json")


def model_fn(model_dir: str) -> Any:
    """model.pt, or the only .pt or .pth file, which must be TorchScript."""
    path = Path(model_dir) / "model.pt"
    if not path.exists():
        found = sorted(each for each in Path(model_dir).iterdir() if each.is_file() and each.suffix in (".pt", ".pth"))
        if len(found) != 1:
            raise ValueError(
                f"Exactly one .pth or .pt file is required for PyTorch models: {[each.name for each in found]}"
            )
        path = found[0]
    try:
        return torch.jit.load(str(path), map_location=_device()).to(_device())
    except RuntimeError as error:
        raise ValueError(f"Failed to load {path.name}. Please ensure model is saved using torchscript.") from error


def input_fn(data: Any, content_type: str) -> Any:
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "text/csv":
        array = np.genfromtxt(io.StringIO(data), delimiter=",")
    elif kind == "application/json":
        array = np.array(json.loads(data))
    elif kind == "application/x-npy":
        array = np.load(io.BytesIO(data), allow_pickle=False)
    else:
        raise ValueError(
            f"the default input_fn does not read {content_type}: define input_fn(input_data, content_type)"
        )
    tensor = torch.FloatTensor(array) if kind in _TEXT else torch.from_numpy(array)
    return tensor.to(_device())


def predict_fn(data: Any, model: Any) -> Any:
    with torch.no_grad():
        model = model.to(_device())
        model.eval()
        return model(data.to(_device()))


def _device() -> Any:
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")
