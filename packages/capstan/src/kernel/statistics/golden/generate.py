"""Writes the golden vectors beside this file, from SciPy and NumPy (mpmath where doubles do not suffice).

Run in an environment with scipy, numpy, mpmath and mmh3, then format: the tests of the folder above read the files.

    python generate.py
"""

import importlib.metadata
import itertools
import json
import math
import pathlib

import mmh3
import mpmath
import numpy as np
from scipy import optimize, special, stats
from scipy.spatial import distance

FOLDER = pathlib.Path(__file__).parent
VERSIONS = {name: importlib.metadata.version(name) for name in ["scipy", "numpy", "mpmath", "mmh3"]}
mpmath.mp.dps = 50


def write(name, content):
    """One case a line; a list holds objects of one shape."""
    parts = [json.dumps("versions") + ": " + json.dumps(VERSIONS)]
    for key, cases in content.items():
        rows = ",\n".join("    " + json.dumps(case) for case in cases)
        parts.append(f"{json.dumps(key)}: [\n{rows}\n  ]")
    (FOLDER / name).write_text("{\n  " + ",\n  ".join(parts) + "\n}\n")


def is_representable(p):
    return 1e-305 < p


def log_gamma():
    xs = [1e-5, 0.1, 0.5, 0.9, 1, 1.0001, 1.5, 2, 2.001, 3, 7.25, 14.9, 15, 15.1, 100, 12345.678, 1e6, 1e9, 1e15]
    return [{"x": x, "value": float(special.gammaln(x))} for x in xs]


def upper_gamma():
    cases = []
    for a, s in itertools.product([0.5, 1, 1.5, 5, 50, 500, 5e3, 5e4, 5e5], [-6, -1, 0, 0.5, 1.01, 3, 12, 25, 35]):
        x = a + s * math.sqrt(a)
        if x > 0:
            q = mpmath.gammainc(a, x, mpmath.inf, regularized=True)
            cases.append({"a": a, "x": x, "logUpper": float(mpmath.log(q))})
    # Far below the smallest double.
    for a, x in [(0.5, 2000), (3, 5000), (1000, 20000)]:
        q = mpmath.gammainc(a, x, mpmath.inf, regularized=True)
        cases.append({"a": a, "x": x, "logUpper": float(mpmath.log(q))})
    return cases


def lower_gamma():
    cases = [(0.5, 1e-300), (0.5, 0.2), (0.5, 3), (2, 1e-8), (2, 1.9), (50, 5), (50, 49), (50, 52), (5e4, 49000), (5e5, 5e5)]
    return [{"a": a, "x": x, "lower": float(special.gammainc(a, x))} for a, x in cases]


def chi_square():
    cases = []
    for degrees in [1, 2, 3, 9, 10, 47, 100, 1000, 10**5, 10**6]:
        for s in [-3, -0.5, 0, 1, 2, 5, 10, 20, 33]:
            x = degrees + s * math.sqrt(2 * degrees)
            if x > 0:
                cases.append((x, degrees))
    cases += [(x, d) for x in [0.001, 100, 700, 1370] for d in [1, 2, 9]]
    rows = [{"x": x, "degrees": d, "survival": float(stats.chi2.sf(x, d))} for x, d in cases]
    return [row for row in rows if is_representable(row["survival"])]


def normal():
    zs = [-37, -8, -1, -1e-9, 0, 1e-9, 0.1, 0.5, 1, 1.7, 1.75, 2, 5, 10, 20, 30, 37]
    return [{"z": z, "survival": float(stats.norm.sf(z)), "cdf": float(stats.norm.cdf(z))} for z in zs]


def normal_quantile():
    ps = [1e-300, 1e-100, 1e-16, 1e-8, 0.001, 0.025, 0.3, 0.4999, 0.5, 0.50000001, 0.95, 0.975, 0.999999, 1 - 1e-15]
    return [{"p": p, "quantile": float(stats.norm.ppf(p))} for p in ps]


