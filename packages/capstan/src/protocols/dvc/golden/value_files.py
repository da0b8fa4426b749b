"""Values of TOML and Python files as dvc reads them; as JSON text, so that 1 and 1.0 stay apart."""

import json

from dvc.utils.serialize import parse_py, parse_toml

PYTHON = [
    "", "# only\n", "a = 1\nb = 1.0\nc = 'x'\nd = True\ne = None\nf = -1\ng = +2.5\n", "a = 0x1F\nb = 0o17\nc = 0b101\nd = 1_000\ne = 1e5\nf = .5\ng = 1.\nh = 9007199254740993\ni = 1_0.5e-1_0\n",
    "a = [1, 'b', [2, (3, 4)]]\nb = (1, 2)\nc = (1)\nd = ()\ne = 1, 2\nf = 1,\ng = []\nh = {}\ni = [1,]\n",
    "a = {'x': 1, 'l': {2: [3]}, 'n': {None: {'y': (1,)}}}\nb = {'k': 'v',\n     'l': [1,\n 2]}\n", "a = 'it\\'s \\n \\t \\x41 \\u00e9 \\U0001f600 \\101 \\q'\nb = r'\\n'\nc = \"\"\"two\nlines\"\"\"\nd = 'one' 'two' \"three\"\ne = ('a'\n  'b')\nf = u'x'\n",
    "a = f'{x}'\nb = print(1)\nc = x\nd = 1 + 2\ne = not True\nf = 1 if True else 2\ng = [x]\nh = {'a': y}\ni = lambda: 1\nj = a.b\nk = 1\n",
    "a = b = 1\nc, d = 1, 2\n(e) = 3\nf[0] = 1\ng.h = 2\nself.i = 3\nj += 1\nk == 2\nl: int = 4\nm: int\nn: 'x' = [1]\no : dict[str, int] = {'p': 1}\n",
    "a = 1; b = 2\nc = 3;\nif True:\n    d = 4\nfor e in [1]:\n    f = 5\nwith x as y: g = 6\ntry:\n    h = 1\nfinally:\n    i = 2\n",
    "class A:\n    x = 1\n    y: float = 2.0\n\n    class B(C, metaclass=D):\n        z = 'deep'\n\n    def __init__(self, a=1):\n        self.p = 3\n        q = 4\n        self.r: int = 5\n        if a:\n            self.s = 6\n        self.t.u = 7\n\n    def other(self):\n        self.v = 8\n\nafter = 9\n",
    "class A: x = 1\nclass B: pass\nclass C:\n  'doc'\n  # comment\n  x = [\n1,\n]\n  y = 2\ndef __init__(self):\n    self.z = 1\ndef g():\n    h = 1\n",
    "x = \\\n  1\ny = (  # comment\n  1,\n  2)  # more\nz = '#no'\n", "\tclass_ = 1\n" if False else "if 1:\n\ta = 1\nb = 2\n", "a = 1\na = 2\nclass a:\n    b = 3\n",
    "@decorator({'a': 1})\nclass A:\n    x = 1\nasync def f():\n    y = 1\nimport os; z = 3\nfrom a import (b,\n  c)\n", "a = 1\r\nclass B:\r\n    c = 2\r\n", "é = 1\n_x = 2\nclass É:\n    ñ = 'ü'\n",
    "a = 'x\n", "a = [1\n", "a = )\n", "a = '''x\n",
]
TOML = [
    "", "a = 1\nb = 1.0\nc = 'x'\nd = true\ne = -1\nf = 1e5\ng = inf\nh = 9007199254740993\ni = 0x1F\nj = 1_000\n", "[t]\nx = [1, 2.0, 'a']\n[t.u]\ny = {z = 1}\n[[l]]\na = 1\n[[l]]\na = 2\n",
    "a.b.c = 1\n\"q k\" = '''m\nl'''\n", "a = \n", "a = 1\na = 2\n", "a = [1\n", "= 1\n",
]


def value_files():
    return {"python": [case(parse_py, text) for text in PYTHON], "toml": [case(parse_toml, text) for text in TOML]}


def case(parse, text):
    try:
        return {"text": text, "json": json.dumps(parse(text, "x"), sort_keys=True)}
    except Exception:
        return {"text": text, "json": None}
