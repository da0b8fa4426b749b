"""dvc.yaml files as dvc resolves them: stages made from foreach and matrix, and the sections beside the stages."""

import pathlib
import tempfile

from dvc.dvcfile import load_file
from dvc.repo import Repo

PARAMS = """names: [a, b]
flags: [true, false, null, 1, 1.0, 1e-5, 'x y']
mixed: [1, {x: 2}]
byname: {one: {lr: 0.1, n: [1, 2]}, two: {lr: 1e-5, n: []}}
plain: {k: v, l: 2}
flag: true
off: false
none:
nested: {a: {b: [10, {c: deep}]}}
opts: {lr: 0.1, on: true, off: false, list: [1, 'a b', true], deep: {x: "it's", none: }, empty: [], map: {}}
y: [loss, acc]
"""


def stages(text):
    return "stages:\n" + "".join(f"  {line}\n" for line in text.splitlines())


STAGES = [
    "f:\n  foreach: [a, b]\n  do:\n    cmd: echo ${item}\n    deps: [\"in/${item}\"]\n    outs: [\"out/${item}\"]",
    "f:\n  foreach: [true, null, 1, 1.0, 1e16, yes, 010, a b]\n  do:\n    cmd: echo ${item}",
    "f:\n  foreach: ${flags}\n  do:\n    cmd: echo ${item}",
    "f:\n  foreach:\n  - ${flag}\n  - true\n  - ${none}\n  do:\n    cmd: echo ${item}",
    "f:\n  foreach: ${mixed}\n  do:\n    cmd: echo stage",
    "f:\n  foreach:\n  - {x: 1, y: {z: [5]}}\n  - {x: 2, y: {z: [6]}}\n  do:\n    cmd: echo ${item.x} ${item.y.z[0]}\n    desc: is ${item.x}",
    "f:\n  foreach: ${byname}\n  do:\n    cmd: echo ${key} ${item.lr}\n    outs: [\"${key}\"]",
    "f:\n  foreach: ${plain}\n  do:\n    cmd: echo ${key} ${item}",
    "f:\n  foreach: {1: a, x: b, false: c, 2.5: d}\n  do:\n    cmd: echo ${key} ${item}",
    "f:\n  foreach: {x: ${plain}, y: {k: w}}\n  do:\n    cmd: echo ${key} ${item.k}".replace("${plain}", '"${plain}"'),
    "f:\n  foreach: [a, a, b]\n  do:\n    cmd: echo ${item}",
    "f:\n  foreach: [1, '1']\n  do:\n    cmd: echo ${item}",
    "f:\n  foreach: []\n  do:\n    cmd: echo ${item}\ng:\n  cmd: echo",
    "f:\n  foreach: ${flag}\n  do:\n    cmd: echo ${item}",
    "f:\n  foreach: text\n  do:\n    cmd: echo ${item}",
    "f:\n  foreach: [a]",
    "f:\n  do: {cmd: x}",
    "f:\n  foreach: [a]\n  do: {cmd: x}\n  cmd: y",
    "f:\n  foreach: [a]\n  do:\n    vars: [{item: 1}]\n    cmd: x",
    "f:\n  foreach: [a]\n  do:\n    vars: [{key: 1}]\n    cmd: echo ${key} ${item}",
    "f:\n  foreach: [{vars: 1}]\n  do:\n    vars: [{mine: 1}]\n    cmd: echo ${mine} ${item.vars}",
    "f:\n  foreach: [w]\n  do:\n    wdir: ${item}\n    vars: [{mine: 1}, v.yaml]\n    params: [k]\n    cmd: echo ${fromfile}",
    "f:\n  foreach: [x]\n  do:\n    cmd: echo ${key}",
    "m:\n  matrix:\n    a: [1, 2]\n    b: [x, y]\n  cmd: echo ${item.a} ${item.b} ${key}\n  outs: [\"o-${key}\"]",
    "m:\n  matrix:\n    a: ${names}\n    b: [{c: 1}, [2], true]\n    d: ${flags}\n  cmd: echo ${item.a} ${key}",
    "m:\n  matrix:\n    a: ${mixed}\n  cmd: echo ${key}",
    "m:\n  matrix:\n    a: []\n    b: [1]\n  cmd: echo ${key}",
    "m:\n  matrix: {}\n  cmd: echo a${key}",
    "m:\n  matrix:\n    a: [0.5, 1e-7]\n    b: [b]\n    c: [{x: 1}, {x: 2}]\n  cmd: echo ${item.a} ${item.c.x}",
    "m:\n  matrix: {a: [1]}\n  vars: [{key: 2}]\n  cmd: echo ${key}",
    "m:\n  matrix: {a: [x]}\n  foreach: [1]\n  cmd: echo",
    "m:\n  matrix: {a: 3}\n  cmd: echo",
    "c:\n  cmd: python x.py ${opts}\nd:\n  cmd: python ${opts.deep}\ne:\n  cmd: [\"a ${plain}\", b]",
    "c:\n  cmd: echo ${names}",
    "c:\n  cmd: echo ${nested.a.b[1].c} ${nested[a][b][0]} \\${nested} $HOME ${ nested.a.b[0] }",
    "c:\n  cmd: ${flag}",
    "c:\n  cmd: x\n  outs: [\"${plain}\"]",
    "c:\n  cmd: x\n  meta: {any: [1, {x: 2}]}\n  frozen: true\n  always_changed: true",
    "c:\n  cmd: x\n  outs:\n  - o:\n      cache: false\n      push: false\n      remote: r\n      persist: true\n      checkpoint: true\n      desc: d\n      type: t\n      labels: [l]\n      meta: {k: 1}",
    "c:\n  cmd: x\n  plots:\n  - p.csv:\n      x: a\n      y: b\n      template: t\n      x_label: xl\n      y_label: yl\n      title: ti\n      header: false\n  - q.csv: [{x: a}, {x: b}]",
]
TOPS = [
    "plots:\n- a.csv\n- folder\n- ${names[0]}.csv\n- b.csv:\n    x: step\n    y: loss\n    title: ${names[1]}\n- c:\n    x: {t.csv: step}\n    y: {t.csv: [a, b], u.csv: c}\n    x_label: s\n    y_label: v\n    template: linear\n- d.csv:\n    y: ${y}\n- e.csv:\n",
    "plots: {a: 1}\n", "plots:\n- a:\n    z: 1\n", "plots:\n- a:\n    x: [1]\n",
    "artifacts:\n  model:\n    path: m.pkl\n    type: model\n    desc: ${names[0]}\n    labels: [x, '${names[1]}']\n    meta: {k: [1, 2]}\n  '${names[0]}-x':\n    path: sub/d\n",
    "artifacts:\n  model: {type: model}\n", "artifacts:\n  model: {path: x, typ: y}\n",
    "metrics: [m.json, '${names[0]}.json', sub/x.yaml]\nparams: [p.yaml, '${names[1]}.json']\n",
    "metrics: m.json\n", "params: [{p.yaml: [a]}]\n",
    "datasets:\n- name: d\n  type: dvc\n  url: ../other\n  path: data\n  rev: main\n- {name: e, type: url, url: 's3://bucket/${names[0]}'}\n- {name: f, type: dc, url: 'dc://x'}\nstages:\n  s:\n    cmd: x\n    deps: [ds://d]\n",
    "stages:\n  s:\n    cmd: x\n    deps: [s3://bucket/x, /abs/path, ../../outside, ../up]\n    outs: [{../up-out: {cache: false}}]\n",
]


def pipelines():
    texts = [*(stages(text) for text in STAGES), *TOPS]
    return {"params": PARAMS, "cases": [case(text) for text in texts]}


def case(text):
    with tempfile.TemporaryDirectory() as home:
        root = pathlib.Path(home)
        (root / "sub").mkdir()
        (root / "sub/w").mkdir()
        (root / "sub/w/v.yaml").write_text("fromfile: yes it is\n")
        (root / "sub/params.yaml").write_text(PARAMS)
        (root / "sub/dvc.yaml").write_text(text)
        with Repo.init(home, no_scm=True) as repo:
            try:
                file = load_file(repo, str(root / "sub/dvc.yaml"))
                resolver = file.resolver
                parts = {
                    "stages": resolver.resolve()["stages"],
                    "plots": resolver.resolve_plots(),
                    "artifacts": resolver.resolve_artifacts(),
                    "datasets": resolver.resolve_datasets(),
                    "metrics": resolver.resolve_metrics(),
                    "params": resolver.resolve_params(),
                }
                return {"text": text, "read": {name: part for name, part in parts.items() if part}}
            except Exception:
                return {"text": text, "read": None}
