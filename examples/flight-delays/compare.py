"""The same year without Capstan: what other ways of running the same model would have answered, and were worth.

compare.py alternatives  trains them and writes their probabilities to --cache; needs only the first model version, so the
                         demo runs it while the year is played. Whole or not there: what is cut off is begun anew
compare.py table         sets them beside what callers were told, on stdout

Reads  --features  rows of features.sql for the whole year, with `late`
       --until     end of the flights that are compared, UTC
       --capstan   address of the server: its first model version, turns of the cycle
       --answers   folder of CSV files (example_id, probability): what callers were told; for the table

Alternatives, each knowing at any moment only labels that are a day old:
  constant   the late share known so far
  never      the first model version for the whole year
  monthly 3  trained on the first of each month on the last three months, promoted blindly
  monthly    the same on everything so far
  gate       trained each Monday on all but the last labelled week, promoted where it is better on that week
"""

from __future__ import annotations

import argparse
import json
import os
import threading
import urllib.request
from functools import cached_property
from pathlib import Path

import duckdb
import numpy as np
import yaml
from sklearn.metrics import roc_auc_score

from learner import CATEGORICAL, FEATURES, fit, read_categories, read_matrix

DAY = np.timedelta64(1, "D")
WEEK = np.timedelta64(7, "D")
START = np.datetime64("2013-04-01T03:00:00")
TRUE_POSITIVE, FALSE_POSITIVE, FALSE_NEGATIVE, TRUE_NEGATIVE = 12.0, -4.0, -6.0, 0.0
THRESHOLD = (TRUE_NEGATIVE - FALSE_POSITIVE) / (TRUE_NEGATIVE - FALSE_POSITIVE + TRUE_POSITIVE - FALSE_NEGATIVE)
Z = 1.959963984540054


class Year:
    """All labelled flights in time order."""

    def __init__(self, features: str, until: str) -> None:
        self.end = np.datetime64(until)
        self.db = duckdb.connect(config={"threads": 2})
        self.db.execute(f"CREATE VIEW year AS SELECT * FROM read_parquet('{features}') WHERE late IS NOT NULL")
        rows = self.read(["example_id", "event_time", "late"])
        self.ids = rows["example_id"]
        self.time = rows["event_time"].astype("datetime64[s]")
        self.late = np.asarray(rows["late"], dtype=np.int64)
        self.params = yaml.safe_load(Path("params.yaml").read_text())["train"]

    def read(self, names: list[str]) -> dict[str, np.ndarray]:
        return self.db.execute(f"SELECT {', '.join(names)} FROM year ORDER BY event_time, example_id").fetchnumpy()

    @cached_property
    def matrix(self) -> np.ndarray:
        """Encoded once, for all trainings; the table needs none."""
        return read_matrix(self.db, "year", read_categories(self.db, "year"))

    def between(self, start: np.datetime64, end: np.datetime64) -> slice:
        return slice(*np.searchsorted(self.time, [start, end]))

    def train(self, start: np.datetime64, end: np.datetime64):
        rows = self.between(start, end)
        return fit(self.matrix[rows], self.late[rows], self.params)

    def predict(self, model, rows: slice) -> np.ndarray:
        return model.predict_proba(self.matrix[rows])[:, 1] if rows.stop > rows.start else np.empty(0)


def log_loss(probability: np.ndarray, late: np.ndarray) -> np.ndarray:
    """Per flight, in nats; a probability that is 0 or 1 counts as one in a million."""
    p = np.clip(probability, 1e-6, 1 - 1e-6)
    return -np.where(late == 1, np.log(p), np.log1p(-p))


def value(probability: np.ndarray, late: np.ndarray) -> np.ndarray:
    """Per flight, in the charter's currency."""
    warned = probability >= THRESHOLD
    return np.where(
        warned,
        np.where(late == 1, TRUE_POSITIVE, FALSE_POSITIVE),
        np.where(late == 1, FALSE_NEGATIVE, TRUE_NEGATIVE),
    )


