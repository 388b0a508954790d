"""Compares random numbers with the distributions they are said to be of: python draws.py FFRUN FOLDER

Real numbers by a test of Kolmogorov and Smirnov, integers by a test of chi squared, and the moments of both; numbers
of neighbours, seeds and distributions must not go together. The seeds are fixed, so the outcome is.
"""
import os
import subprocess
import sys

import numpy as np
from scipy import stats

ffrun, folder = sys.argv[1:]
N = 200_000


def draw(call):
    out, script = os.path.join(folder, "out.npy"), os.path.join(folder, "s.ff")
    with open(script, "w") as file:
        file.write(f'let r = {call}\nsink r to npy("{out}")\n')
    subprocess.run([ffrun, script, "--overwrite"], check=True)
    return np.load(out)


def moments(call, values, of):
    mean, var, skew = (float(m) for m in of.stats("mvs"))
    values = values.astype("f8")
    error = np.sqrt(var / values.size)
    assert abs(values.mean() - mean) <= 5 * error + 1e-12 * abs(mean), (call, values.mean(), mean)
    if var == 0:
        assert values.var() == 0, call
        return
    assert abs(values.var() / var - 1) < 0.05, (call, values.var(), var)
    if np.isfinite(skew):
        assert abs(stats.skew(values, axis=None) - skew) < 0.06 + 0.05 * abs(skew), (call, skew)


REAL = {
    "random.uniform([%d], seed: SEED)": stats.uniform(),
    "random.uniform([%d], -3, 8.5, SEED)": stats.uniform(-3, 11.5),
    "random.normal([%d], seed: SEED)": stats.norm(),
    "random.normal([%d], 4, 0.25, SEED)": stats.norm(4, 0.25),
    "random.normal([%d], 4, 0.25, SEED, f32)": stats.norm(4, 0.25),
    "random.exponential([%d], seed: SEED)": stats.expon(),
    "random.exponential([%d], 7, SEED)": stats.expon(scale=7),
    "random.lognormal([%d], 0.5, 0.25, SEED)": stats.lognorm(0.25, scale=np.exp(0.5)),
    "random.gamma([%d], 0.4, 2, SEED)": stats.gamma(0.4, scale=2),
    "random.gamma([%d], 1, seed: SEED)": stats.gamma(1),
    "random.gamma([%d], 37.5, seed: SEED)": stats.gamma(37.5),
    "random.beta([%d], 2, 5, SEED)": stats.beta(2, 5),
    "random.beta([%d], 0.5, 0.7, SEED)": stats.beta(0.5, 0.7),
    "random.chisquare([%d], 3, SEED)": stats.chi2(3),
    "random.standard_t([%d], 9, SEED)": stats.t(9),
    "random.laplace([%d], 1, 2, SEED)": stats.laplace(1, 2),
    "random.logistic([%d], 1, 2, SEED)": stats.logistic(1, 2),
    "random.gumbel([%d], 1, 2, SEED)": stats.gumbel_r(1, 2),
    "random.weibull([%d], 1.5, SEED)": stats.weibull_min(1.5),
    "random.pareto([%d], 9, SEED)": stats.lomax(9),
    "random.rayleigh([%d], 2, SEED)": stats.rayleigh(scale=2),
    "random.triangular([%d], -1, 0, 2, SEED)": stats.triang(1 / 3, -1, 3),
}
WHOLE = {
    "random.integers([%d], 10, seed: SEED)": stats.randint(0, 10),
    "random.integers([%d], -3, 3, SEED, endpoint: true)": stats.randint(-3, 4),
    "random.integers([%d], 0, 2, SEED, dtype: u8)": stats.randint(0, 2),
    "random.poisson([%d], 0, SEED)": stats.poisson(0),
    "random.poisson([%d], 0.3, SEED)": stats.poisson(0.3),
    "random.poisson([%d], 9.9, SEED)": stats.poisson(9.9),
    "random.poisson([%d], 10, SEED)": stats.poisson(10),
    "random.poisson([%d], 137.5, SEED)": stats.poisson(137.5),
    "random.poisson([%d], 1e9, SEED)": stats.poisson(1e9),
    "random.geometric([%d], 0.3, SEED)": stats.geom(0.3),
    "random.geometric([%d], 0.001, SEED)": stats.geom(0.001),
    "random.choice([%d], 5, seed: SEED)": stats.randint(0, 5),
    "random.choice([%d], [2, 3, 7], [0.5, 0.2, 0.3], SEED)": stats.rv_discrete(values=([2, 3, 7], [0.5, 0.2, 0.3]))(),
    "random.binomial([%d], 9, 0.5, SEED)": stats.binom(9, 0.5),
    "random.binomial([%d], 1000, 0.001, SEED)": stats.binom(1000, 0.001),
    "random.binomial([%d], 1000, 0.98, SEED)": stats.binom(1000, 0.98),
    "random.binomial([%d], 25, 0.4, SEED)": stats.binom(25, 0.4),
    "random.binomial([%d], 200, 0.75, SEED)": stats.binom(200, 0.75),
    "random.binomial([%d], 1000000000, 0.3, SEED)": stats.binom(10**9, 0.3),
}

