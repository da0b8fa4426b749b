"""Makes the models of this folder: each answers what it is sent, and the probability one half.

Run it with Python 3.11 and: pip install onnx==1.23.2 numpy==2.4.6
  python generate.py            (from any directory; writes beside itself)
"""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

HERE = Path(__file__).parent
DATATYPES = {
    "BOOL": TensorProto.BOOL,
    "UINT8": TensorProto.UINT8,
    "UINT16": TensorProto.UINT16,
    "UINT32": TensorProto.UINT32,
    "UINT64": TensorProto.UINT64,
    "INT8": TensorProto.INT8,
    "INT16": TensorProto.INT16,
    "INT32": TensorProto.INT32,
    "INT64": TensorProto.INT64,
    "FP32": TensorProto.FLOAT,
    "FP64": TensorProto.DOUBLE,
    "BYTES": TensorProto.STRING,
}


def identity(name, datatypes):
    """out_T is in_T, of two values a row; `probabilities` is one half for each of two classes."""
    first = f"in_{next(iter(datatypes))}"
    half = numpy_helper.from_array(np.array([0.5], np.float32))
    nodes = [helper.make_node("Identity", [f"in_{kind}"], [f"out_{kind}"]) for kind in datatypes]
    nodes += [
        helper.make_node("Shape", [first], ["shape"]),
        helper.make_node("ConstantOfShape", ["shape"], ["probabilities"], value=half),
    ]
    graph = helper.make_graph(
        nodes,
        name,
        [helper.make_tensor_value_info(f"in_{kind}", onnx_type, ["rows", 2]) for kind, onnx_type in datatypes.items()],
        [helper.make_tensor_value_info(f"out_{kind}", onnx_type, ["rows", 2]) for kind, onnx_type in datatypes.items()]
        + [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["rows", 2])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.checker.check_model(model)
    (HERE / f"{name}.onnx").write_bytes(model.SerializeToString())


def plus(name, number):
    """y is x and a number: by the answer one knows which of two models it was."""
    more = numpy_helper.from_array(np.array([number], np.float32), "more")
    rows = [helper.make_tensor_value_info(which, TensorProto.FLOAT, ["rows", 1]) for which in "xy"]
    graph = helper.make_graph([helper.make_node("Add", ["x", "more"], ["y"])], name, rows[:1], rows[1:], [more])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.checker.check_model(model)
    (HERE / f"{name}.onnx").write_bytes(model.SerializeToString())


if __name__ == "__main__":
    identity("every-datatype", DATATYPES)
    identity("half-floats", {"FP16": TensorProto.FLOAT16})
    identity("one-float", {"FP32": TensorProto.FLOAT})
    plus("plus-one", 1)
    plus("plus-two", 2)
