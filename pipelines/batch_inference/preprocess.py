"""Preprocesses raw CSV files of tumours' measurements, by schema.yml: the processing job's script.

What it checks and in which order the model gets the features is in the schema; how, in ``pipelines.tabular``.
"""

from __future__ import annotations

import sys

from pipelines.tabular.preprocessing import run
from pipelines.tabular.schema import schema_beside

if __name__ == "__main__":
    sys.exit(run(schema_beside(__file__)))