def first_version(year: Year, rows: slice) -> np.ndarray:
    """What the first registered version answers, by the real client."""
    # These take seconds to load, and the table needs neither.
    import mlflow
    import onnxruntime

    columns = year.read(FEATURES)
    model = mlflow.onnx.load_model("models:/late-arrival/1")
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    answers = []
    for start in range(rows.start, rows.stop, 20_000):
        part = slice(start, min(rows.stop, start + 20_000))
        inputs = {
            name: np.asarray(columns[name][part], dtype=object).reshape(-1, 1)
            if name in CATEGORICAL
            else np.ma.filled(columns[name][part], np.nan).astype(np.float32).reshape(-1, 1)
            for name in FEATURES
        }
        answers.append(session.run(["probabilities"], inputs)[0][:, 1])
    return np.concatenate(answers)


def constant(year: Year, rows: slice) -> np.ndarray:
    known = np.searchsorted(year.time, year.time[rows] - DAY)
    return np.concatenate([[0], np.cumsum(year.late)])[known] / known


def monthly(year: Year, first: np.ndarray, rows: slice, months: int | None) -> np.ndarray:
    """Retrained on the first of each month from May on, promoted whatever it is like."""
    answers = first.copy()
    for month in range(5, 13):
        now = np.datetime64(f"2013-{month:02d}-01T03:00:00")
        then = np.datetime64(f"2013-{month + 1:02d}-01T03:00:00") if month < 12 else year.end
        if now >= year.end:
            break
        begin = np.datetime64(f"2013-{month - months:02d}-01T03:00:00") if months else year.time[0]
        target = year.between(now, min(then, year.end))
        model = year.train(begin, now - DAY)
        answers[target.start - rows.start : target.stop - rows.start] = year.predict(model, target)
    return answers


def gate(year: Year, first: np.ndarray, rows: slice) -> tuple[np.ndarray, int, int]:
    """Weekly candidate, promoted where its log loss on the last labelled week is lower than the champion's there."""
    answers, champion, promoted, offered = first.copy(), None, 0, 0
    now = START + WEEK
    while now < year.end:
        offered += 1
        window = year.between(now - DAY - WEEK, now - DAY)
        candidate = year.train(year.time[0], now - DAY - WEEK)
        own = slice(max(window.start, rows.start) - rows.start, max(window.stop, rows.start) - rows.start)
        current = year.predict(champion, window) if champion is not None else first[own]
        late = year.late[window][-len(current) :]
        if log_loss(year.predict(candidate, window), year.late[window]).mean() < log_loss(current, late).mean():
            champion, promoted = candidate, promoted + 1
        target = year.between(now, min(now + WEEK, year.end))
        if champion is not None:
            answers[target.start - rows.start : target.stop - rows.start] = year.predict(champion, target)
        now += WEEK
    return answers, promoted, offered


def train_alternatives(year: Year, rows: slice, cache: str) -> None:
    first = first_version(year, rows)
    gated, promoted, offered = gate(year, first, rows)
    found = {
        "constant": constant(year, rows),
        "never retrained": first,
        "monthly, 3 months": monthly(year, first, rows, 3),
        "monthly, everything": monthly(year, first, rows, None),
        f"weekly gate ({promoted}/{offered})": gated,
    }
    with open(f"{cache}.new", "wb") as file:
        np.savez(file, **found)
    os.replace(f"{cache}.new", cache)


def answered(year: Year, rows: slice, folder: str) -> np.ndarray:
    """Capstan's answers in the order of the rows; NaN where there is none."""
    query = f"SELECT example_id, any_value(probability) FROM read_csv('{folder}/*.csv') GROUP BY 1"
    known = dict(duckdb.connect().execute(query).fetchall())
    return np.array([known.get(each, np.nan) for each in year.ids[rows]], dtype=float)


