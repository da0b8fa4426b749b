"""Stages that run a shell command each, by the real Dagster with a persistent instance.

argv: number of stages, "inprocess" or "multiprocess". A line of JSON: version, seconds until the first stage began, seconds of
the run from the first stage's begin.
"""

import json
import os
import subprocess
import sys
import time
import warnings

os.environ["DAGSTER_DISABLE_TELEMETRY"] = "1"
warnings.filterwarnings("ignore")

import dagster

STAGES = int(sys.argv[1])
BEGAN = "began"


def op_of(index):
    @dagster.op(name=f"stage_{index}")
    def stage(_context):
        if not os.path.exists(BEGAN):
            with open(BEGAN, "w") as file:
                file.write(str(time.time()))
        subprocess.run(["sh", "-c", f"echo {index} > out{index}"], check=True)

    return stage


@dagster.job(logger_defs={})
def stages():
    for index in range(STAGES):
        op_of(index)()


if __name__ == "__main__":
    with dagster.DagsterInstance.get() as instance:
        asked = time.time()
        if sys.argv[2] == "inprocess":
            result = stages.execute_in_process(instance=instance)
        else:
            config = {"execution": {"config": {"multiprocess": {"max_concurrent": 1}}}}
            result = dagster.execute_job(dagster.reconstructable(stages), instance=instance, run_config=config)
        ended = time.time()
        assert result.success
    began = float(open(BEGAN).read())
    print(json.dumps({"version": dagster.__version__, "before": began - asked, "run": ended - began}))
