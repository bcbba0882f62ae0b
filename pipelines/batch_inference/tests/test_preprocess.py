"""The records of this pipeline: its schema, and what preprocessing makes of them."""

from __future__ import annotations

from pathlib import Path

from pipelines.tabular.preprocessing import run
from pipelines.tabular.schema import schema_beside

SCHEMA = schema_beside(Path(__file__).parents[1] / "preprocess.py")
GOOD = ["T1", *(str(number / 4) for number in range(len(SCHEMA.names)))]


def preprocessed(base: Path, *rows: list[str]) -> list[str]:
    """The lines that preprocessing leaves of these rows."""
    source = base / "processing/input/rows.csv"
    source.parent.mkdir(parents=True)
    source.write_text("".join(",".join(row) + "\n" for row in (list(SCHEMA.columns), *rows)))
    assert run(SCHEMA, base=base, environment={"MAX_REJECTED_FRACTION": "0.5"}) == 0
    return (base / "processing/output/rows.csv").read_text().splitlines()


def test_a_record_is_its_id_and_thirty_measurements(tmp_path: Path) -> None:
    assert preprocessed(tmp_path, GOOD) == [",".join(GOOD)]
    assert len(SCHEMA.names) == 30


def test_any_measurement_may_be_missing_but_not_all(tmp_path: Path) -> None:
    one = [GOOD[0], "", *GOOD[2:]]
    assert preprocessed(tmp_path, one, ["T2", *[""] * 30], one) == [",".join(one)] * 2


def test_no_measurement_is_negative(tmp_path: Path) -> None:
    assert preprocessed(tmp_path, GOOD, [*GOOD[:-1], "-0.5"]) == [",".join(GOOD)]