def beta():
    cases = []
    for a, b in itertools.product([0.1, 0.5, 2, 33, 1000], [0.1, 0.5, 2, 90, 1e4]):
        mean, sd = a / (a + b), math.sqrt(a * b / (a + b + 1)) / (a + b)
        for s in [-20, -3, -0.2, 0, 0.3, 2, 20]:
            x = mean + s * sd
            if 0 < x < 1:
                lower = mpmath.betainc(a, b, 0, x, regularized=True)
                upper = mpmath.betainc(b, a, 0, 1 - mpmath.mpf(x), regularized=True)
                logs = {"logLower": float(mpmath.log(lower)), "logUpper": float(mpmath.log(upper))}
                cases.append({"a": a, "b": b, "x": x, **logs})
    for a, b, x in [(1e6, 1e6, 0.5001), (1e6, 1e6, 0.499), (1e6, 2e4, 0.98), (2e5, 1e6, 0.167)]:
        logs = {"logLower": float(np.log(special.betainc(a, b, x))), "logUpper": float(np.log(special.betaincc(a, b, x)))}
        cases.append({"a": a, "b": b, "x": x, **logs})
    return cases


def kolmogorov():
    cases = []
    for n in [1, 2, 3, 10, 50, 139, 140, 141, 500, 3333, 33333, 100000, 100001, 1000001, 5000000]:
        cases += [(n, t / n) for t in [0.3, 0.5, 0.55, 0.9, 1, 1.1, 2.3] if t <= n]
        zs = [0.05, 0.18, 0.3, 0.5, 0.8, 1, 1.2, 1.48, 1.49, 1.7, 1.99, 2.01, 3, 5, 10, 18]
        cases += [(n, z / math.sqrt(n)) for z in zs if z <= math.sqrt(n)]
    cases += [(500000, 0.0021), (500000, 0.02)]
    cases += [(100, d) for d in [0, 0.49, 0.5, 0.51, 0.985, 0.995, 1]]
    rows = [{"n": n, "d": d, "survival": float(stats.kstwo.sf(d, n))} for n, d in cases]
    return [row for row in rows if row["d"] == 1 or is_representable(row["survival"])]


def kolmogorov_limit():
    zs = [0, 0.01, 0.05, 0.1, 0.3, 0.5, 0.81, 0.82, 0.83, 1, 1.36, 2, 5, 10, 18]
    return [{"z": z, "survival": float(special.kolmogorov(z))} for z in zs]


def spread(n, scale, shift, digits):
    """n values in [shift, shift + scale), the same in any language; `digits` decimals where given, to make ties."""
    values = [(i * 0.6180339887498949) % 1 * scale + shift for i in range(1, n + 1)]
    return values if digits is None else [math.floor(v * 10**digits) / 10**digits for v in values]


def ks_small():
    samples = [
        ([1], [1]),
        ([1], [2]),
        ([1], [1, 2, 3]),
        ([3, 3, 3], [3, 3, 3, 3]),
        ([3, 3, 3], [4, 4]),
        ([1, 2, 3, 4], [1, 2, 3, 4]),
        ([1, 2, 2, 3, 9], [2, 2, 5, 7, 7, 8]),
        ([0.1, 0.4, 0.7, 1.5, 2, 2.2, 3, 4.1, 5, 6], [0.2, 0.3, 1.1, 5.5, 6.5, 7, 8, 8.5, 9, 9.5, 10, 11]),
        ([0, 0, 0, 0, 1], [0, 1, 1, 1, 1, 1, 1]),
        ([-1e300, 0, 1e-300], [1e300, -1e-300]),
    ]
    rows = []
    for first, second in samples:
        result = stats.ks_2samp(first, second)
        rows.append({"first": first, "second": second, "statistic": float(result.statistic), "pValue": float(result.pvalue)})
    return rows


