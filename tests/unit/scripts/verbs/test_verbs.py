"""Each make target runs the verb of its name, and the verb says so itself."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[4]
# Target -> module, for what the Makefile runs under a name that is not the module's own.
OTHERS = {"local-up": "local", "local-down": "local", "local-reset": "local", "local-env": "local"}
SHARED = {"plan_options", "answer_options", "break_glass_options"}  # what two verbs have in common


def verbs_by_target() -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    target = ""
    for line in (ROOT / "Makefile").read_text().splitlines():
        rule = re.match(r"([a-z-]+):", line)
        target = rule[1] if rule else target
        if line.startswith("\t"):
            found.setdefault(target, set()).update(re.findall(r"scripts\.verbs\.(\w+)", line))
    # `make check` compares what `make render` writes.
    return {target: verbs for target, verbs in found.items() if verbs and target != "check"}


def modules() -> set[str]:
    names = {path.stem for path in (ROOT / "scripts" / "verbs").glob("*.py")}
    return names - SHARED - {"__init__", "install"}  # the installer runs before anything is installed


def test_each_target_runs_the_verb_of_its_name() -> None:
    for target, verbs in verbs_by_target().items():
        assert verbs == {OTHERS.get(target, target.replace("-", "_"))}, target


def test_each_verb_has_a_target() -> None:
    assert set().union(*verbs_by_target().values()) == modules()


@pytest.mark.parametrize("name", sorted(modules() - {"local"}))
def test_the_help_of_a_verb_names_its_target(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        import_module(f"scripts.verbs.{name}").main(["--help"])
    assert ended.value.code == 0
    said = " ".join(capsys.readouterr().out.split())
    assert f"python -m scripts.verbs.{name} " in said
    assert f"`make {name.replace('_', '-')}` runs this" in said
