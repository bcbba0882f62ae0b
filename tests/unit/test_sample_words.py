"""The sample stands in its own places alone: what is deleted with it leaves no trace in the machinery.

Its places are examples/, pipelines/ and stages/; all else speaks of nobody, or of a harbour and its berths. Pages are a
team's to write, and so is localaws/ another house: there only names that nobody but the sample has are looked for.
"""

from __future__ import annotations

import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PLACES = ("examples/", "pipelines/", "stages/")
OF_THE_SAMPLE = re.compile(r"<!-- the sample -->\n.*?<!-- end of the sample -->\n", re.DOTALL)

OWN_NAMES = re.compile(r"tumor-screening|tumor-classifier|tumorscreening")
SUBJECT = re.compile(r"tumou?r|breast", re.IGNORECASE)
COLUMNS = re.compile(
    r"\b(mean|worst)_(radius|texture|perimeter|area|smoothness|compactness|concav\w+|symmetry|fractal)"
)
FOLDER = re.compile(r"(?<![A-Za-z_])batch_inference(?![A-Za-z_])")
WHERE = re.compile(r"(?<![0-9-])(1{12}|2{12}|3{12})(?![0-9])|eu-west-1")

ALLOWED = {
    "scripts/flows/remove_example.py": "deletes the sample, by its names",
    "tests/functional/scripts/test_remove_example.py": "shows that it is deleted",
    "tests/functional/test_team_edits.py": "deletes, renames and keeps the sample's folder in a team's clone",
    "tests/functional/test_team_tree.py": "is a team's clone without the sample's folder",
    "tests/unit/test_sample_words.py": "names what it looks for",
    "docs/your-own-model.md": "says how to leave the sample",
    "CHANGELOG.md": "tells what was, by the names that it had",
    "localaws/tests/functional/test_model_images.py": "load_breast_cancer is scikit-learn's name for its data",
    "localaws/tests/functional/test_transform_job.py": "load_breast_cancer is scikit-learn's name for its data",
}


def looked_for(path: str) -> tuple[re.Pattern[str], ...]:
    if path.endswith(".md"):
        return (OWN_NAMES,)
    return (OWN_NAMES, SUBJECT) if path.startswith("localaws/") else (OWN_NAMES, SUBJECT, COLUMNS, FOLDER, WHERE)


def words_of_the_sample(path: str, text: str) -> list[str]:
    """Every such word outside the sections that go with the sample."""
    return [found[0] for pattern in looked_for(path) for found in pattern.finditer(OF_THE_SAMPLE.sub("", text))]


@cache
def tracked_texts() -> dict[str, str]:
    """The text of every tracked file outside the sample's places, by its path."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    texts = {}
    for name in filter(None, listed.stdout.split("\0")):
        if not name.startswith(PLACES) and (ROOT / name).is_file():
            texts[name] = (ROOT / name).read_bytes().decode("utf-8", "replace")
    if not texts:
        pytest.skip("no repository here that tracks these files: a build has the files alone")
    return texts


def test_words_of_the_sample_stand_in_its_own_places_alone() -> None:
    found = {path: words_of_the_sample(path, text) for path, text in tracked_texts().items() if path not in ALLOWED}
    assert {path: words for path, words in found.items() if words} == {}


def test_no_file_is_allowed_words_that_it_does_not_have() -> None:
    texts = tracked_texts()
    needless = [
        path
        for path in ALLOWED
        if path in texts and not path.endswith(".md") and not words_of_the_sample(path, texts[path])
    ]
    assert needless == []


@pytest.mark.parametrize(
    ("path", "text", "words"),
    [
        ("tests/a.py", 'GROUP = "tumor-classifier"', ["tumor-classifier", "tumor"]),
        ("scripts/a.py", "arn:aws:iam::222222222222:root", ["222222222222"]),
        ("scripts/a.py", "key/11111111-1111-1111-1111-111111111111", []),
        (".taskcat.yml", "regions: [eu-west-1]", ["eu-west-1"]),
        ("tests/a.py", "pipelines/batch_inference/pipeline.py", ["batch_inference"]),
        ("tests/a.py", "def test_batch_inference_keeps_its_parameters", []),
        ("tests/a.py", "root_mean_squared_error mean_minimum mean_radius", ["mean_radius"]),
        ("docs/a.md", "our tumours, in eu-west-1", []),
        ("docs/a.md", "s3://tumor-screening-prod", ["tumor-screening"]),
        ("README.md", "a\n<!-- the sample -->\ntumor-screening\n<!-- end of the sample -->\nb", []),
        ("localaws/tests/a.py", "eu-west-1 and tumors", ["tumor"]),
    ],
)
def test_what_counts_as_a_word_of_the_sample(path: str, text: str, words: list[str]) -> None:
    assert words_of_the_sample(path, text) == words