def ks_spread():
    """first = spread(n, 1, 0), second = spread(m, scale, shift); digits null means untied."""
    specs = [
        (200, 150, 0.9, 0.05, None),
        (200, 150, 1.0, 0.0, 1),
        (60, 60, 0.8, 0.1, None),
        (500, 500, 1.0, 0.3, 2),
        (400, 300, 1.0, 2.0, None),
        (500, 510, 1.0, 2.0, None),
        (1000, 1000, 1.0, 0.31, None),
        (1000, 700, 1.0, 0.5, None),
        (997, 1009, 1.0, 0.02, None),
        (5000, 1, 1.0, 0.7, None),
        (10000, 7, 0.2, 0.1, None),
        (10000, 9999, 1.0, 0.015, None),
        (10000, 4000, 0.95, 0.01, None),
        (10001, 9999, 1.0, 0.015, None),
        (10001, 3, 0.1, 0.1, None),
        (20000, 60, 0.7, 0.1, None),
        (20000, 15000, 1.0, 0.004, None),
        (20000, 20000, 1.0, 0.1, 1),
        (20000, 12000, 1.0, 0.2, None),
        (12001, 12001, 1.0, 0.0, None),
        # Effective sizes of 6000.5 and 5001.5, rounded to even.
        (12001, 12001, 1.0, 0.013, None),
        (10003, 10003, 1.0, 0.02, None),
    ]
    rows = []
    for n, m, scale, shift, digits in specs:
        result = stats.ks_2samp(spread(n, 1, 0, digits), spread(m, scale, shift, digits))
        case = {"n": n, "m": m, "scale": scale, "shift": shift, "digits": digits}
        rows.append({**case, "statistic": float(result.statistic), "pValue": float(result.pvalue)})
    return rows


COUNT_PAIRS = [
    ([10, 20, 30], [12, 18, 33]),
    ([5, 0, 3, 0], [0, 0, 9, 4]),
    ([100, 100], [150, 50]),
    ([1, 0], [0, 1]),
    ([7], [9]),
    ([7, 0], [9, 0]),
    ([1000, 2000, 3000, 10], [1000, 2100, 2900, 0]),
    ([10**6, 10**6, 10**6], [10**6, 10**6 + 3000, 10**6 - 2500]),
    ([4000, 4000, 100], [3000, 5100, 400]),
    ([200, 200, 200, 200, 200, 200, 200, 200, 200, 200], [50, 60, 40, 55, 45, 50, 52, 48, 70, 30]),
    ([0, 5, 5], [5, 5, 0]),
    ([350, 10], [5, 350]),
]


def chi_square_homogeneity():
    rows = []
    for reference, current in COUNT_PAIRS:
        used = np.array([[r, c] for r, c in zip(reference, current) if r + c > 0]).T
        result = stats.chi2_contingency(used, correction=False)
        values = {"statistic": float(result.statistic), "degrees": int(result.dof), "pValue": float(result.pvalue)}
        rows.append({"reference": reference, "current": current, **values, "smallestExpected": float(result.expected_freq.min())})
    return rows


def jensen_shannon():
    rows = []
    for reference, current in COUNT_PAIRS[:6] + COUNT_PAIRS[8:]:
        value = float(distance.jensenshannon(reference, current, base=2))
        rows.append({"reference": reference, "current": current, "distance": value})
    # Nearly equal shares: doubles lose the digits of the textbook sum.
    for reference, current in [COUNT_PAIRS[7], ([10**9, 10**9], [10**9 + 1, 10**9 - 1])]:
        p = [mpmath.mpf(v) / sum(reference) for v in reference]
        q = [mpmath.mpf(v) / sum(current) for v in current]
        bits = sum(u * mpmath.log(2 * u / (u + v), 2) + v * mpmath.log(2 * v / (u + v), 2) for u, v in zip(p, q)) / 2
        rows.append({"reference": reference, "current": current, "distance": float(mpmath.sqrt(bits))})
    return rows


