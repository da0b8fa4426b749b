"""What a model answered as named tensors."""

import base64
import json
import math
import struct

import numpy

from capstan_worker.specs import NUMPY_DATATYPES, UNNAMED_OUTPUT

LENGTH = struct.Struct("<I")


def named_outputs(answer, rows, specs=None):
    """
    Arrays by name. Columns of a frame and members of a dict keep their names; a tuple, and a list of one array for each
    output, are named by the signature or numbered; anything else is one output.
    """
    import pandas

    only = specs[0].name if specs and len(specs) == 1 else UNNAMED_OUTPUT
    if isinstance(answer, pandas.DataFrame):
        return {str(name): array_of(answer.iloc[:, index]) for index, name in enumerate(answer.columns)}
    if isinstance(answer, dict):
        return {str(name): array_of(values) for name, values in answer.items()}
    if isinstance(answer, tuple) or is_list_of_outputs(answer, rows):
        names = [spec.name for spec in specs or []]
        if len(names) != len(answer):
            names = ["%s-%d" % (UNNAMED_OUTPUT, index) for index in range(len(answer))]
        return {name: array_of(values) for name, values in zip(names, answer)}
    return {only: array_of(answer)}


def is_list_of_outputs(answer, rows):
    if not isinstance(answer, list) or len(answer) == 0 or len(answer) == rows:
        return False
    return all(isinstance(one, numpy.ndarray) and one.ndim > 0 and one.shape[0] == rows for one in answer)


def array_of(values):
    """An array of numbers, or of objects that are all texts, with at least one dimension."""
    import pandas

    if hasattr(values, "toarray"):
        values = values.toarray()
    elif hasattr(values, "detach"):
        values = values.detach().cpu().numpy()
    if isinstance(values, pandas.Series):
        values = array_of_series(values)
    elif not isinstance(values, numpy.ndarray):
        values = array_of_list(values)
    if values.ndim == 0:
        values = values.reshape(1)
    return plain(values)


def array_of_series(series):
    import pandas

    if isinstance(series.dtype, pandas.CategoricalDtype):
        series = series.astype(series.cat.categories.dtype)
    if isinstance(series.dtype, pandas.DatetimeTZDtype):
        return numpy.array(list(series), dtype=object)
    if pandas.api.types.is_extension_array_dtype(series.dtype):
        if pandas.api.types.is_numeric_dtype(series.dtype) and series.isna().any():
            return series.to_numpy(dtype="float64", na_value=math.nan)
        return numpy.array([None if value is pandas.NA else value for value in series], dtype=object)
    return series.to_numpy()


def array_of_list(values):
    if hasattr(values, "numpy"):
        return numpy.asarray(values.numpy())
    if not isinstance(values, (list, tuple)):
        array = numpy.empty((1,), dtype=object)
        array[0] = values
        return array
    try:
        array = numpy.array(values)
    except ValueError:
        array = None
    # Of lists of different lengths, of dicts, and of texts beside numbers, which numpy would all make texts.
    if array is None or array.dtype == object or (array.dtype.kind in "US" and not is_all_text(values)):
        array = numpy.empty((len(values),), dtype=object)
        array[:] = values
    return array


def is_all_text(values):
    return all(isinstance(value, (str, bytes)) or (isinstance(value, list) and is_all_text(value)) for value in values)


def plain(array):
    if array.dtype.kind in "biuf":
        if array.dtype.name not in NUMPY_DATATYPES:
            array = array.astype("float64")
        return numpy.ascontiguousarray(array.astype(array.dtype.newbyteorder("<"), copy=False))
    if array.dtype.kind == "O":
        numbers = numbers_in(array)
        if numbers is not None:
            return numbers
    texts = numpy.empty(array.shape, dtype=object)
    flat = texts.reshape(-1)
    source = array.reshape(-1)
    if array.dtype.kind in "mM":
        for index, value in enumerate(source):
            flat[index] = "" if numpy.isnat(value) else time_text(value)
    else:
        for index, value in enumerate(source):
            flat[index] = text_of(value)
    return texts


def time_text(value):
    """ISO 8601 without the zeros that tell the unit: pandas takes one for a whole column, by what else is in it."""
    text = str(value)
    return text.rstrip("0").rstrip(".") if "." in text else text


def numbers_in(array):
    """Objects that are all numbers or missing as an array of them; None where there are others."""
    flat = array.reshape(-1)
    kinds = set()
    for value in flat:
        if value is None or type(value).__name__ == "NAType":
            kinds.add("missing")
        elif isinstance(value, (bool, numpy.bool_)):
            kinds.add("bool")
        elif isinstance(value, (int, numpy.integer)):
            kinds.add("int")
        elif isinstance(value, (float, numpy.floating)):
            kinds.add("float")
        else:
            return None
    if kinds == {"bool"}:
        return array.astype(bool)
    if kinds == {"int"}:
        try:
            return array.astype("int64")
        except OverflowError:
            return array.astype("float64")
    if kinds and kinds <= {"int", "float", "missing"} and kinds != {"missing"}:
        filled = [math.nan if is_missing(value) else float(value) for value in flat]
        return numpy.array(filled, dtype="float64").reshape(array.shape)
    return None


def text_of(value):
    """Bytes as base64, times as ISO 8601, what is missing as the empty text, structures as JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, (bytes, bytearray)):
        return base64.b64encode(bytes(value)).decode("ascii")
    if is_missing(value):
        return ""
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return json.dumps(value, default=jsonable)


def is_missing(value):
    if value is None or (isinstance(value, (float, numpy.floating)) and value != value):
        return True
    return type(value).__name__ in ("NAType", "NaTType")


def jsonable(value):
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, (bytes, bytearray)):
        return base64.b64encode(bytes(value)).decode("ascii")
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def datatype_of(array):
    return NUMPY_DATATYPES.get(array.dtype.name, "BYTES")


def buffer_of(array):
    if array.dtype != object:
        return array.reshape(-1).view("uint8").data if array.size else b""
    parts = []
    for text in array.reshape(-1):
        encoded = text.encode("utf-8", "replace")
        parts.append(LENGTH.pack(len(encoded)))
        parts.append(encoded)
    return b"".join(parts)
