"""The rules of a suite by the real great_expectations, on the same Parquet files.

argv: JSON of {"files": [...], "rules": [[name, arguments], ...]}. For each line of the input, a line of JSON: seconds of the
processor for reading the files and for the validation, and what it found.
"""

import json
import logging
import sys
import time
import warnings

warnings.filterwarnings("ignore")
logging.disable(logging.WARNING)

import great_expectations as gx
import pandas as pd

asked = json.loads(sys.argv[1])
context = gx.get_context(mode="ephemeral")
context.variables.progress_bars = {"globally": False}
asset = context.data_sources.add_pandas("bench").add_dataframe_asset("flights")
batches = asset.add_batch_definition_whole_dataframe("all")
suite = context.suites.add(gx.ExpectationSuite(name="rules"))
for name, arguments in asked["rules"]:
    suite.add_expectation(getattr(gx.expectations, name)(**arguments))
validation = context.validation_definitions.add(gx.ValidationDefinition(name="flights", data=batches, suite=suite))
print(json.dumps({"version": gx.__version__}), flush=True)

for _ in sys.stdin:
    began = time.process_time()
    frame = pd.concat([pd.read_parquet(path) for path in asked["files"]], ignore_index=True)
    read = time.process_time()
    result = validation.run(batch_parameters={"dataframe": frame})
    found = {
        "read": read - began,
        "validate": time.process_time() - read,
        "rules": len(result.results),
        "broken": [each.expectation_config.type + " " + str(each.expectation_config.kwargs.get("column")) for each in result.results if not each.success],
    }
    print(json.dumps(found), flush=True)
