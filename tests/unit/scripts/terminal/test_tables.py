"""Tables of results."""

from __future__ import annotations

from scripts.decisions.record_schema import RecordSchema
from scripts.terminal.tables import predictions_table, table


def test_columns_are_as_wide_as_their_widest_cell() -> None:
    assert table([("a", "bb"), ("ccc", "d")], ("x", "y")) == ["x    y", "---  --", "a    bb", "ccc  d"]


def test_long_cells_are_cut() -> None:
    assert table([("x" * 100,)])[0] == "x" * 57 + "..."


def test_no_rows_make_no_lines() -> None:
    assert table([]) == []
    assert predictions_table([]) == ["(no rows)"]


def test_the_prediction_stands_last_and_wide_rows_are_shortened() -> None:
    lines = predictions_table([",".join(map(str, range(30))) + ",0.5"])
    assert lines[0].split() == ["0", "1", "2", "3", "4", "...", "29", "prediction"]
    assert lines[-1].split() == ["0", "1", "2", "3", "4", "...", "29", "0.5"]


def test_rows_of_unequal_length_and_json_are_shown_too() -> None:
    assert len(predictions_table(["1,2", "1"])) == 4
    assert predictions_table(['{"score": 0.5}']) == ['{"score": 0.5}']


def test_of_wide_rows_the_first_columns_and_every_prediction_are_shown_by_name() -> None:
    features = [{"name": f"c{number}"} for number in range(26)]
    predictions = [{"name": "label"}, {"name": "score"}, {"name": "reason"}]
    schema = RecordSchema.model_validate({"record_id": "id", "features": features, "predictions": predictions})
    header = predictions_table([",".join(map(str, range(30)))], schema)[0].split()
    assert header == ["id", "c0", "c1", "c2", "...", "label", "score", "reason"]
    assert predictions_table(["1,2,3"], schema)[0].split() == ["label", "score", "reason"]
    assert predictions_table(["1,2"], schema)[0].split() == ["0", "prediction"]
