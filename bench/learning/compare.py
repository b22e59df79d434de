"""The classifiers beside scikit-learn and numpy; see README.md.

compare.py DRIVER DATA_FOLDER WORK_FOLDER REPEAT
"""
import statistics
import subprocess
import sys
import time
import warnings

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier

from datasets import load_copy, load_fashion

warnings.filterwarnings("ignore")
driver, data, work, repeat = sys.argv[1:5]
repeat = int(repeat)


class Data:
    """A dataset in random order, for both sides: raw in a file, scaled in memory."""

    def __init__(self, name, features, labels):
        order = np.random.RandomState(0).permutation(len(labels))
        features, self.labels = features[order], labels[order].astype(np.int32)
        self.name, self.file = name, f"{work}/{name}"
        with open(self.file, "wb") as out:
            np.array([*features.shape, self.labels.max() + 1], np.int32).tofile(out)
            features.tofile(out)
            self.labels.tofile(out)
        centred = features - features.mean(axis=0, dtype=np.float64)
        self.scaled = (centred / np.sqrt((centred ** 2).mean())).astype(np.float32)

    def run(self, what, rows, algorithm, c, hidden):
        command = [driver, what, self.file, rows, algorithm, c, hidden, repeat]
        answer = subprocess.run([str(word) for word in command], capture_output=True, check=True, text=True)
        return [[float(word) for word in line.split()] for line in answer.stdout.splitlines()]


def softmax_objective(x, y, model, c):
    score = x.astype(np.float64) @ model.coef_.T + model.intercept_
    score -= score.max(axis=1, keepdims=True)
    loss = np.log(np.exp(score).sum(axis=1)) - score[np.arange(len(y)), y]
    return loss.mean() + (model.coef_ ** 2).sum() / (2 * c * len(y))


def peer(algorithm, c, iterations):
    if algorithm == "mlp":
        return MLPClassifier((64,), solver="lbfgs", alpha=1 / c, max_iter=iterations, tol=1e-12, random_state=1)
    return LogisticRegression(C=c, max_iter=iterations, tol=1e-12)


def fit_peer(algorithm, x, y, c, iterations):
    """Milliseconds and objective."""
    model = peer(algorithm, c, iterations)
    start = time.process_time()
    model.fit(x, y)
    elapsed = 1e3 * (time.process_time() - start)
    return elapsed, model.loss_ if algorithm == "mlp" else softmax_objective(x, y, model, c)


def iterations_to(target, algorithm, x, y, c, most=1600):
    """About the fewest iterations (within 5 %) after which the peer is at the target; None: more than `most`."""
    low, high = 0, 25
    while fit_peer(algorithm, x, y, c, high)[1] > target:
        low, high = high, 2 * high
        if high > most:
            return None
    while high - low > max(1, high // 20):
        middle = (low + high) // 2
        if fit_peer(algorithm, x, y, c, middle)[1] > target:
            low = middle
        else:
            high = middle
    return high


def row(*cells):
    print("| " + " | ".join(cells) + " |", flush=True)


def compare_fit(dataset, rows, algorithm, c, wanted):
    x, y = dataset.scaled[:rows], dataset.labels[:rows]
    (cold, iterations, objective), (warm, warm_iterations, _) = \
        dataset.run("fit", rows, algorithm, c, 64 if algorithm == "mlp" else 0)
    name = f"{algorithm}, {dataset.name} {x.shape[0]:,} x {x.shape[1]}"
    needed = iterations_to(objective * (1 + 1e-6), algorithm, x, y, c)
    if needed is None:
        row(f"fit {name}", f"{cold:.1f} ms ({iterations:.0f})", "not reached in 1,600", "-", wanted)
    else:
        theirs = statistics.median(fit_peer(algorithm, x, y, c, needed)[0] for _ in range(min(repeat, 3)))
        row(f"fit {name}", f"{cold:.1f} ms ({iterations:.0f})", f"{theirs:.1f} ms ({needed})",
            f"{cold / theirs:.2f}", wanted)
    row(f"refit {name}", f"{warm:.1f} ms ({warm_iterations:.0f})", f"own cold fit, {cold:.1f} ms ({iterations:.0f})",
        f"{warm / cold:.2f}", "0.33")


def compare_score(dataset):
    [ours], = dataset.run("score", 10000, "softmax", 1, 0)
    weights = np.random.RandomState(1).normal(size=(10, 784)).astype(np.float32)
    times = []
    for _ in range(repeat):
        start = time.process_time()
        score = dataset.scaled @ weights.T
        score -= score.max(axis=1, keepdims=True)
        np.exp(score, out=score)
        score /= score.sum(axis=1, keepdims=True)
        times.append(1e3 * (time.process_time() - start))
    theirs = statistics.median(times)
    row("score softmax, fashion 60,000 x 784", f"{ours:.1f} ms", f"{theirs:.1f} ms", f"{ours / theirs:.2f}", "1.50")


def measure_stop(dimension, classes):
    """Milliseconds between two looks at whether to stop, in fits of many weights; least of three."""
    runs = [subprocess.run([driver, "stop", str(dimension), str(classes)], capture_output=True, check=True, text=True)
            for _ in range(3)]
    working, releasing = (min(float(run.stdout.split()[i]) for run in runs) for i in (0, 1))
    row(f"{(dimension + 1) * classes / 1e6:.1f}", f"{working:.0f}", f"{releasing:.0f}")


row("what", "gtlabel", "peer", "ratio", "wanted")
row(*["---"] * 5)
_, features, names = load_copy(data, "optdigits")
optdigits = Data("optdigits", features, np.unique(names, return_inverse=True)[1])
fashion = Data("fashion", *load_fashion(data))
compare_fit(optdigits, 5620, "softmax", 1, "0.33")
compare_fit(fashion, 10000, "softmax", 1, "0.33")
compare_fit(optdigits, 5620, "mlp", 1, "0.50")
compare_fit(fashion, 10000, "mlp", 1, "0.50")
compare_score(fashion)
print()
row("million weights", "longest time without a look, ms", "with the release of the memory, ms")
row(*["---"] * 3)
measure_stop(2000, 500)
measure_stop(2000, 2000)
measure_stop(4000, 4000)