def population_stability():
    rows = []
    for reference, current in COUNT_PAIRS + [([90, 10, 0], [60, 30, 10])]:
        p, q = np.array(reference) / sum(reference), np.array(current) / sum(current)
        p, q = np.where(p == 0, 1e-4, p), np.where(q == 0, 1e-4, q)
        # Jeffreys' divergence, as SciPy has its halves; the floors leave sums a little above one, which rel_entr allows.
        index = float(np.sum(special.rel_entr(p, q) + special.rel_entr(q, p)))
        rows.append({"reference": reference, "current": current, "index": index})
    return rows


def benjamini_hochberg():
    lists = [
        [0.01, 0.04, 0.03, 0.5],
        [0.2],
        [0.05, 0.05, 0.05],
        [1, 1, 0, 1e-300],
        [0.9, 0.001, 0.8, 0.0011, 0.5, 0.013, 0.03, 0.04],
    ]
    return [{"pValues": ps, "adjusted": [float(p) for p in stats.false_discovery_control(ps)]} for ps in lists]


def beta_mixture():
    """Exact by definition: lnB(a+k, b+n-k) - lnB(a, b) - k ln r - (n-k) ln(1-r), with 50 digits."""
    rows = []
    specs = [(240, 300, 0.9, 100), (3, 30, 0.1, 100), (9, 30, 0.1, 100), (15, 30, 0.1, 100), (15, 20, 0.5, 2)]
    specs += [(28, 40, 0.5, 2), (0, 0, 0.3, 100), (0, 5, 0.01, 100), (1, 1, 0.01, 100), (60000, 1000000, 0.05, 100)]
    specs += [(10**9 // 20 + 40000, 10**9, 0.05, 100), (500, 1000, 0.5, 2), (600, 1000, 0.5, 2), (950, 1000, 0.5, 2)]
    for k, n, r, concentration in specs:
        share = mpmath.mpf(r)
        a, b = concentration * share, concentration * (1 - share)
        log_beta = lambda u, v: mpmath.loggamma(u) + mpmath.loggamma(v) - mpmath.loggamma(u + v)
        value = log_beta(a + k, b + n - k) - log_beta(a, b) - k * mpmath.log(share) - (n - k) * mpmath.log(1 - share)
        rows.append({"successes": k, "trials": n, "share": r, "concentration": concentration, "logE": float(value)})
    return rows


def paired_difference():
    rows = []
    for first, second in [
        ([1, 2, 3, 4], [1.5, 1, 3.5, 2]),
        ([0.1, 0.2, 0.3, 0.4, 0.5], [0.1, 0.2, 0.3, 0.4, 0.6]),
        ([1e9 + 1, 1e9 + 2, 1e9 + 4], [1e9, 1e9, 1e9]),
        ([5, 6, 7, 8, 9, 10], [0, 1, 2.1, 3, 4, 5]),
    ]:
        difference = np.array(first, dtype=float) - np.array(second, dtype=float)
        error = float(difference.std(ddof=1) / math.sqrt(len(difference)))
        mean = float(difference.mean())
        lower, upper = stats.norm.interval(0.95, loc=mean, scale=error)
        interval = {"standardError": error, "lower": float(lower), "upper": float(upper)}
        rows.append({"first": first, "second": second, "mean": mean, **interval, "pValue": float(2 * stats.norm.sf(abs(mean) / error))})
    return rows


def classification():
    rows = []
    for labels, probabilities in [
        ([0, 1], [0.2, 0.7]),
        ([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]),
        ([1, 0, 1, 0, 1, 0], [0.5, 0.5, 0.5, 0.5, 0.5, 0.5]),
        ([1, 0, 1, 1, 0, 0, 1, 0], [0.9, 0.9, 0.6, 0.3, 0.3, 0.1, 1, 0]),
        ([0, 1, 1], [1, 0, 1e-20]),
        ([i * i % 3 % 2 for i in range(40)], [(i * 7 % 40) / 40 for i in range(40)]),
    ]:
        y, p = np.array(labels), np.array(probabilities, dtype=float)
        auc = stats.mannwhitneyu(p[y == 1], p[y == 0]).statistic / (sum(y == 1) * sum(y == 0))
        with np.errstate(divide="ignore"):
            chance = np.where(y == 1, np.log(p), np.log1p(-p))
        bins = np.minimum(9, np.floor(p * 10).astype(int))
        gaps = [(bins == b).sum() * abs(p[bins == b].mean() - y[bins == b].mean()) for b in np.unique(bins)]
        values = {
            "auc": float(auc),
            "logLoss": float(-np.maximum(np.log(1e-15), chance).mean()),
            "brier": float(((p - y) ** 2).mean()),
            "calibrationError": float(sum(gaps) / len(y)),
        }
        rows.append({"labels": labels, "probabilities": probabilities, **values})
    return rows


def shifts():
    """Maximum-likelihood shift of log odds: the root of the score, sum of expit(logit(p) + s) = number of positives."""
    rng = np.random.default_rng(11)
    rows = []
    for n, base, moved, prior in [(40, 0.3, 0.0, 0), (200, 0.2, 0.8, 0), (200, 0.05, -0.6, 100), (1000, 0.4, 0.3, 10000)]:
        p = np.round(np.clip(rng.beta(2, 2 * (1 - base) / base, n), 1e-4, 1 - 1e-4), 6)
        labels = (rng.random(n) < special.expit(special.logit(p) + moved)).astype(int)
        score = lambda s: float(np.sum(special.expit(special.logit(p) + s)) - labels.sum())
        best = optimize.brentq(score, -20, 20, xtol=1e-14, rtol=1e-14)
        rows.append({"probabilities": p.tolist(), "labels": labels.tolist(), "priorRows": prior, "shift": best * n / (n + prior)})
    return rows


def murmur():
    texts = ["", "a", "aa", "aaa", "aaaa", "test", "Hello, world!", "Grüße, 世界", "customer-0000042", "\u0000\u0000", "🚀x"]
    seeds = [0, 1, 0x9747B28C, 0xFFFFFFFF]
    return [{"text": t, "seed": s, "hash": mmh3.hash(t, s, signed=False)} for t in texts for s in seeds]


def rank_correlation():
    random = np.random.default_rng(7)
    pairs = [([1, 2, 3, 4], [10, 20, 30, 41]), ([1, 2, 3], [3, 2, 1]), ([1, 1, 2, 2, 3], [5, 3, 3, 1, 1])]
    for size in [5, 20, 100]:
        a = random.normal(size=size)
        pairs.append((a.tolist(), (a + random.normal(size=size)).tolist()))
        pairs.append((random.integers(0, 4, size).tolist(), random.integers(0, 4, size).tolist()))
    return [
        {"first": a, "second": b, "ranks": stats.rankdata(a).tolist(), "value": float(stats.spearmanr(a, b).statistic)}
        for a, b in pairs
    ]


write("rank-correlation.json", {"spearman": rank_correlation()})
write(
    "special-functions.json",
    {
        "logGamma": log_gamma(),
        "upperGamma": upper_gamma(),
        "lowerGamma": lower_gamma(),
        "chiSquare": chi_square(),
        "normal": normal(),
        "normalQuantile": normal_quantile(),
        "beta": beta(),
        "kolmogorov": kolmogorov(),
        "kolmogorovLimit": kolmogorov_limit(),
    },
)
write(
    "comparisons.json",
    {
        "ksSmall": ks_small(),
        "ksSpread": ks_spread(),
        "chiSquareHomogeneity": chi_square_homogeneity(),
        "jensenShannon": jensen_shannon(),
        "populationStability": population_stability(),
        "benjaminiHochberg": benjamini_hochberg(),
        "betaMixture": beta_mixture(),
        "pairedDifference": paired_difference(),
        "classification": classification(),
        "shifts": shifts(),
        "murmur": murmur(),
    },
)
