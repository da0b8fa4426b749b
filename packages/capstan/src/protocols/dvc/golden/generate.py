"""Writes the vectors beside this file, one JSON file a topic, from a real dvc.

Run in an environment with dvc, then format: the tests of the folder above read the files.

    python generate.py [TOPIC...]
"""

import importlib.metadata
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

from dvc.parsing import DataResolver
from dvc.repo import Repo
from dvc.utils import dict_sha256
from dvc.utils.serialize import load_yaml
from dvc.utils.serialize._yaml import parse_yaml

from config_files import config_files
from data_files import data_files
from ignore_rules import ignore_rules
from pipelines import pipelines
from value_diffs import value_diffs
from value_files import value_files

FOLDER = pathlib.Path(__file__).parent
VERSIONS = {name: importlib.metadata.version(name) for name in ["dvc", "dvc-data", "dvc-objects", "ruamel.yaml"]}

SCALARS = """yes no on off n true TRUE True False 010 08 0777 0o17 0b101 0x1F -0x1F +12 1_000 1_0.5 12:30:45 1e5 1e-5 1E+3 .5
1.e3 .5e+3 .5e3 ~ null Null 1e400 -1e400 .inf -.inf .INF .nan 9007199254740993 -9007199254740993 1.0 1 0.1 1e16 1e15 1e-4
123456789012345680.0 5e-324 -0.0 1.2.3 1e . + _ 1_ "1" '1' 1st""".split()


def scalars():
    cases = []
    for text in SCALARS:
        try:
            cases.append({"text": text, "json": json.dumps(parse_yaml(f"k: {text}\n", "x")["k"])})
        except Exception as error:
            print(f"dvc cannot read {text}: {error!r}", file=sys.stderr)
    return cases


TREES = [
    {"a": "hello\n", 'ü "q".txt': "world!\n"},
    {},
    {"sub/deep/x": "1", "sub/y": "2", "sub.txt": "3", "sub-z": "4"},
    {"\uff5e": "half", "\U0001f600": "face", "é": "e", "z": ""},
    {"with space": "a\r\nb", "tab\tname": "c", "back\\slash": "d"},
]


def trees():
    cases = []
    for tree in TREES:
        with tempfile.TemporaryDirectory() as home:
            folder = pathlib.Path(home, "d")
            folder.mkdir()
            for name, text in tree.items():
                path = folder / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(text.encode())
            with Repo.init(home, no_scm=True) as repo:
                entry = repo.add(str(folder))[0].dumpd()["outs"][0]
            cases.append({"files": tree, "md5": entry["md5"], "size": entry["size"], "nfiles": entry["nfiles"]})
    return cases


KEYS = [
    {"cmd": "cat i > o", "deps": [{"path": "i", "hash": "md5", "md5": "cc3b7e1e1f5f6b9f3a1f8f6f0a1b2c3d", "size": 2}],
     "params": {"params.yaml": {"a": 1.0, "f": {"x": [1, 2], "y": "é"}}}, "outs": [{"path": "o", "hash": "md5", "md5": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "size": 2}]},
    {"cmd": ["one", "two \"q\"\t\x7f"], "deps": [{"path": "b", "hash": "md5", "md5": "11111111111111111111111111111111", "size": 3, "nfiles": 2},
     {"path": "B", "hash": "md5", "md5": "22222222222222222222222222222222", "size": 9, "isexec": True}], "outs": [{"path": "o1", "hash": "md5", "md5": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "size": 2}]},
    {"cmd": "x\ny\n", "params": {"params.yaml": {"big": 9007199254740993, "e": 1e-05, "i": float("inf"), "n": None, "t": True,
     "l": [], "m": {}, "E": 1e16, "s": 1e-4, "zero": -0.0, "u": "\U0001f600"}}, "outs": []},
    {"cmd": "no outputs", "deps": [{"path": "d", "hash": "md5", "md5": "33333333333333333333333333333333", "size": 1}]},
]


def in_order(entry):
    return {key: sorted(value, key=lambda each: each["path"]) if key in ["deps", "outs"] else value for key, value in entry.items() if value}


def result_keys():
    cases = []
    for entry in KEYS:
        keyed = json.loads(json.dumps(entry))
        if "outs" in keyed:
            keyed["outs"] = [out["path"] for out in keyed["outs"]]
        keyed.setdefault("outs", [])
        for name in ["deps", "outs"]:
            if name in keyed:
                keyed[name] = sorted(keyed[name], key=lambda each: each["path"] if isinstance(each, dict) else each)
        cases.append({"entry": write_yaml(entry), "key": dict_sha256(keyed, exclude=["size", "nfiles"]), "value": dict_sha256(in_order(entry), exclude=["size", "nfiles"])})
    return cases


