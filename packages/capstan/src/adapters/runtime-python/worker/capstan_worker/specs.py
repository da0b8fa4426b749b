"""What a model takes and gives, as tensors of the Open Inference Protocol, from its MLflow signature."""

UNNAMED_INPUT = "input"
UNNAMED_OUTPUT = "predictions"

# MLflow's column types. Binary is base64, a datetime ISO 8601, and what has a structure JSON: each as text.
COLUMN_DATATYPES = {
    "boolean": "BOOL",
    "integer": "INT32",
    "long": "INT64",
    "float": "FP32",
    "double": "FP64",
    "string": "BYTES",
    "binary": "BYTES",
    "datetime": "BYTES",
}

NUMPY_DATATYPES = {
    "bool": "BOOL",
    "uint8": "UINT8",
    "uint16": "UINT16",
    "uint32": "UINT32",
    "uint64": "UINT64",
    "int8": "INT8",
    "int16": "INT16",
    "int32": "INT32",
    "int64": "INT64",
    "float16": "FP16",
    "float32": "FP32",
    "float64": "FP64",
}

DTYPES = {datatype: dtype for dtype, datatype in NUMPY_DATATYPES.items()}


class Spec:
    """One input or output. `type` is MLflow's column type; None for a tensor, whose dtype is `dtype`."""

    def __init__(self, name, datatype, shape, type=None, dtype=None, is_named=True, is_required=True):
        self.name = name
        self.datatype = datatype
        self.shape = list(shape)
        self.type = type
        self.dtype = dtype
        self.is_named = is_named
        self.is_required = is_required

    def told(self):
        facts = {"name": self.name, "datatype": self.datatype, "shape": self.shape}
        return facts if self.is_required else {**facts, "isOptional": True}


def specs_of(schema, unnamed):
    """Specs of a schema of MLflow; None where the model has none."""
    if schema is None:
        return None
    items = schema.to_dict()
    specs = []
    for index, item in enumerate(items):
        name = item.get("name")
        is_named = name is not None
        if not is_named:
            name = unnamed if len(items) == 1 else "%s-%d" % (unnamed, index)
        required = item.get("required", not item.get("optional", False))
        if item.get("type") == "tensor":
            tensor = item["tensor-spec"]
            dtype = tensor["dtype"]
            datatype = NUMPY_DATATYPES.get(dtype, "BYTES")
            specs.append(Spec(str(name), datatype, tensor["shape"], None, dtype, is_named, required))
        else:
            type_ = item.get("type", "any")
            datatype = COLUMN_DATATYPES.get(type_, "BYTES")
            specs.append(Spec(str(name), datatype, [-1], type_, None, is_named, required))
    return specs