for seed in (0, 2**40 + 1):
    test = stats.kstest(draw(f"random.standard_cauchy([{N}], {seed})"), stats.cauchy.cdf)
    assert test.pvalue > 1e-3, test
    for call, of in REAL.items():
        call = (call % N).replace("SEED", str(seed))
        values = draw(call)
        moments(call, values, of)
        test = stats.kstest(values, of.cdf)
        assert test.pvalue > 1e-3, (call, test)
        r = stats.pearsonr(values[1:], values[:-1])
        assert r.pvalue > 1e-3, (call, r)
    for call, of in WHOLE.items():
        call = (call % N).replace("SEED", str(seed))
        values = draw(call)
        assert values.dtype == ("u1" if "u8" in call else "i8"), call
        moments(call, values, of)
        # Bins of about equal probability, none of which is expected fewer than 50 times.
        edges = np.unique(of.ppf(np.linspace(0, 1, 41)[1:-1]))
        expected = np.diff(np.concatenate([[0], of.cdf(edges), [1]])) * N
        found = np.bincount(np.searchsorted(edges, values, side="left"), minlength=edges.size + 1)
        keep = expected > 50
        if keep.sum() > 1:
            found = np.append(found[keep], found[~keep].sum())
            expected = np.append(expected[keep], expected[~keep].sum())
            found, expected = (found[:-1], expected[:-1]) if expected[-1] == 0 == found[-1] else (found, expected)
            test = stats.chisquare(found, expected * found.sum() / expected.sum())
            assert test.pvalue > 1e-3, (call, test)
        else:
            assert (values == of.mean()).all(), call

# Seeds and distributions are independent.
pairs = [draw(f"random.{call}") for call in (
    f"uniform([{N}])", f"uniform([{N}], seed: 1)", f"normal([{N}])", f"exponential([{N}])", f"integers([{N}], 1000)",
)]
for i, a in enumerate(pairs):
    for b in pairs[:i]:
        assert stats.spearmanr(a, b).pvalue > 1e-3

# In planes as in lines: correlations of rows and columns.
plane = draw("random.normal([400, 500], seed: 5)")
for values in (np.corrcoef(plane), np.corrcoef(plane.T)):
    off = values[~np.eye(len(values), dtype=bool)]
    assert abs(off).max() < 6 / np.sqrt(400), abs(off).max()

# All orders of three are equally likely.
orders = [tuple(draw(f"random.permutation(3, seed: {seed})")) for seed in range(120)]
assert len(set(orders)) == 6 and stats.chisquare(np.unique(orders, axis=0, return_counts=True)[1]).pvalue > 1e-3
order = draw("random.permutation(5000, seed: 8)")
assert (np.sort(order) == np.arange(5000)).all() and abs(stats.spearmanr(order, np.arange(5000))[0]) < 0.06