def write_yaml(value):
    import io

    from ruamel.yaml import YAML

    stream = io.StringIO()
    yaml = YAML()
    yaml.width = 100000
    yaml.dump(value, stream)
    return stream.getvalue()


PROJECT = {
    "params.yaml": "lr: 0.1\nsteps: 10\nnest:\n  x: 1\n  list: [1, 2.0, 'a b']\n  flag: true\n  off: false\n  q: it's me\nname: model ü\nsmall: 1e-5\nwhole: 1\n",
    "other.yaml": "alpha: 3\nbeta:\n  gamma: x\n",
    "values.json": '{"a": 1, "b": 2.0, "c": {"d": [1, 2]}}',
    "dvc.yaml": r"""vars:
- other.yaml:beta
- out: built
  folder: od
stages:
  prepare:
    desc: makes ${out}
    cmd:
    - mkdir -p ${folder}
    - printf '%s  %s\n' ${lr} "${name}" > ${folder}/a.txt
    - printf 'x\n' > ${folder}/b.txt
    params:
    - lr
    - name
    - nest.list.1
    outs:
    - ${folder}
  train:
    cmd: |
      cat od/a.txt src/code.sh > model.bin
      printf '{"loss": 0.5, "deep": {"auc": 1}}' > m.json

      chmod +x model.bin; echo \${LANG} $LANG ${beta.gamma} ${nest.list[2]} ${small} > plot.csv
    deps:
    - src/code.sh
    - od/a.txt
    params:
    - steps
    - other.yaml:
    - values.json:
      - a
      - c.d
    outs:
    - model.bin
    metrics:
    - m.json:
        cache: false
    plots:
    - plot.csv:
        x: a
        cache: false
  options:
    cmd: echo ${nest} > options.txt
    wdir: work
    deps:
    - ../od
    outs:
    - options.txt
  no_deps:
    cmd: echo hi > hi.txt
    outs: [hi.txt]
  check:
    cmd: test -s model.bin
    deps: [model.bin, work/options.txt]
""",
    "src/code.sh": "#!/bin/sh\necho code\n",
    "work/.gitkeep": "",
}
EXECUTABLE = ["src/code.sh"]


def project():
    """A project as dvc runs it: stages after templating, the lock file, and the keys of its run cache."""
    with tempfile.TemporaryDirectory() as home:
        root = pathlib.Path(home)
        for name, text in PROJECT.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
            if name in EXECUTABLE:
                path.chmod(0o755)
        environment = {**os.environ, "SHELL": "/bin/sh", "HOME": home, "LANG": "C", "PATH": f"{pathlib.Path(sys.executable).parent}:{os.environ['PATH']}"}
        dvc = lambda *words: subprocess.run(["dvc", *words], cwd=home, env=environment, check=True, stdout=sys.stderr)
        dvc("init", "-q", "--no-scm")
        dvc("repro", "-q")
        lock = load_yaml(root / "dvc.lock")
        with Repo(home) as repo:
            resolved = DataResolver(repo, home, load_yaml(root / "dvc.yaml")).resolve()["stages"]
            keys = {}
            for folder in (root / ".dvc/cache/runs").glob("*/*"):
                run = next(folder.iterdir())
                keys[str(load_yaml(run)["cmd"])] = f"{folder.name}/{run.name}"
        keys = {name: key for name, entry in lock["stages"].items() for cmd, key in keys.items() if str(entry["cmd"]) == cmd}
        contents = {}
        for path in sorted(root.rglob("*")):
            name = path.relative_to(root).as_posix()
            if path.is_file() and not name.startswith(".dvc") and name not in PROJECT and name != "dvc.lock":
                contents[name] = path.read_text()
        return {"files": PROJECT, "executable": EXECUTABLE, "resolved": resolved, "made": contents, "lock": lock["stages"], "keys": keys}


def vectors():
    return {"versions": VERSIONS, "scalars": scalars(), "trees": trees(), "resultKeys": result_keys(), "project": project()}


TOPICS = {"vectors": vectors, "data-files": data_files, "ignore-rules": ignore_rules, "config-files": config_files, "pipelines": pipelines, "value-files": value_files, "value-diffs": value_diffs}


def main():
    for name in sys.argv[1:] or TOPICS:
        (FOLDER / f"{name}.json").write_text(json.dumps(TOPICS[name](), indent=2, ensure_ascii=False) + "\n")
    shutil.rmtree(FOLDER / "__pycache__", ignore_errors=True)


main()
