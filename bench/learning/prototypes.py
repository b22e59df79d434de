"""Would one more kind of classifier be chosen, and be better?  See README.md.

prototypes.py DATA_FOLDER DRAWS SIZE NAME ...

The first six candidates of gtlabel in scikit-learn, Nystroem features of an RBF kernel before softmax
regression, and gradient-boosted trees (python3-xgboost), chosen among by 5-fold log loss.  A NAME may
be a file of tab-separated numbers with the label in the first column.
"""
import os
import sys
import warnings

import numpy as np
import xgboost
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import pairwise_distances
from sklearn.neural_network import MLPClassifier

from datasets import Draws, load_copy

warnings.filterwarnings("ignore")
LANDMARKS = 256


def softmax(c):
    return LogisticRegression(C=c, max_iter=200)


def network():
    return MLPClassifier((64,), solver="lbfgs", alpha=1.0, max_iter=100, random_state=1)


class Nystroem:
    """exp(-g |x - landmark|^2 / median), orthogonalised and scaled, then softmax regression."""

    def __init__(self, g, c):
        self.g, self.c = g, c

    def fit(self, x, y):
        self.landmarks = x[np.random.RandomState(0).permutation(len(x))[:LANDMARKS]]
        squares = pairwise_distances(self.landmarks, metric="sqeuclidean")
        self.gamma = self.g / np.median(squares[np.triu_indices(len(squares), 1)])
        values, vectors = np.linalg.eigh(np.exp(-self.gamma * squares) + 1e-6 * np.eye(len(squares)))
        self.root = vectors / np.sqrt(np.maximum(values, 1e-6))
        features = self.features(x)
        self.root /= np.sqrt(((features - features.mean(0)) ** 2).mean())
        self.model = softmax(self.c).fit(self.features(x), y)
        self.classes_ = self.model.classes_
        return self

    def features(self, x):
        return np.exp(-self.gamma * pairwise_distances(x, self.landmarks, metric="sqeuclidean")) @ self.root

    def predict_proba(self, x):
        return self.model.predict_proba(self.features(x))


class Trees:
    def fit(self, x, y):
        self.classes_, numbers = np.unique(y, return_inverse=True)
        self.model = xgboost.XGBClassifier(n_estimators=100, max_depth=4, learning_rate=0.2, subsample=0.8, colsample_bytree=0.8,
                                           tree_method="hist", n_jobs=1, verbosity=0).fit(x, numbers)
        return self

    def predict_proba(self, x):
        return self.model.predict_proba(x)


SIX = [("global", lambda: softmax(.1)), ("global", lambda: softmax(1)), ("global", network),
       ("column", lambda: softmax(.1)), ("column", lambda: softmax(1)), ("column", network)]
MORE = {
    "Nystroem g=1 C=1": [("global", lambda: Nystroem(1, 1))],
    "Nystroem, 8": [(s, lambda g=g, c=c: Nystroem(g, c)) for s in ("global", "column") for g in (.5, 1) for c in (.1, 1)],
    "trees": [("global", Trees)],
}


def probabilities(model, x, classes):
    p = np.full((len(x), classes), 1e-12)
    p[:, model.classes_] = np.maximum(model.predict_proba(x), 1e-12)
    return p


def assess(make, x, y, training, test, folds):
    """5-fold log loss over the rows of classes that were trained, and accuracy on the test rows."""
    losses = []
    for fold in range(5):
        a, b = training[folds != fold], training[folds == fold]
        p = probabilities(make().fit(x[a], y[a]), x[b], y.max() + 1)
        losses.append(-np.log(p[np.arange(len(b)), y[b]])[np.isin(y[b], y[a])])
    p = probabilities(make().fit(x[training], y[training]), x[test], y.max() + 1)
    return np.concatenate(losses).mean(), (p.argmax(axis=1) == y[test]).mean()


def load(data, name):
    if os.path.exists(name):
        rows = [line.rstrip("\n").split("\t") for line in open(name)]
        return np.array([row[1:] for row in rows], dtype=np.float64), np.unique([row[0] for row in rows], return_inverse=True)[1]
    _, x, labels = load_copy(data, name)
    return x.astype(np.float64), np.unique(labels, return_inverse=True)[1]


def main():
    data, count, size = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    print("| data | labels | the six | " + " | ".join(f"with {name} (alone)" for name in MORE) + " |")
    print("| --- | --- | --- |" + " --- |" * len(MORE), flush=True)
    for name in sys.argv[4:]:
        x, y = load(data, name)
        draws = Draws(y, count)
        test = draws.test[::max(1, len(draws.test) // 3000)]
        chosen = {group: [] for group in ["six", *MORE, *(f"only {name}" for name in MORE)]}
        for draw in range(count):
            training = draws.training(draw, size)
            folds = np.random.RandomState(draw).randint(0, 5, size)
            centred = x - x[training].mean(axis=0)
            deviation = centred[training].std(axis=0)
            scaled = {"global": centred / np.sqrt((centred[training] ** 2).mean()),
                      "column": centred / np.where(deviation == 0, 1, deviation)}

            def best(group):
                return min(assess(make, scaled[s], y, training, test, folds) for s, make in group)
            six = best(SIX)
            chosen["six"].append(six[1])
            for more, group in MORE.items():
                result = best(group)
                chosen[more].append(min(six, result)[1])
                chosen[f"only {more}"].append(result[1])
        mean = {group: 100 * np.mean(values) for group, values in chosen.items()}
        print(f"| {os.path.basename(name)} | {size:,} | {mean['six']:.2f} | " +
              " | ".join(f"{mean[more]:.2f} ({mean['only ' + more]:.2f})" for more in MORE) + " |", flush=True)


main()
