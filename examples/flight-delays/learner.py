"""What the model is: its columns and how it is fitted. Used by train.py and compare.py, so both fit the same model."""

from __future__ import annotations

from typing import Any

import duckdb
import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier

CATEGORICAL = ["carrier", "origin", "destination"]
NUMERIC = [
    "scheduled_departure_min",
    "day_of_week",
    "distance_miles",
    "scheduled_duration_min",
    "plane_age_years",
    "temperature_f",
    "humidity_pct",
    "wind_speed_mph",
    "wind_gust_mph",
    "precipitation_in",
    "visibility_miles",
]
FEATURES = CATEGORICAL + NUMERIC
UNKNOWN = -1  # code of a category that training has not seen, or that is missing

Categories = dict[str, list[str]]


def read_categories(db: duckdb.DuckDBPyConnection, table: str) -> Categories:
    """The distinct values of each categorical column, sorted: a value's position is its code."""
    return {
        name: [row[0] for row in db.execute(
            f"SELECT DISTINCT {name} FROM {table} WHERE {name} IS NOT NULL ORDER BY {name}"
        ).fetchall()]
        for name in CATEGORICAL
    }


def read_matrix(db: duckdb.DuckDBPyConnection, table: str, categories: Categories) -> np.ndarray:
    """Rows of `table` in time order as float64 [rows, features]: categories as codes, missing numbers as NaN.

    DuckDB does the encoding because a join on three short lists is ten times faster than Python objects.
    """
    codes = []
    for name in CATEGORICAL:
        values = ", ".join("'" + value.replace("'", "''") + "'" for value in categories[name])
        codes.append(f"coalesce(list_position([{values}], {name}) - 1, {UNKNOWN})::FLOAT AS {name}")
    numbers = [f"coalesce({name}, 'nan'::FLOAT) AS {name}" for name in NUMERIC]
    query = f"SELECT {', '.join(codes + numbers)} FROM {table} ORDER BY event_time, example_id"
    columns = db.execute(query).fetchnumpy()
    matrix = np.empty((len(columns[FEATURES[0]]), len(FEATURES)), order="F")
    for index, name in enumerate(FEATURES):
        matrix[:, index] = columns[name]
    return matrix


def fit(matrix: np.ndarray, late: np.ndarray, params: dict[str, Any]) -> HistGradientBoostingClassifier:
    """Gradient boosting on the encoded matrix. `late` is 0/1. Same input, same trees: early stopping draws
    a random hold-out, so it is off."""
    return HistGradientBoostingClassifier(
        max_iter=params["max_iter"],
        learning_rate=params["learning_rate"],
        max_leaf_nodes=params["max_leaf_nodes"],
        min_samples_leaf=params["min_samples_leaf"],
        l2_regularization=params["l2_regularization"],
        monotonic_cst=[params["monotonic"].get(name, 0) for name in FEATURES],
        early_stopping=False,
        random_state=params["seed"],
    ).fit(matrix, late)
