"""Data and answers by rows: counting, joining and parting them."""

import json
import math

import numpy

from capstan_worker.outputs import is_missing, named_outputs


def rows_in(data):
    """Rows of what `predict` takes; 1 for what has none."""
    if isinstance(data, dict):
        data = next(iter(data.values()), None)
    if hasattr(data, "shape"):
        return int(data.shape[0]) if len(data.shape) > 0 else 1
    return len(data) if isinstance(data, (list, tuple)) else 1


def part_of(data, start, end):
    """
    Rows of data or of an answer, as they would be alone.
    @raises TypeError for what has no rows
    """
    if hasattr(data, "iloc"):
        part = data.iloc[start:end]
        return part.reset_index(drop=True) if has_plain_index(data) else part
    if isinstance(data, dict):
        return {name: part_of(values, start, end) for name, values in data.items()}
    if isinstance(data, list) or hasattr(data, "shape"):
        return data[start:end]
    raise TypeError("no rows in %s" % type(data).__name__)


def has_plain_index(frame):
    import pandas

    index = frame.index
    return isinstance(index, pandas.RangeIndex) and index.start == 0 and index.step == 1


def joint_key(data, params):
    """Equal for data that may be joined to one call of the model; None for what stays alone."""
    import pandas

    told = json.dumps(params, sort_keys=True, default=str)
    if isinstance(data, pandas.DataFrame):
        if len(data) == 0 or not has_plain_index(data):
            return None
        return ("frame", tuple(data.columns), tuple(map(str, data.dtypes)), told)
    if isinstance(data, numpy.ndarray):
        if data.ndim == 0 or len(data) == 0:
            return None
        return ("array", str(data.dtype), data.shape[1:], told)
    if isinstance(data, dict) and data and all(isinstance(array, numpy.ndarray) for array in data.values()):
        if len({array.shape[:1] for array in data.values()}) != 1 or rows_in(data) == 0:
            return None
        members = tuple((name, str(array.dtype), array.shape[1:]) for name, array in data.items())
        return ("dict", members, told)
    return None


def joined(many):
    """What `predict` takes for several requests of one key."""
    import pandas

    first = many[0]
    if isinstance(first, pandas.DataFrame):
        return pandas.concat(many, ignore_index=True)
    if isinstance(first, dict):
        return {name: numpy.concatenate([one[name] for one in many]) for name in first}
    return numpy.concatenate(many)


def parted(answer, counts):
    """
    The answer of each request; None where that cannot be told: other rows than were asked for, or missing values, for
    which pandas gives whole columns another type than they would have alone.
    """
    total = sum(counts)
    if not has_rows(answer, total) or has_missing(answer):
        return None
    parts = []
    start = 0
    for count in counts:
        parts.append(part_of(answer, start, start + count))
        start += count
    return parts


def has_rows(answer, count):
    if isinstance(answer, dict):
        return len(answer) > 0 and all(not isinstance(one, dict) and has_rows(one, count) for one in answer.values())
    if isinstance(answer, list):
        return len(answer) == count
    # A frame, an array of whatever library, or a sparse matrix.
    shape = getattr(answer, "shape", ())
    return len(shape) > 0 and shape[0] == count


def has_missing(answer):
    if isinstance(answer, dict):
        return any(has_missing(one) for one in answer.values())
    if isinstance(answer, list):
        return any(is_missing(one) for one in answer)
    if hasattr(answer, "isna"):
        return bool(numpy.asarray(answer.isna()).any())
    if isinstance(answer, numpy.ndarray) and answer.dtype.kind == "f":
        return bool(numpy.isnan(answer).any())
    return False


def is_rowwise(predict, data, answer):
    """Whether rows get together the answers that they get alone, but for the last bits of floating-point numbers."""
    if joint_key(data, None) is None:
        return True
    rows = rows_in(data)
    if rows == 1:
        data, rows = joined([data, data]), 2
        answer = predict(data)
    if not has_rows(answer, rows):
        return False
    # Two of them show it, and many take their time.
    for row in range(2):
        alone = named_outputs(predict(part_of(data, row, row + 1)), 1)
        together = named_outputs(part_of(answer, row, row + 1), 1)
        if not is_same(alone, together):
            return False
    return True


def is_same(alone, together):
    if list(alone) != list(together):
        return False
    for name, one in alone.items():
        other = together[name]
        if one.shape != other.shape:
            return False
        if one.dtype == object or other.dtype == object:
            if not is_near_text(one, other):
                return False
        elif not numpy.allclose(one.astype("float64"), other.astype("float64"), rtol=1e-4, atol=1e-6, equal_nan=True):
            return False
    return True


def is_near_text(one, other):
    for first, second in zip(one.reshape(-1), other.reshape(-1)):
        if first != second and not is_near_json(str(first), str(second)):
            return False
    return True


def is_near_json(first, second):
    try:
        a, b = json.loads(first), json.loads(second)
    except ValueError:
        return False
    return is_near(a, b)


def is_near(a, b):
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(is_near(a[key], b[key]) for key in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(is_near, a, b))
    if isinstance(a, (int, float)) and isinstance(b, (int, float)):
        return math.isclose(a, b, rel_tol=1e-4, abs_tol=1e-6)
    return a == b
