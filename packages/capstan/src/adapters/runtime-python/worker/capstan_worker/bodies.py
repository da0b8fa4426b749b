"""
Joining requests before they are parsed: reading JSON into a frame takes MLflow half a millisecond a request. Only where
what comes out cannot depend on what is beside it: all of the signature's columns, or one matrix, and no value of a kind
that pandas or numpy would give the others another type for.
"""

import json

NUMBERS = {"double": (int, float), "float": (int, float), "long": (int,), "integer": (int,)}
WHOLE = {"INT8", "INT16", "INT32", "INT64", "UINT8", "UINT16", "UINT32", "UINT64"}
JSON_TYPE = "application/json"


class Body:
    """`rows` is a list of records, or of lists of values; requests of one key may be joined."""

    def __init__(self, key, form, rows, columns, params):
        self.key = key
        self.form = form
        self.rows = rows
        self.columns = columns
        self.params = params


class Bodies:
    def __init__(self, inputs):
        """@param inputs what the model takes; without a signature nothing is joined"""
        self.kinds = None
        self.matrix = None
        specs = inputs.specs
        if inputs.is_unsigned:
            return
        if inputs.is_columns and all(spec.is_named and spec.is_required for spec in specs):
            kinds = {spec.name: (str,) if spec.type == "string" else NUMBERS.get(spec.type) for spec in specs}
            self.kinds = kinds if all(kinds.values()) else None
        elif len(specs) == 1 and not specs[0].is_named and len(specs[0].shape) == 2:
            if specs[0].datatype in ("FP32", "FP64"):
                self.matrix = (int, float)
            elif specs[0].datatype in WHOLE:
                self.matrix = (int,)

    def read(self, content_type, body):
        """The request as rows, or None for one that MLflow's own code must read by itself."""
        if (self.kinds is None and self.matrix is None) or content_type != JSON_TYPE:
            return None
        try:
            told = json.loads(body)
        except (ValueError, RecursionError):
            return None
        if not isinstance(told, dict):
            return None
        params = told.pop("params", None)
        if len(told) != 1 or not (params is None or isinstance(params, dict)):
            return None
        ((form, data),) = told.items()
        found = None
        if self.kinds is not None and form == "dataframe_split":
            found = self.split(data)
        elif self.kinds is not None and form == "dataframe_records":
            found = self.records(data)
        elif self.matrix is not None and form in ("inputs", "instances"):
            found = self.numbers(data)
        if found is None:
            return None
        rows, columns = found
        return Body((form, columns, json.dumps(params, sort_keys=True)), form, rows, columns, params)

    def split(self, data):
        if not isinstance(data, dict) or data.keys() != {"columns", "data"}:
            return None
        columns, rows = data["columns"], data["data"]
        if not isinstance(columns, list) or not all(isinstance(name, str) for name in columns):
            return None
        if len(columns) != len(self.kinds) or set(columns) != self.kinds.keys():
            return None
        kinds = [self.kinds[name] for name in columns]
        if not isinstance(rows, list) or not rows or not all(fits(row, kinds) for row in rows):
            return None
        return rows, tuple(columns)

    def records(self, rows):
        if not isinstance(rows, list) or not rows or not isinstance(rows[0], dict):
            return None
        columns = tuple(rows[0])
        if len(columns) != len(self.kinds) or set(columns) != self.kinds.keys():
            return None
        kinds = [self.kinds[name] for name in columns]
        for row in rows:
            if not isinstance(row, dict) or tuple(row) != columns or not fits(list(row.values()), kinds):
                return None
        return rows, columns

    def numbers(self, rows):
        if not isinstance(rows, list) or not rows or not isinstance(rows[0], list):
            return None
        kinds = [self.matrix] * len(rows[0])
        return (rows, len(kinds)) if all(fits(row, kinds) for row in rows) else None


def fits(row, kinds):
    # `type` rather than `isinstance`: true is an int.
    return isinstance(row, list) and len(row) == len(kinds) and all(type(one) in kind for one, kind in zip(row, kinds))


def joined_body(bodies):
    """One request for all of them."""
    first = bodies[0]
    rows = [row for body in bodies for row in body.rows]
    data = {"columns": list(first.columns), "data": rows} if first.form == "dataframe_split" else rows
    told = {first.form: data}
    if first.params is not None:
        told["params"] = first.params
    return json.dumps(told).encode()
