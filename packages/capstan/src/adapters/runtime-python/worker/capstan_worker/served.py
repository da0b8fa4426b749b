"""The loaded model: what it takes and gives, and its answers to frames."""

import inspect
import os
import sys
import traceback

import numpy

from capstan_worker.inputs import BadInput, Inputs, read_tensors
from capstan_worker.outputs import buffer_of, datatype_of, named_outputs
from capstan_worker.rows import is_rowwise, rows_in
from capstan_worker.specs import DTYPES, Spec, UNNAMED_INPUT, UNNAMED_OUTPUT, specs_of

PROTOCOL = 1


def open_model(path):
    import mlflow.pyfunc

    model = mlflow.pyfunc.load_model(path)
    # As MLflow's own server does, after loading.
    os.environ["_MLFLOW_IS_IN_SERVING_ENVIRONMENT"] = "true"
    return Served(model, path)


class Served:
    def __init__(self, model, path):
        import mlflow

        from capstan_worker.scoring import Scoring

        self.model = model
        self.mlflow_version = mlflow.__version__
        self.takes_params = "params" in inspect.signature(model.predict).parameters
        metadata = model.metadata
        signature = getattr(metadata, "signature", None)
        example = example_of(metadata, path)
        self.inputs = Inputs(specs_of(signature and signature.inputs, UNNAMED_INPUT), example)
        self.outputs = specs_of(signature and signature.outputs, UNNAMED_OUTPUT)
        self.is_batchable = True
        self.rehearse(example)
        self.scoring = Scoring(model, self)

    def rehearse(self, example):
        """Runs the example, or zeros: it warms the model up, and shows what it answers and whether rows are its own."""
        data, params = example if isinstance(example, tuple) else (example, None)
        try:
            # Without a signature zeros of an unknown width tell nothing.
            if data is None and self.inputs.is_unsigned:
                return
            if data is None:
                data = self.inputs.zeros(2)
            answer = self.predict(data, params)
            rows = rows_in(data)
            self.discover(answer, rows)
            self.is_batchable = is_rowwise(lambda part: self.predict(part, params), data, answer)
            if not self.is_batchable:
                print("the answers of this model depend on which rows are asked together: requests are never batched")
        except Exception:
            # An example may be out of date, and zeros no sense. The model came back: that is all.
            print("the model does not answer its example:", file=sys.stderr)
            traceback.print_exc()

    def predict(self, data, params=None):
        return self.model.predict(data, params=params) if self.takes_params and params else self.model.predict(data)

    def discover(self, answer, rows):
        """Outputs as they come rather than as the signature has them, which nobody checks."""
        known = {spec.name: spec for spec in self.outputs or []}
        specs = []
        for name, array in named_outputs(answer, rows, self.outputs).items():
            shape = list(array.shape)
            if shape[0] == rows:
                shape[0] = -1
            declared = known.get(name)
            if declared is not None and len(declared.shape) == len(shape):
                shape = [-1 if told < 0 else size for told, size in zip(declared.shape, shape)]
            specs.append(Spec(name, datatype_of(array), shape))
        self.outputs = specs

    def facts(self):
        return {
            "protocol": PROTOCOL,
            "pid": os.getpid(),
            "python": sys.version.split()[0],
            "mlflow": self.mlflow_version,
            "inputs": [spec.told() for spec in self.inputs.specs],
            "outputs": None if self.outputs is None else [spec.told() for spec in self.outputs],
            "isBatchable": self.is_batchable,
        }

    def answer(self, header, buffers):
        if header["kind"] == "score":
            return self.scoring.answer(header, buffers)
        return self.answer_tensors(header, buffers)

    def answer_tensors(self, header, buffers):
        arrays = read_tensors(header["tensors"], buffers)
        rows = next((array.shape[0] for array in arrays.values() if array.ndim > 0), 1)
        try:
            answer = self.predict(self.inputs.data_of(arrays))
            named = named_outputs(answer, rows, self.outputs)
        except BadInput as error:
            return {"kind": "error", "blame": "input", "input": error.name, "message": str(error)}, ()
        except Exception as error:
            traceback.print_exc()
            return {"kind": "error", "blame": "model", "message": "%s: %s" % (type(error).__name__, error)}, ()
        wrong = self.wrong_rows(named, rows)
        if wrong is not None:
            return {"kind": "error", "blame": "rows", "message": wrong}, ()
        if self.outputs is None:
            self.discover(answer, rows)
        arrays = self.in_order(named)
        tensors = [
            {"name": name, "datatype": datatype_of(array), "shape": list(array.shape)} for name, array in arrays.items()
        ]
        return {"kind": "tensors", "tensors": tensors}, [buffer_of(array) for array in arrays.values()]

    def wrong_rows(self, named, rows):
        fixed = {spec.name for spec in self.outputs or [] if spec.shape and spec.shape[0] >= 0}
        for name, array in named.items():
            if name not in fixed and array.shape[0] != rows:
                return "the model answered %d rows in '%s' for %d rows" % (array.shape[0], name, rows)
        return None

    def in_order(self, named):
        """In the order that is published, and in its types where no value is changed by that."""
        ordered = {}
        for spec in self.outputs:
            array = named.get(spec.name)
            if array is None:
                continue
            dtype = None if spec.datatype == "BYTES" else numpy.dtype(DTYPES[spec.datatype])
            if dtype is not None and array.dtype != dtype and numpy.can_cast(array.dtype, dtype, "safe"):
                array = array.astype(dtype)
            ordered[spec.name] = array
        for name, array in named.items():
            ordered.setdefault(name, array)
        return ordered


def example_of(metadata, path):
    """The input example that was logged with the model, or None."""
    try:
        if hasattr(metadata, "load_input_example"):
            return metadata.load_input_example(path)
        from mlflow.models.utils import _read_example

        return _read_example(metadata, path)
    except Exception:
        traceback.print_exc()
        return None
