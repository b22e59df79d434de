"""Refits beside cold fits at several sizes; see README.md.

refit.py DRIVER DATA_FOLDER WORK_FOLDER
"""
import subprocess
import sys

import numpy as np

from datasets import load_copy, load_fashion

driver, data, work = sys.argv[1:]
SIZES = (4000, 5000, 7000, 10000)


def write(name, features, labels):
    """In random order, the first rows of it; returns how many."""
    order = np.random.RandomState(0).permutation(len(labels))[:SIZES[-1]]
    with open(f"{work}/{name}", "wb") as out:
        np.array([len(order), features.shape[1], labels.max() + 1], np.int32).tofile(out)
        features[order].astype(np.float32).tofile(out)
        labels[order].astype(np.int32).tofile(out)
    return len(order)


def compare(name, most, algorithm, c):
    runs = []
    for rows in SIZES:
        if rows <= most:
            command = [driver, "fit", f"{work}/{name}", rows, algorithm, c, 64 if algorithm == "mlp" else 0, 1]
            answer = subprocess.run([str(word) for word in command], capture_output=True, check=True, text=True)
            runs.append([[float(word) for word in line.split()] for line in answer.stdout.splitlines()])
    (cold, cold_iterations, _), (warm, warm_iterations, _) = np.mean(runs, axis=0)
    print(f"| {algorithm}, {name}, C = {c} | {cold:.0f} ms ({cold_iterations:.0f}) | {warm:.0f} ms ({warm_iterations:.0f}) "
          f"| {warm / cold:.2f} |", flush=True)


print("| what | cold fit | refit | ratio |\n| --- | --- | --- | --- |")
most = write("fashion", *load_fashion(data))
for algorithm, c in (("softmax", 0.1), ("softmax", 1), ("mlp", 1)):
    compare("fashion", most, algorithm, c)
for name in ("fashion_km128", "banking77", "ag_news_7600", "optdigits", "sms_spam", "shuttle"):
    _, features, names = load_copy(data, name)
    most = write(name, features, np.unique(names, return_inverse=True)[1])
    compare(name, most, "softmax", 1)
