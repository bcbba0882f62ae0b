"""Takes the sample out of a clone: its folders, and what the stage files and the pages say of it.

The folders are deleted last, so that a killed run is finished by the same command. Nothing in an account is touched.
"""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from scripts.decisions.stage_settings import Project
from scripts.decisions.toolchain_settings import FILE as TOOLCHAIN
from scripts.errors import UsageError
from scripts.workspace.git import git_answer
from scripts.workspace.pipelines import pipeline_names
from scripts.workspace.settings_document import read_settings
from scripts.workspace.stage_files import STAGES, stage_names

PIPELINE, GROUP, PROJECT = "batch_inference", "tumor-classifier", "tumor-screening"
EXAMPLES = "examples"
PAGES = ("README.md", "CONTRIBUTING.md", "docs/your-own-model.md")
# What a page says of the sample alone stands between two comments, which are no part of the page; within a table or a
# block of code, where there is no comment, it is a line about the folder or about this command.
_LINES = re.compile(
    r"^(A SAMPLE TO DELETE\n  examples/ .*|\| the sample's \| .*|make remove-example +#.*)\n", re.MULTILINE
)
_OF_THE_SAMPLE = re.compile(r"<!-- the sample -->\n.*?<!-- end of the sample -->\n+", re.DOTALL)


@dataclass
class Removal:
    """What was done: paths deleted and edited, the pipelines that are left, and what to do next."""

    deleted: list[str] = field(default_factory=list)
    edited: list[str] = field(default_factory=list)
    pipelines: list[str] = field(default_factory=list)
    advice: list[str] = field(default_factory=list)


def remove_example(project: str | None, *, force: bool = False, root: Path = Path()) -> Removal:
    """Raises UsageError where something of the team's own would be lost, before anything is changed."""
    folder = root / "pipelines" / PIPELINE
    _require_project(project)
    _require_the_samples(folder)
    if not force:
        _require_committed(root)
    done = Removal(pipelines=[name for name in pipeline_names(root) if name != PIPELINE])
    for stage in (*stage_names(root / STAGES), TOOLCHAIN):
        path = root / STAGES / f"{stage}.yml"
        if not path.exists():
            continue
        before = path.read_text(encoding="utf-8")
        after = _renamed(_without_sample(before, done.pipelines), project)
        if after != before:
            path.write_text(after, encoding="utf-8")
            done.edited.append(f"{STAGES}/{stage}.yml")
    _edit_pages(root, done)
    for path in (root / "build" / "examples", root / EXAMPLES, folder):
        if path.exists():
            shutil.rmtree(path)
            done.deleted.append(f"{path.relative_to(root)}/")
    done.advice = _advice(done, project, root)
    return done


def _edit_pages(root: Path, done: Removal) -> None:
    """Without the sections about the sample; a comment without its other half is left, with what follows it."""
    for page in PAGES:
        path = root / page
        before = path.read_text(encoding="utf-8") if path.exists() else ""
        after = _LINES.sub("", _OF_THE_SAMPLE.sub("", before))
        if after != before:
            path.write_text(after, encoding="utf-8")
            done.edited.append(page)


def _require_project(name: str | None) -> None:
    pattern = next(each.pattern for each in Project.model_fields["name"].metadata if hasattr(each, "pattern"))
    if name is not None and (not re.fullmatch(str(pattern), name) or len(name) > 24):
        raise UsageError(
            f'"{name}" cannot be a project\'s name: at most 24 lower-case letters, digits and single hyphens',
            next_command="the same command with PROJECT=my-team",
        )


def _require_the_samples(folder: Path) -> None:
    """Raises UsageError where the sample's folder was made into a team's own pipeline."""
    settings = folder / "settings.yml"
    group = read_settings(settings).content.get("model_package_group") if settings.exists() else GROUP
    if group != GROUP:
        raise UsageError(
            f"{folder} is no longer the sample: its model package group is {group}",
            found=[f"{settings} says model_package_group: {group}; the sample's is {GROUP}"],
            next_command=f"git mv {folder} pipelines/<your name>, then the same command again",
        )


def _require_committed(root: Path) -> None:
    """Raises UsageError where uncommitted changes would go with the folders."""
    folders = (root / f"pipelines/{PIPELINE}", root / EXAMPLES)
    if not all(folder.exists() for folder in folders):
        return  # a run that was cut off, or somebody, began to delete it
    changed = git_answer(root, "status", "--porcelain", "--", f"pipelines/{PIPELINE}", EXAMPLES)
    if changed:
        raise UsageError(
            "the sample has uncommitted changes, which would be lost",
            found=changed.splitlines()[:5],
            next_command="git commit them, or: make remove-example ARGS=--force",
        )


def _without_sample(text: str, others: list[str]) -> str:
    """A stage file without what it says of the sample's pipeline; of one other pipeline, that one is the stage's."""
    cut: list[tuple[int, int]] = []
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    pairs = root.value if isinstance(root, yaml.MappingNode) else []
    lines = text.splitlines(keepends=True)
    for key, value in pairs:
        if key.value == "pipeline" and value.value == PIPELINE:
            if len(others) == 1:
                lines[key.start_mark.line] = f"pipeline: {others[0]} # what verbs take without PIPELINE=\n"
            else:
                cut.append((key.start_mark.line, key.start_mark.line + 1))
        elif key.value == "pipelines" and isinstance(value, yaml.MappingNode):
            of_sample = [_extent(name, own) for name, own in value.value if name.value == PIPELINE]
            if len(of_sample) == len(value.value) > 0 and not value.flow_style:
                lines[key.start_mark.line] = "pipelines: {}\n"
            cut += of_sample
    for start, end in reversed(cut):
        del lines[start:end]
    return re.sub(rf"^#\s+{PIPELINE}:( .*\n|\n(#\s+.*\n)?)", "", "".join(lines), flags=re.MULTILINE)


def _extent(key: yaml.Node, value: yaml.Node) -> tuple[int, int]:
    """The lines of an override: from its name up to the next key, which is where YAML says that a block ends."""
    is_block = isinstance(value, yaml.MappingNode) and not value.flow_style
    return key.start_mark.line, value.end_mark.line if is_block else value.end_mark.line + 1


def _renamed(text: str, project: str | None) -> str:
    if project is None:
        return text
    text = re.sub(rf"^(\s+name: *){re.escape(PROJECT)}[ \t]*$", rf"\g<1>{project}", text, flags=re.MULTILINE)
    identifier = f"p-{project.replace('-', '')}"[:20]
    return re.sub(r"^(\s+id: *)p-tumorscreening[ \t]*$", rf"\g<1>{identifier}", text, flags=re.MULTILINE)


def _advice(done: Removal, project: str | None, root: Path) -> list[str]:
    advice = []
    files = [root / STAGES / f"{stage}.yml" for stage in stage_names(root / STAGES)]
    if any(re.search(rf"name: *{PROJECT}\b", path.read_text(encoding="utf-8")) for path in files):
        advice.append(
            f"stages/*.yml still call the project {PROJECT}, as stacks and buckets in the accounts are called."
        )
        advice.append("Where nothing is deployed yet, call it what you like: make remove-example PROJECT=my-team")
    if project is not None and (root / ".localaws").exists():
        advice.append("The embedded AWS still holds the project of the old name; forget it: make local-reset")
    if not done.pipelines:
        advice.append("There is no pipeline now. Yours: make new PIPELINE=churn SAMPLE=customers.csv")
    return advice