def interval(difference: np.ndarray, day: np.ndarray) -> tuple[float, float]:
    """Mean per flight and half its 95 % interval. Flights of one day share weather, so days are the units."""
    _, index = np.unique(day, return_inverse=True)
    sums, counts = np.bincount(index, difference), np.bincount(index)
    mean = difference.mean()
    residual = sums - mean * counts
    return float(mean), float(Z * np.sqrt((residual**2).sum()) / counts.sum())


def ask(server: str, path: str) -> dict:
    with urllib.request.urlopen(f"{server}/api/v1/{path}") as reply:
        return json.load(reply)


def models_alone(server: str, end: np.datetime64) -> str:
    """What Capstan's own models would have answered without recalibration, as the server kept it of each answer."""
    window = f"from={START.astype('datetime64[ms]').astype(int)}&to={end.astype('datetime64[ms]').astype(int)}"
    rows = [
        row
        for row in ask(server, f"deployments/late-arrival/performance?{window}")["rows"]
        if row["role"] not in ("shadow", "direct") and row["labelled"] > 0
    ]
    n = sum(row["labelled"] for row in rows)
    given = sum(row["meanLoss"] * row["labelled"] for row in rows) / n
    alone = sum(row["meanModelLoss"] * row["labelled"] for row in rows) / n
    worth, worth_alone = (sum(row[key] for row in rows) / n for key in ("value", "modelValue"))
    return (
        f"Without recalibration the same models would have had a log loss of {alone:.4f} and earned ${worth_alone:.3f} a flight, "
        f"on the {n:,} flights whose outcome had come: it brought {given - alone:+.4f} and {worth - worth_alone:+.3f} $ a flight."
    )


def dollars(amount: float) -> str:
    return f"{'-' if amount < 0 else ''}${abs(amount):,.0f}"


def harm(server: str) -> list[str]:
    """What came of the candidate whose serving code converts a feature wrongly, where one was offered."""
    revisions = ask(server, "deployments/late-arrival/revisions")["items"]
    broken = {each["number"] for each in revisions if each["inputAdapters"]}
    lines = []
    for row in ask(server, "deployments/late-arrival/performance")["rows"]:
        if row["revision"] not in broken or row["labelled"] == 0:
            continue
        given = "would have been given" if row["role"] == "shadow" else "were given to callers"
        lines.append(
            f"The broken candidate, {row['role']}: {row['labelled']:,} answers {given}, worth {dollars(row['value'])}; "
            f"doing nothing, {dollars(row['baselineValue'])}."
        )
    return lines


def cycles(server: str) -> list[dict]:
    found, cursor = [], ""
    while True:
        page = ask(server, f"projects/flight-delays/cycles?limit=100{cursor}")
        found += page["items"]
        if "nextCursor" not in page:
            return found[::-1]
        cursor = f"&cursor={page['nextCursor']}"


def month_of(ms: int) -> str:
    return str(np.datetime64(ms, "ms"))[:7]


