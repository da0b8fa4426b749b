"""Stage 1: raw flights and answered predictions become one table of labelled rows, work/train.parquet.

Reads  data/flights/*.parquet    raw months, or parts of months, already cut at the training cutoff
       data/feedback/*.parquet   optional: rows as features.sql makes them, logged at serving, joined with outcomes
       data/weather.parquet, data/planes.csv
Writes work/train.parquet        columns of features.sql, one row per example_id, ordered by time
       work/prepare.json         how many rows came from where
"""

import glob
import json
from pathlib import Path

import duckdb
import yaml

FEEDBACK = "data/feedback/*.parquet"

LABELLED = """
SELECT {columns} FROM (
  SELECT {columns}, 0 AS source FROM raw UNION ALL SELECT {columns}, 1 AS source FROM feedback
)
WHERE late IS NOT NULL
-- A served row says what the model saw, so it wins over the same flight in the raw data.
QUALIFY row_number() OVER (PARTITION BY example_id ORDER BY source DESC, event_time) = 1
ORDER BY event_time, example_id
"""


def connect(threads: int) -> duckdb.DuckDBPyConnection:
    """A DuckDB in memory with the three tables that features.sql names."""
    db = duckdb.connect(config={"threads": threads})
    db.execute("CREATE VIEW flights AS FROM read_parquet('data/flights/*.parquet')")
    db.execute("CREATE VIEW weather AS FROM read_parquet('data/weather.parquet')")
    db.execute("CREATE VIEW planes AS FROM read_csv('data/planes.csv')")
    return db


def main() -> None:
    params = yaml.safe_load(Path("params.yaml").read_text())["prepare"]
    db = connect(params["threads"])
    db.execute(f"CREATE TABLE raw AS {Path('features.sql').read_text()}")
    columns = ", ".join(name for name, *_ in db.execute("DESCRIBE raw").fetchall())
    # By name, not by position: a missing column is an error here, a swapped one would be silent.
    served = f"SELECT {columns} FROM read_parquet('{FEEDBACK}', union_by_name = true)"
    empty = f"SELECT {columns} FROM raw LIMIT 0"
    db.execute(f"CREATE VIEW feedback AS {served if glob.glob(FEEDBACK) else empty}")
    db.execute(f"CREATE TABLE labelled AS {LABELLED.format(columns=columns)}")
    rows, late, first, last = db.execute(
        "SELECT count(*), sum(late), min(event_time), max(event_time) FROM labelled"
    ).fetchone()
    if not late or late == rows:
        raise SystemExit(f"prepare: {rows} labelled rows of which {late or 0} late; training needs both outcomes")
    Path("work").mkdir(exist_ok=True)
    db.execute("COPY labelled TO 'work/train.parquet' (FORMAT parquet)")
    report = {
        "rows": rows,
        "late_share": late / rows,
        "raw_rows": db.execute("SELECT count(*) FROM raw").fetchone()[0],
        "feedback_rows": db.execute("SELECT count(*) FROM feedback").fetchone()[0],
        "first_event": first.isoformat(),
        "last_event": last.isoformat(),
    }
    Path("work/prepare.json").write_text(json.dumps(report, indent=2) + "\n")
    print(json.dumps(report))


if __name__ == "__main__":
    main()
