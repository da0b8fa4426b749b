"""What dvc ignores: trees with .dvcignore files, and the answer for each path in them."""

import pathlib
import random
import tempfile

from dvc.repo import Repo

NAMES = ["a", "b", "ab", "a.tmp", "b.tmp", "keep", "x.y", "é", "#c", "!d", "[e]", "a b", ".git", ".hg", ".dvc-not", "A", "-", "*f"]
FOLDERS = ["d", "d/e", "d/e/f", "keep", "data.tmp", "a", "[e]", "d/é", "x/.hg", "*f"]
PATTERNS = """a b ab * ** *.tmp *.t?p a* *b a/ d/ d/e e/ e/f /a /d /d/ /*.tmp d/* d/** d/**/ d/*/f d/**/f **/e **/e/ **/f/a e/** /**/a */
**/ **/* */a */*/a ? ?? [ab] [!a] [^a] [a-b]* [b-a] [] []] []a] [!]a] a[ [[:alpha:]] [a\\-]* [a/b] \\a \\#c \\!d #c !a !*.tmp !keep !keep/ !/keep
!d/ !d/e !d/keep !d/** !** !* ! !/ / // /d//e d//e a\\ \\ !\\!d é *é [é-ê] a*b*c ***a a**b a/** /a/** **/** **/**/a d/**/**/e \\*f *f \\[e\\] [e]
[[]e[]] [e]/a x.y x?y x[.]y .git !.git !.git/ !.hg/ .dvc-not d/e/ d/e/f/ .dvcignore !.dvcignore d/.dvcignore A [A-Z] [!A-Z]* - [a-] [-a] [--a]""".split()
FIXED = [
    {"": "*.tmp\n!keep/*.tmp\n", "d": "!a.tmp\n/b\n"},
    {"": "  *.tmp  \r\n# comment\r\n\r\n\t#c\r\n\\#c \r\na b\r\n"},
    {"": "/d/*\n!/d/e\n", "d/e": "*\n!a\n"},
    {"": "*\n!d\n!d/e/\n"},
    {"": "*\n!*/\n!*.tmp\n"},
    {"d": "a\n", "d/e": "!a\n/b\n", "d/e/f": "b\n!b/\n"},
    {"": "d/e/\n", "d/e": "!a\n"},
    {"d": ".dvcignore\n", "d/e": "a\n"},
    {"[e]": "a\n/b\n", "*f": "a\n"},
    {"d": "\\*f\n\\#c\n\\!d\n/\\!d\n"},
    {"d": "**/a\n**/e/a\n/e/\ne/f/\n"},
    {"keep": "/\n//\n*/\n**/\n", "": "!\n"},
]


def ignore_rules():
    source = random.Random(5)
    given = [*FIXED, *({"": pattern + "\n"} for pattern in PATTERNS), *({"d": pattern + "\n"} for pattern in PATTERNS)]
    for _ in range(150):
        folders = source.sample(["", "", "d", "d/e", "keep", "[e]"], source.randint(1, 3))
        given.append({folder: "".join(source.choice(PATTERNS) + "\n" for _ in range(source.randint(1, 6))) for folder in folders})
    cases = []
    with tempfile.TemporaryDirectory() as home:
        root = pathlib.Path(home)
        with Repo.init(home, no_scm=True):
            pass
        (root / ".dvcignore").unlink(missing_ok=True)
        for folder in FOLDERS:
            (root / folder).mkdir(parents=True, exist_ok=True)
        for folder in ["", *FOLDERS]:
            for name in NAMES:
                if not (root / folder / name).exists():
                    (root / folder / name).write_text("")
        paths = sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if ".dvc" not in path.relative_to(root).parts)
        kinds = {path: (root / path).is_dir() for path in paths}
        for files in given:
            for folder, text in files.items():
                (root / folder / ".dvcignore").write_bytes(text.encode())
            try:
                with Repo(home) as repo:
                    ignored = [repo.dvcignore.check_ignore(str(root / path)).match for path in paths]
                # A digit for each path: short, and a change of one is one character.
                cases.append({"files": files, "ignored": "".join("1" if each else "0" for each in ignored)})
            except Exception:
                # A pattern that dvc cannot read.
                pass
            for folder in files:
                (root / folder / ".dvcignore").unlink()
    return {"paths": kinds, "cases": cases}