def by_month(year: Year, rows: slice, answers: dict[str, np.ndarray], turns: list[dict]) -> list[str]:
    late, month = year.late[rows], year.time[rows].astype("datetime64[M]")
    promoted = [(turn["endedAt"], turn["version"]) for turn in turns if turn["state"] == "promoted"]
    lines = [
        f"{'':8}{'':>8}  {'champion':>9}  {'AUC':>23}  {'log loss':>23}  {'value per flight, $':>23}  decisions",
        f"{'month':8}{'flights':>8}  {'':>9}" + f"  {'capstan':>7} {'never':>7} {'const.':>7}" * 3,
    ]
    for each in np.unique(month):
        mine = month == each
        if mine.sum() < 100:
            continue
        shown = [answers[name][mine] for name in ("capstan", "never retrained", "constant")]
        auc = [roc_auc_score(late[mine], p) for p in shown]
        loss = [log_loss(p, late[mine]).mean() for p in shown]
        worth = [value(p, late[mine]).mean() for p in shown]
        before = [version for at, version in promoted if month_of(at) < str(each)]
        during = [version for at, version in promoted if month_of(at) == str(each)]
        versions = "→".join(f"v{version}" for version in before[-1:] + during)
        outcomes: dict[str, int] = {}
        for turn in turns:
            if month_of(turn["startedAt"]) == str(each):
                outcomes[turn["state"]] = outcomes.get(turn["state"], 0) + 1
        decided = ", ".join(f"{count} {outcome}" for outcome, count in sorted(outcomes.items()))
        cells = "  ".join(" ".join(f"{x:7.3f}" for x in group) for group in (auc, loss, worth))
        lines.append(f"{each!s:8}{mine.sum():8d}  {versions:>9}  {cells}  {decided}")
    return lines


def whole_year(year: Year, rows: slice, answers: dict[str, np.ndarray]) -> list[str]:
    late, day = year.late[rows], year.time[rows].astype("datetime64[D]")
    own_loss, own_value = log_loss(answers["capstan"], late), value(answers["capstan"], late)
    lines = [
        f"{'April 2013 and after':24}{'log loss':>9}  {'$/flight':>8}  {'$ in all':>9}"
        f"   Capstan's difference per flight, with 95 % intervals by day",
    ]
    best, no_worse = True, True
    for name, probability in answers.items():
        loss, worth = log_loss(probability, late), value(probability, late)
        line = f"{name:24}{loss.mean():9.4f}  {worth.mean():8.3f}  {worth.sum():9,.0f}"
        if name != "capstan":
            loss_mean, loss_half = interval(own_loss - loss, day)
            value_mean, value_half = interval(own_value - worth, day)
            best = best and value_mean > 0
            no_worse = no_worse and loss_mean - loss_half <= 0
            line += (
                f"   log loss {loss_mean:+.4f} ± {loss_half:.4f}{noise(loss_mean, loss_half)}"
                f"   value {value_mean:+.3f} ± {value_half:.3f}{noise(value_mean, value_half)}"
            )
        lines.append(line)
    lines.append("")
    lines.append(f"Capstan is {'the best' if best else 'NOT the best'} by value, and "
                 f"{'no worse than any' if no_worse else 'WORSE than another'} by log loss.")
    return lines


def noise(mean: float, half: float) -> str:
    return " (noise)" if abs(mean) <= half else "        "


def print_table(year: Year, rows: slice, folder: str, cache: str, server: str) -> None:
    own = answered(year, rows, folder)
    missing = int(np.isnan(own).sum())
    if missing:
        raise SystemExit(f"compare: {missing} of {len(own)} flights have no answer")
    answers = {"capstan": own, **np.load(cache)}
    turns = cycles(server)
    last = [models_alone(server, year.end), *harm(server)]
    print("\n".join([*by_month(year, rows, answers, turns), "", *whole_year(year, rows, answers), *last]))


def end_with_input() -> None:
    """Ends this process when whoever started it has gone: the other end of its input closes then."""

    def wait() -> None:
        while os.read(0, 4096):
            pass
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("command", choices=["alternatives", "table"])
    for name in ("features", "cache", "until", "capstan"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--answers")
    parser.add_argument("--while-input-open", action="store_true", help="end when standard input does")
    options = parser.parse_args()
    if options.while_input_open:
        end_with_input()
    year = Year(options.features, options.until)
    rows = year.between(START, year.end)
    if options.command == "alternatives":
        os.environ.setdefault("MLFLOW_TRACKING_URI", options.capstan)
        train_alternatives(year, rows, options.cache)
    elif options.answers is None:
        parser.error("the table needs --answers")
    else:
        print_table(year, rows, options.answers, options.cache, options.capstan)


if __name__ == "__main__":
    main()
