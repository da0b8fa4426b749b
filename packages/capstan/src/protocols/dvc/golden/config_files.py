"""Config files as dvc reads them, and values as it writes them."""

import os
import tempfile

from configobj import ConfigObj
from dvc.config import Config

VALUES = ["x", "", "a b", " a", "a ", "a,b", "a, b", "#a", "a#b", "a #b", "'a'", '"a"', "it's", 'say "x"', "it's \"x\"", "a = b", "[x]", "é", "%(x)s", "$x",
          "\\n", "true", "1,", ",", "'", '"', "tab\there", "https://u:p@host:1/x?y=z&a=b#frag", "C:\\data"]
TEXTS = [
    "", "# only\n", "[core]\n", "[core]\nremote = r\n", "[core]\n    remote=r # here\n    autostage = true\n[cache]\ndir = ../c\n",
    "['remote \"name\"']\n    url = s3://bucket/x\n    endpointurl = http://localhost:9000\n", "[remote \"name\"]\nurl = /x\n",
    "[\"remote 'n'\"]\nurl=/x\n", "[  core  ]\nremote = r\n", "[CORE]\nREMOTE = R\n", "['remote \"A B\"']\nURL = ../x\n",
    "[cache]\ntype = reflink,copy\n", "[cache]\ntype = \"reflink, copy\"\n", "[cache]\ntype = hardlink\n", "[cache]\ntype = hard\n", "[cache]\ntype = copy,\n", "[cache]\nshared = Group\n",
    "[cache]\nshared = all\n", "[core]\nautostage = yes\n", "[core]\nautostage = TRUE\n", "[core]\nchecksum_jobs = 0\n", "[core]\nchecksum_jobs = 4\n",
    "[core]\nremote = a, b\n", "[core]\nremote = 'a, b'\n", "[core]\nremote = \"a\" # c\n", "[core]\nremote = '''a\nb''' # c\nautostage = true\n",
    "[core]\nremote = \"\"\"it's \"x\\\" \"\"\"\n", "[core]\nremote =\n", "[core]\nremote = # c\n", "[core]\nremote = a#b\n", "[core]\nremote = \"a\"b\"\n",
    "[core]\nremote = \"a\n", "[core]\nremote = \"a\" b\n", "[core]\nremote = a,,b\n", "[core]\nremote = ,\n", "[core]\nremote\n", "remote = x\n", "[core\n",
    "[[core]]\nremote = x\n", "[core]\nremote = x\nremote = y\n", "[core]\n[core]\n", "[core]\n\"remote\" = x\n", "[core]\n'remote' = x\n",
    "[core]\nremot = x\n", "[cor]\nremote = x\n", "['remote \"a\"']\nregion = x\n", "['remote \"a\"']\nurl = s3://b\nregion = x\nuser = y\n",
    "['remote \"a\"']\nurl = s4://b\n", "['remote \"a\"']\nurl = ssh://u@h:/x\nport = 22\nuser = u\nkeyfile = ../k\n", "['remote \"a\"']\nurl = ssh://u@h:/x\nport = x\n",
    "['remote \"a\"']\nurl = /x\nverify = true\nshared = group\ntype = symlink\n", "['remote \"a\"']\nurl = https://h/x\nauth = basic\nuser = u\nread_timeout = 1.5\n",
    "['remote \"a\"']\nurl = https://h/x\nauth = magic\n", "['remote \"a\"']\nurl = remote://b/x\nanything = y\n", "['remote \"a\"']\nurl = gs://b\ncredentialpath = ~/x\n",
    "['remote \"a\"']\nurl = azure://c/p\naccount_name = n\n", "['remote \"a\"']\nurl = webdavs://h\ntimeout = 3\ntoken = t\n", "['remote \"a\"']\nurl = s3://b\njobs = 0\n",
    "['remote \"a\"']\nurl = s3:///b\nregion = x\n", "['remote \"a\"']\nurl = hdfs://u@h/x\nuser = u\n", "['remote \"a\"']\nurl = oss://b/x\noss_endpoint = e\n",
    "['remote \"a\"']\nurl = gdrive://id/x\ngdrive_trash_only = true\n", "['remote \"a\"']\nurl = s3://b\nversion_aware = true\nworktree = false\nsse = AES256\nacl = x\nprofile = p\n",
    "[parsing]\nbool = boolean_optional\nlist = append\n", "[parsing]\nbool = x\n", "[exp]\nauto_push = true\ngit_remote = o\n", "[hydra]\nenabled = True\n",
    "[studio]\ntoken = x\noffline = false\n", "['db \"x\"']\nurl = y\n", "['db \"x\"']\nurll = y\n", "[feature]\nx = y\n", "[plots]\nauto_open = true\n", "[state]\ndir = x\n",
    "[core]\r\nremote = r\r\n", "[core]\n\n\tremote = r\t\n# end", "[core] # c\nremote = r\n", "[core] x\nremote = r\n",
]


def config_files():
    cases = []
    with tempfile.TemporaryDirectory() as home:
        path = os.path.join(home, "config")
        for text in TEXTS:
            with open(path, "wb") as file:
                file.write(text.encode())
            case = {"text": text, "read": None, "valid": False}
            try:
                with open(path, encoding="utf-8") as file:
                    case["read"] = ConfigObj(file, interpolation=False).dict()
                Config.validate(Config.load_file(path))
                case["valid"] = True
            except Exception:
                pass
            cases.append(case)
    written = []
    for value in VALUES:
        try:
            lines = ConfigObj({'remote "r"': {"url": value}}).write()
            written.append({"value": value, "text": "\n".join(lines) + "\n"})
        except Exception:
            pass
    return {"cases": cases, "written": written}
