"""Copies each CSV file from the input to the features, whole: the first day is about AWS, not about data."""

from __future__ import annotations

import shutil
from pathlib import Path

LOCAL = Path("/opt/ml/processing")


def main() -> None:
    for path in sorted((LOCAL / "input").rglob("*.csv")):
        shutil.copy(path, LOCAL / "output" / path.name)


if __name__ == "__main__":
    main()
