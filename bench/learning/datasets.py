"""The datasets of the benches, and random draws of rows to train on."""
import gzip

import numpy as np

SIZES = (250, 1000, 4000)

# LogisticRegression's C as in the data folder's README, and whether it standardises there.
PEER = {
    "optdigits": (1, True),
    "sms_spam": (10, False),
    "banking77": (10, False),
    "shuttle": (1, True),
    "fashion_km128": (10, False),
}


def load_copy(data, name):
    """Ids, features, labels."""
    rows = [line.rstrip("\n").split("\t") for line in gzip.open(f"{data}/{name}.copy.gz", "rt")]
    features = np.array([row[1][1:-1].split(",") for row in rows], dtype=np.float32)
    return np.array([int(row[0]) for row in rows]), features, np.array([row[2] for row in rows])


def load_fashion(data):
    """The 60,000 training images, and their labels as numbers."""
    def bytes_of(name):
        return gzip.open(f"{data}/fashion_mnist/train-{name}-ubyte.gz").read()
    features = np.frombuffer(bytes_of("images-idx3"), np.uint8, offset=16).reshape(60000, 784)
    return features.astype(np.float32), np.frombuffer(bytes_of("labels-idx1"), np.uint8, offset=8)


class Draws:
    """A fifth of the rows, stratified, to test on; random rows of the others to train on."""

    def __init__(self, labels, count):
        shuffled = np.random.RandomState(0).permutation(len(labels))
        by_label = shuffled[np.argsort(labels[shuffled], kind="stable")]
        self.test = np.sort(by_label[::5])
        rest = np.setdiff1d(np.arange(len(labels)), self.test)
        self.order = [np.random.RandomState(100 + d).permutation(rest) for d in range(count)]

    def training(self, draw, size):
        return self.order[draw][:size]
