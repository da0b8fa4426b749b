"""Tensors of a request as the data that the model's signature asks for."""

import base64
import json
import struct

import numpy

from capstan_worker.specs import DTYPES, UNNAMED_INPUT, Spec

LENGTH = struct.Struct("<I")


class BadInput(Exception):
    """The caller's fault; names the input."""

    def __init__(self, name, problem):
        super().__init__("The input '%s' %s" % (name, problem))
        self.name = name


def read_tensors(tensors, buffers):
    """Arrays by name, on the memory of the frame; texts as a list in an array of objects."""
    arrays = {}
    for tensor, buffer in zip(tensors, buffers):
        shape = tuple(tensor["shape"])
        if tensor["datatype"] == "BYTES":
            values = numpy.empty(shape, dtype=object)
            values.reshape(-1)[:] = texts_of(buffer)
        else:
            values = numpy.frombuffer(buffer, dtype=DTYPES[tensor["datatype"]]).reshape(shape)
        arrays[tensor["name"]] = values
    return arrays


def texts_of(buffer):
    texts = []
    at = 0
    while at < len(buffer):
        (length,) = LENGTH.unpack_from(buffer, at)
        at += 4
        texts.append(str(buffer[at : at + length], "utf-8"))
        at += length
    return texts


class Inputs:
    """How tensors become what `predict` is called with."""

    def __init__(self, specs, example=None):
        self.is_unsigned = specs is None
        if specs is None:
            specs = [unsigned_spec(example)]
        self.specs = specs
        self.by_name = {spec.name: spec for spec in specs}
        self.is_columns = all(spec.type is not None for spec in specs) and len(specs) > 0

    def data_of(self, arrays):
        """@raises BadInput for text that is not what the column's type needs"""
        if self.is_columns:
            return self.frame_of(arrays)
        tensors = {name: tensor_of(self.by_name[name], values) for name, values in arrays.items()}
        only = self.specs[0]
        if len(self.specs) == 1 and not only.is_named:
            return tensors[only.name]
        return tensors

    def frame_of(self, arrays):
        import pandas

        # In the order of the signature: a model without names goes by it.
        columns = {}
        for index, spec in enumerate(self.specs):
            if spec.name in arrays:
                columns[spec.name if spec.is_named else index] = column_of(spec, arrays[spec.name])
        return pandas.DataFrame(columns, copy=False)

    def zeros(self, rows):
        """Data that no model should choke on; of rows that are all the same."""
        arrays = {}
        for spec in self.specs:
            shape = [1 if size < 0 else size for size in spec.shape]
            if spec.shape and spec.shape[0] < 0:
                shape[0] = rows
            if spec.datatype == "BYTES":
                array = numpy.full(shape, EMPTY_TEXTS.get(spec.type, ""), dtype=object)
            else:
                array = numpy.zeros(shape, dtype=DTYPES[spec.datatype])
            arrays[spec.name] = array
        return self.data_of(arrays)


EMPTY_TEXTS = {"datetime": "1970-01-01T00:00:00", "array": "[]", "object": "{}", "map": "{}", "any": "null"}


def unsigned_spec(example):
    """A model without a signature takes a matrix of FP64; its example tells width and type where it is a matrix."""
    shape, datatype = [-1, -1], "FP64"
    array = example if isinstance(example, numpy.ndarray) else getattr(example, "values", None)
    if isinstance(array, numpy.ndarray) and array.ndim >= 1:
        shape = [-1] + [int(size) for size in array.shape[1:]]
        for known, dtype in DTYPES.items():
            if array.dtype == dtype:
                datatype = known
    return Spec(UNNAMED_INPUT, datatype, shape, None, DTYPES[datatype], False, True)


def tensor_of(spec, values):
    if spec.datatype != "BYTES":
        return values
    if spec.dtype is not None and spec.dtype.startswith("datetime64"):
        return times_of(spec, values).to_numpy().reshape(values.shape)
    return values.astype(str) if spec.dtype == "str" else values


def column_of(spec, values):
    if spec.datatype != "BYTES" or spec.type == "string":
        return values
    if spec.type == "datetime":
        return times_of(spec, values)
    if spec.type == "binary":
        return [decoded(spec, base64_bytes, text, "base64") for text in values]
    return [decoded(spec, json.loads, text, "JSON") for text in values]


def base64_bytes(text):
    return base64.b64decode(text, validate=True)


def decoded(spec, decode, text, what):
    try:
        return decode(text)
    except ValueError as error:
        raise BadInput(spec.name, "has a value that is no %s: %s" % (what, error))


def times_of(spec, values):
    import pandas

    try:
        times = pandas.Series(pandas.to_datetime(list(values.reshape(-1)), utc=True))
    except (ValueError, TypeError) as error:
        raise BadInput(spec.name, "has a value that is no time (ISO 8601): %s" % error)
    # As MLflow has them: of no zone.
    return times.dt.tz_localize(None)
