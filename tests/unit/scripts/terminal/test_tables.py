"""Tables of results."""

from __future__ import annotations

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
    names = [f"c{number}" for number in range(27)] + ["label", "score", "reason"]
    header = predictions_table([",".join(map(str, range(30)))], lambda width: names[:width], 3)[0].split()
    assert header == ["c0", "c1", "c2", "c3", "...", "label", "score", "reason"]
    assert predictions_table(["1,2"], lambda width: names[-width:])[0].split() == ["score", "reason"]
