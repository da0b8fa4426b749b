"""Which window and prior recalibration should have, by January to March alone: no later month has a say in it.

Trains on what lies before each of four days, answers what follows until the end of March, and moves the log odds each
night by the labels of a window that ends a day earlier. Prints the mean change of log loss and of value per flight.

Run in the environment of requirements.txt, in this folder: python recalibration_study.py YEAR.parquet, a file with the
rows of features.sql (capstan demo leaves one in demo/year.parquet under its --data).
"""

import sys

import numpy as np

from compare import DAY, Year, log_loss, value

END = np.datetime64("2013-04-01T03:00:00")
CUTS = [np.datetime64(f"2013-{day}T03:00:00") for day in ("01-22", "02-01", "02-11", "02-21")]
WINDOWS = (7, 14, 28)
PRIORS = (0, 1_000, 3_000, 10_000, 30_000)
NEWTON_STEPS = 20


def sigmoid(odds: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-odds))


def best_shift(odds: np.ndarray, late: np.ndarray) -> float:
    """Maximum likelihood of one constant added to the log odds."""
    shift = 0.0
    for _ in range(NEWTON_STEPS):
        p = sigmoid(odds + shift)
        shift += float((late - p).sum() / (p * (1 - p)).sum())
    return shift


def recalibrated(odds: np.ndarray, late: np.ndarray, time: np.ndarray, days: int, prior: int) -> np.ndarray:
    """Answers with a new shift each night."""
    answers = sigmoid(odds)
    for night in np.arange(time[0].astype("datetime64[D]") + DAY, END.astype("datetime64[D]"), DAY):
        now = night + np.timedelta64(3, "h")
        start, end = np.searchsorted(time, [now - DAY - days * DAY, now - DAY])
        first, last = np.searchsorted(time, [now, now + DAY])
        n = end - start
        if n > 0:
            shift = best_shift(odds[start:end], late[start:end]) * n / (n + prior)
            answers[first:last] = sigmoid(odds[first:last] + shift)
    return answers


def main() -> None:
    year = Year(sys.argv[1], str(END))
    changes: dict[tuple[int, int], list[tuple[float, float]]] = {}
    for cut in CUTS:
        rows = year.between(cut, END)
        alone = year.predict(year.train(year.time[0], cut), rows)
        late, time = year.late[rows], year.time[rows]
        odds = np.log(alone / (1 - alone))
        for days in WINDOWS:
            for prior in PRIORS:
                answers = recalibrated(odds, late, time, days, prior)
                loss = log_loss(answers, late).mean() - log_loss(alone, late).mean()
                worth = value(answers, late).mean() - value(alone, late).mean()
                changes.setdefault((days, prior), []).append((loss, worth))
    print(f"{'window':>6} {'prior rows':>10}  {'log loss':>9}  {'$/flight':>8}")
    for (days, prior), found in sorted(changes.items(), key=lambda each: np.mean(each[1], axis=0)[0]):
        loss, worth = np.mean(found, axis=0)
        print(f"{days:>4} d {prior:>11,}  {loss:+9.5f}  {worth:+8.3f}")


if __name__ == "__main__":
    main()
