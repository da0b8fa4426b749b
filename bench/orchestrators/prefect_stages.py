"""Stages that run a shell command each, by the real Prefect with the server that it starts for itself.

argv: number of stages. A line of JSON: version, seconds until the first stage began, seconds of the run from there.
"""

import json
import subprocess
import sys
import time

asked = time.time()
import prefect

began = None


@prefect.task
def stage(index):
    global began
    began = began or time.time()
    subprocess.run(["sh", "-c", f"echo {index} > out{index}"], check=True)


@prefect.flow
def stages(count):
    for index in range(count):
        stage(index)


if __name__ == "__main__":
    stages(int(sys.argv[1]))
    ended = time.time()
    print(json.dumps({"version": prefect.__version__, "before": began - asked, "run": ended - began}))
