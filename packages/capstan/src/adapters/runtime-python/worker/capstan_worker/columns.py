"""What was read and said as columns of JSON values, for the prediction log."""

import math

import numpy

from capstan_worker.outputs import named_outputs, text_of


def columns_of(data, rows, specs):
    """Columns with as many values a row as they have; those of other lengths are left out."""
    columns = []
    for name, array in named_outputs(data, rows, specs).items():
        if rows == 0 or array.shape[0] != rows:
            continue
        width = int(numpy.prod(array.shape[1:], dtype="int64"))
        columns.append({"name": name, "width": width, "data": [value_of(one) for one in array.reshape(-1).tolist()]})
    return columns


def rows_of(columns, start, rows):
    return [
        {**one, "data": one["data"][start * one["width"] : (start + rows) * one["width"]]} for one in columns
    ]


def value_of(value):
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if value is None or isinstance(value, (bool, int, str)) else text_of(value)
