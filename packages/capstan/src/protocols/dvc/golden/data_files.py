"""Single-stage files as dvc reads and writes them."""

import pathlib
import tempfile

from dvc.dvcfile import load_file
from dvc.repo import Repo

MD5 = "d8e8fca2dc0f896fd7cb4cb0031ba249"
TEXTS = [
    f"outs:\n- md5: {MD5}\n  size: 5\n  hash: md5\n  path: a\n",
    f"# note\nouts:\n- md5: {MD5}.dir\n  size: 5\n  nfiles: 1\n  hash: md5\n  path: d  # folder\n  desc: text\n  type: model\n  labels: [x, y]\n  meta:\n    k: 1\n    when: 2024-01-02\ndesc: whole\nmeta:\n  any: [1, 2.0]\n",
    f"outs:\n- md5: {MD5}\n  size: 5\n  path: legacy\n",
    f"outs:\n- md5: {MD5}\n  isexec: true\n  hash: md5\n  path: 'é ü'\n  cache: false\n  persist: true\n  remote: r\n  push: false\n",
    f"md5: old\nfrozen: true\ndeps:\n- md5: {MD5}\n  size: 3\n  hash: md5\n  path: ../source\nouts:\n- md5: {MD5}\n  size: 3\n  hash: md5\n  path: local\n",
    f"md5: old\nlocked: true\nwdir: .\ndeps:\n- etag: '\"Abc\"'\n  size: 3\n  hash: md5\n  path: https://example.com/f\nouts:\n- md5: {MD5}\n  size: 3\n  hash: md5\n  path: f\n  desc: text\n",
    f"wdir: sub\ndesc: none of it\nmeta: {{a: 1}}\nfrozen: false\nalways_changed: true\ndeps:\n- checksum: '\"abc\"'\n  hash: md5\n  path: http://example.com/é\nouts:\n- md5: {MD5}.dir\n  size: 3\n  nfiles: 3\n  path: legacy\n  persist: true\n  cache: false\n  push: false\n  remote: r\n",
    f"frozen: true\ndeps:\n- path: d\n  repo:\n    url: ../other\n    rev: main\n    rev_lock: 324e0bc7a5fdd463ff906b7fffe653497aa33254\nouts:\n- hash: md5\n  path: not-downloaded\n",
    f"frozen: true\ndeps:\n- path: d\n  repo:\n    url: ../other\n    rev_lock: 324e0bc7a5fdd463ff906b7fffe653497aa33254\n    config:\n      core:\n        remote: r\n        jobs: 1\n    remote:\n      url: s3://bucket\nouts:\n- md5: {MD5}.dir\n  size: 2\n  nfiles: 1\n  hash: md5\n  path: d\n",
    f"frozen: true\ndeps:\n- db:\n    query: select 1\n    connection: c\n    file_format: csv\nouts:\n- md5: {MD5}\n  size: 2\n  hash: md5\n  path: result.csv\n",
]


def data_files():
    cases = []
    for text in TEXTS:
        with tempfile.TemporaryDirectory() as home:
            root = pathlib.Path(home)
            (root / "sub").mkdir()
            (root / "x.dvc").write_text(text)
            with Repo.init(home, no_scm=True) as repo:
                stage = load_file(repo, str(root / "x.dvc")).stage
                stage.md5 = stage.compute_md5()
                state = stage.dumpd()
            state.pop("meta", None)
            for out in state["outs"]:
                out.get("meta", {}).pop("when", None)
            cases.append({"text": text, "written": state})
    return cases
