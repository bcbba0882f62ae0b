"""What a container would refuse: serving code, requirements, images; the functional tests have whole archives."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.decisions.framework_images import Image, chosen_image, given_image, image_problems, version_problem
from scripts.decisions.model_archive_rules import Member, ModelArchive, require_safe, require_servable
from scripts.decisions.model_formats import model_file
from scripts.decisions.requirements_rules import asks_for_packages, unpinned
from scripts.decisions.serving_code import code_problems, header_doubts
from scripts.errors import ModelPackageError

HERE, THERE = "ap-southeast-2", "us-east-1"
REGISTRY = {HERE: "141502667606", THERE: "683313688378"}


def stock(repository: str, tag: str) -> dict[str, str]:
    return {
        region: f"{account}.dkr.ecr.{region}.amazonaws.com/{repository}:{tag}" for region, account in REGISTRY.items()
    }


TABLE = {
    "sklearn": {version: stock("sagemaker-scikit-learn", f"{version}-cpu-py3") for version in ("1.2-1", "1.9-0")},
    "xgboost": {version: stock("sagemaker-xgboost", version) for version in ("1.7-1", "3.0-5")},
    "pytorch": {"2.6.0": stock("pytorch-inference", "2.6.0-cpu-py312")},
}
SKLEARN = TABLE["sklearn"]["1.9-0"]


@pytest.mark.parametrize(
    "line",
    [
        "pandas==2.2.2",
        "pandas[excel]==2.2.2",
        "pandas ==2.2.2 ; python_version > '3.8'",
        "pandas===2.2.2  # why",
        "pandas==2.2.2 \\\n  --hash=sha256:aa \\\n  --hash=sha256:bb",
        "pandas @ https://example.com/pandas-2.2.2-py3-none-any.whl",
        "https://example.com/pandas-2.2.2.tar.gz",
        "git+https://example.com/repo@0123abc",
        "./own-1.0-py3-none-any.whl",
        "--no-index",
        "# pandas",
        "",
    ],
)
def test_what_is_pinned_passes(line: str) -> None:
    assert unpinned(line, ["own-1.0-py3-none-any.whl"]) == []


@pytest.mark.parametrize(
    "line",
    [
        "pandas",
        "pandas>=1",
        "pandas~=2.0",
        "pandas==2.*",
        "pandas==1,<2",
        "pandas=1",
        "-r other.txt",
        "-e .",
        "!",
        "pandas @ here",
        "./other.whl",
        "pandas<3 # ==2.2.2",
    ],
)
def test_what_is_not_pinned_is_told_with_its_line(line: str) -> None:
    (problem,) = unpinned(f"# first\nnumpy==2.0.0\n{line}\n")
    assert problem.startswith("line 3: ")


def test_a_file_of_comments_and_options_asks_for_nothing() -> None:
    assert not asks_for_packages("# none\n\n--no-index\n")
    assert asks_for_packages("numpy==2.0.0")


@given(st.text(max_size=200))
def test_any_text_is_judged(text: str) -> None:
    assert all(problem.startswith("line ") for problem in unpinned(text))


@pytest.mark.parametrize(
    "code",
    [
        b"def model_fn(d): ...",
        b"model_fn = load",
        b"from handlers import model_fn",
        b"from handlers import *",
        b"try:\n    import fast\nexcept ImportError:\n    def model_fn(d): ...",
        b"# coding: latin-1\n# \xe9\ndef model_fn(d): ...",
    ],
)
def test_a_handler_may_be_defined_in_many_ways(code: bytes) -> None:
    assert code_problems({"inference.py": code}, needs_model_fn=True) == []


@given(st.one_of(st.binary(max_size=200), st.text(max_size=100).map(str.encode)))
def test_any_bytes_of_code_are_judged(code: bytes) -> None:
    assert all(each.startswith("code/") for each in code_problems({"inference.py": code}, needs_model_fn=True))


@pytest.mark.parametrize(
    ("call", "doubted"),
    [
        ("pd.read_csv(body)", True),
        ("read_csv(io.StringIO(body), sep=',')", True),
        ("pd.read_csv(body, header=None)", False),
        ("pd.read_csv(body, names=NAMES)", False),
        ("pd.read_csv(body, **OPTIONS)", False),
    ],
)
def test_code_that_takes_the_first_record_for_a_header_is_doubted(call: str, doubted: bool) -> None:
    code = f"def input_fn(body, kind):\n    return {call}\n".encode()
    doubts = header_doubts({"inference.py": code, "other.py": b"no python("})
    assert len(doubts) == doubted
    assert all(each.startswith("code/inference.py line 2: ") for each in doubts)


def test_code_is_never_imported() -> None:
    assert code_problems({"inference.py": b"raise SystemExit\ndef model_fn(d): ..."}, needs_model_fn=True) == []


def test_the_image_follows_the_version_that_saved_the_model() -> None:
    assert chosen_image(TABLE, "sklearn", HERE, None, {"1.2.0"}).version == "1.2-1"
    assert chosen_image(TABLE, "sklearn", HERE, None, set()).version == "1.9-0"
    assert chosen_image(TABLE, "xgboost", HERE, None, {"1.6.2"}).version == "3.0-5"
    assert chosen_image(TABLE, "lightgbm", HERE, "4.6.0", set()).uri == SKLEARN[HERE]
    assert chosen_image(TABLE, "sklearn", THERE, "1.2", set()).uri == TABLE["sklearn"]["1.2-1"][THERE]
    with pytest.raises(ModelPackageError, match="no scikit-learn image"):
        chosen_image(TABLE, "sklearn", HERE, None, {"1.8.0"})
    with pytest.raises(ModelPackageError, match="no XGBoost image"):
        chosen_image(TABLE, "xgboost", "eu-north-1", None, set())


@pytest.mark.parametrize(
    ("framework", "image", "saved", "fits"),
    [
        ("sklearn", "1.9-0", "1.9.3", True),
        ("sklearn", "1.9-0", "1.8.2", False),
        ("xgboost", "3.0-5", "1.7.6", True),
        ("xgboost", "3.0-5", "3.1.0", False),
        ("sklearn", "1.9-0", "main", False),
    ],
)
def test_libraries_load_what_they_promise_to(framework: str, image: str, saved: str, fits: bool) -> None:
    assert (version_problem(framework, image, {saved}) is None) is fits  # type: ignore[arg-type]


def test_an_image_of_the_stages_region_and_registry_passes() -> None:
    own = f"999999999999.dkr.ecr.{HERE}.amazonaws.com/sagemaker-scikit-learn:1.9-0-cpu-py3"
    for uri in (SKLEARN[HERE], own, "registry.example.com/model:1"):
        assert image_problems(TABLE, uri, HERE) == []
    assert SKLEARN[HERE] in image_problems(TABLE, SKLEARN[THERE], HERE)[0]
    assert (
        "is AWS's registry in us-east-1"
        in image_problems(
            TABLE, SKLEARN[HERE].replace("1415026", "6833136").replace("683313667606", REGISTRY[THERE]), HERE
        )[0]
    )
    assert image_problems(TABLE, "not an image", HERE)


def test_a_stock_image_is_known_by_its_repository_and_tag() -> None:
    assert given_image(TABLE, SKLEARN[HERE]) == Image(SKLEARN[HERE], "sklearn", "1.9-0")
    older = SKLEARN[HERE].replace("1.9-0", "1.0-1")
    assert given_image(TABLE, older) == Image(older, "sklearn", "1.0-1-cpu-py3")
    assert given_image(TABLE, "example.com/mine:1").framework is None


names = st.one_of(
    st.text(st.characters(blacklist_characters="\x00", codec="utf-8"), max_size=12),
    st.sampled_from(["..", "/", "code/inference.py", "a/../b", "code", "./x"]),
)


@given(st.lists(st.builds(Member, names, st.sampled_from(["file", "folder", "link", "other"]), names), max_size=4))
def test_any_members_are_judged(members: list[Member]) -> None:
    archive = ModelArchive(tuple(members), {}, (model_file("model", b""),))
    try:
        require_safe(archive, "model.tar.gz")
        require_servable(archive, Image("mine", None, None), [], "model.tar.gz")
    except ModelPackageError as error:
        assert error.found
