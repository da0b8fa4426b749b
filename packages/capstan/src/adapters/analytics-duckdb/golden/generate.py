"""Makes the Parquet files of this folder: what pandas writes, and what somebody may send on purpose.

Run it with Python 3.11 and: pip install pandas==3.1.1 pyarrow==25.0.1 numpy==2.4.6
  python generate.py            (from any directory; writes beside itself)
"""

import decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

HERE = Path(__file__).parent


def pandas_table():
    """Types of every kind, two names that differ in case only, and an index that is no range."""
    frame = pd.DataFrame({
        "a": [1.5, None], "A": [True, False], "long": [2**60, 3], "unsigned": np.array([2**64 - 1, 0], np.uint64),
        "small": np.array([-1, 7], np.int8), "text": ["x", "Zürich"], "missing": ["here", None],
        "kind": pd.Categorical(["u", "v"]), "at": pd.to_datetime(["2020-01-01 10:00", "2021-02-03 00:00"]),
        "bytes": [b"\xff", b"a"], "list": [[1.0, 2.0], [3.0, 4.0]], "money": [decimal.Decimal("1.25"), decimal.Decimal("2.00")],
        "inside": [{"x": 1, "y": "z"}, {"x": 2, "y": "z"}],
    }, index=pd.Index(["r", "q"], name="place"))
    frame.to_parquet(HERE / "pandas.parquet")
    pd.DataFrame({"a": pd.Series([], dtype="float64")}).to_parquet(HERE / "empty.parquet")


def hostile():
    pq.write_table(pa.table([pa.array([1]), pa.array([2])], names=["a", "a"]), HERE / "twice.parquet")
    # A text of 5 MB, 2,000 times, in some hundred bytes; and 30 million numbers.
    text = pa.DictionaryArray.from_arrays(pa.array([0] * 2_000, pa.int32()), pa.array(["y" * 5_000_000]))
    pq.write_table(pa.table({"text": text}), HERE / "long-texts.parquet", compression="zstd")
    zeros = pa.table({"n": pa.array(np.zeros(30_000_000, np.int8))})
    pq.write_table(zeros, HERE / "many-rows.parquet", compression="zstd", row_group_size=30_000_000, data_page_size=30_000_000)


if __name__ == "__main__":
    pandas_table()
    hostile()
