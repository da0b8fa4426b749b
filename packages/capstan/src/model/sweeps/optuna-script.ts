/**
 * Asks Optuna's TPE for points. Holds no state: standard input says all there is, a JSON value a line, first the study
 * and then each trial so far; standard output gets a line for each point. A list's values go by their places in it, since
 * Python takes 1 and true for the same.
 */
export const OPTUNA_SCRIPT = `
import json, sys
import optuna
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import TrialState, create_trial

optuna.logging.set_verbosity(optuna.logging.ERROR)

def distribution(axis):
    if isinstance(axis, list):
        return CategoricalDistribution(list(range(len(axis))))
    if axis["type"] == "int":
        return IntDistribution(int(axis["min"]), int(axis["max"]), log=axis["log"], step=int(axis.get("step", 1)))
    return FloatDistribution(float(axis["min"]), float(axis["max"]), log=axis["log"], step=axis.get("step"))

def same(left, right):
    return type(left) is type(right) and left == right

def inward(axis, value):
    return next(i for i, each in enumerate(axis) if same(each, value)) if isinstance(axis, list) else value

def outward(axis, value):
    return axis[value] if isinstance(axis, list) else value

states = {
    "succeeded": TrialState.COMPLETE,
    "stopped": TrialState.PRUNED,
    "failed": TrialState.FAIL,
    "cancelled": TrialState.FAIL,
    "waiting": TrialState.RUNNING,
    "running": TrialState.RUNNING,
}

lines = (json.loads(line) for line in sys.stdin)
study_facts = next(lines)
space = study_facts["space"]
distributions = {name: distribution(axis) for name, axis in space.items()}
sampler = optuna.samplers.TPESampler(seed=study_facts["seed"], constant_liar=True)
study = optuna.create_study(direction=study_facts["direction"], sampler=sampler)
for told in lines:
    state = states[told["state"]]
    intermediate = {} if told["step"] is None else {told["step"]: told["value"]}
    study.add_trial(create_trial(
        state=state,
        value=told["value"] if state == TrialState.COMPLETE else None,
        params={name: inward(space[name], value) for name, value in told["params"].items()},
        distributions=distributions,
        intermediate_values=intermediate if state == TrialState.PRUNED else {},
    ))
for _ in range(study_facts["count"]):
    params = study.ask(distributions).params
    print(json.dumps({name: outward(space[name], params[name]) for name in space}))
`;
