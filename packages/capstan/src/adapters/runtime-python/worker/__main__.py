"""Entry: python capstan_worker MODEL STARTER. Work comes by descriptor 3, pings by 4, the end by 5."""

import os
import sys
import traceback

from capstan_worker import frames, process

WORK, CONTROL, GUARD = 3, 4, 5


def main():
    path, starter = sys.argv[1], int(sys.argv[2])
    process.start_guard(GUARD)
    work = process.open_socket(WORK)
    control = process.open_socket(CONTROL)
    process.settle(starter)
    process.answer_pings(control)
    # A model is not to find arguments of ours.
    sys.argv = [path]
    try:
        require_mlflow()
        from capstan_worker.served import open_model

        served = open_model(path)
    except BaseException as error:
        traceback.print_exc()
        frames.write_frame(work, {"kind": "failed", "message": describe(error)})
        # What a model has started, threads and handlers, is not waited for.
        flush_and_leave(1)
    frames.write_frame(work, {"kind": "hello", **served.facts()})
    while True:
        frame = frames.read_frame(work)
        if frame is None:
            process.end_group()
        header, buffers = frame
        try:
            answer, parts = served.answer(header, buffers)
        except MemoryError:
            answer, parts = {"kind": "error", "blame": "model", "message": "MemoryError: the model ran out of memory"}, ()
        frames.write_frame(work, answer, parts)


def require_mlflow():
    """Before anything that it brings along."""
    try:
        import mlflow.pyfunc  # noqa: F401
    except ModuleNotFoundError as error:
        if error.name not in ("mlflow", "mlflow.pyfunc"):
            raise
        raise ImportError("mlflow is not in the model's environment: its requirements must list it, as mlflow==3.17.2")


def describe(error):
    text = str(error).strip()
    return "%s: %s" % (type(error).__name__, text) if text else type(error).__name__


def flush_and_leave(code):
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            pass
    os._exit(code)


if __name__ == "__main__":
    main()
