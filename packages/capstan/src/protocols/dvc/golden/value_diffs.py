"""What dvc finds different between values of two files, and how it reads JSON; as JSON text, so that 1 and 1.0 stay apart."""

import json
import random

from dvc.utils.diff import diff, format_dict
from dvc.utils.serialize import parse_json

LEAVES = [0, 1, 1.0, -1, True, False, None, "", "1", "text", 0.1, 0.30000000000000004, 1e-7, 1e16, 2**60, 2**60 + 1, [], [1], [1, 2.0, "it's"], ["a\"b'\n\u00e9\u2028"], [None, True, {"k": [1e-05]}], {}]
JSON_TEXTS = [
    "{}", '{"a": 1, "b": 1.0, "c": 1e5, "d": 9007199254740993, "e": -0, "f": -0.0}', '{"a": NaN, "b": Infinity, "c": -Infinity, "d": [NaN]}',
    '{"a": "NaN \\"Infinity\\" \\\\", "b": NaN}', '[1, "x"]', "0.5", "null", "", "{", '{"a": 1,}', '{"a": NaNs}', '{"a": nan}', "{'a': 1}", '{"a": 1, "a": 2}', "NaN",
]


def value_diffs():
    return {"diffs": list(pairs()), "json": [read(text) for text in JSON_TEXTS]}


def pairs():
    chance = random.Random(5)
    for _ in range(60):
        old = tree(chance, 0)
        new = changed(chance, old)
        for with_unchanged in (False, True):
            found = diff(format_dict({"f": {"data": old}}), format_dict({"f": {"data": new}}), with_unchanged=with_unchanged)
            yield {"old": json.dumps(old), "new": json.dumps(new), "all": with_unchanged, "diff": json.dumps(found.get("f", {}), sort_keys=True)}


def tree(chance, depth):
    return {key: tree(chance, depth + 1) if depth < 2 and chance.random() < 0.3 else chance.choice(LEAVES) for key in chance.sample(["a", "b", "c.d", "é", "z"], 3)}


def changed(chance, old):
    new = {}
    for key, value in old.items():
        kind = chance.random()
        if kind < 0.4:
            new[key] = changed(chance, value) if isinstance(value, dict) and value else value
        elif kind < 0.8:
            new[key] = chance.choice(LEAVES)
    return new


def read(text):
    try:
        return {"text": text, "json": json.dumps(parse_json(text, "x"), sort_keys=True)}
    except Exception:
        return {"text": text, "json": None}
