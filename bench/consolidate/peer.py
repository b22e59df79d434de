"""Majority and Dawid-Skene (src/learning/dawid_skene.c) in straightforward, vectorised numpy.

peer.py VOTES CLASSES ITEMS ANNOTATORS FILE RUNS ITERATIONS LABELS
prints median CPU seconds and the share of items with the same label as LABELS.
"""
import sys
import time

import numpy as np


def consolidate(item, annotator, label, items, annotators, classes, iterations):
    column = annotator * classes + label
    columns = annotators * classes
    votes = np.bincount(item * classes + label, minlength=items * classes)
    votes = votes.reshape(items, classes).astype(float)
    total = votes.sum(axis=1, keepdims=True)
    voted = total[:, 0] > 0
    z = np.where(total > 0, votes / np.maximum(total, 1), 0)
    log_z = np.empty((items, classes))
    for _ in range(iterations):
        p = (z.sum(axis=0) + 1) / (voted.sum() + classes)
        count = np.empty((columns, classes))
        for k in range(classes):
            count[:, k] = np.bincount(column, weights=z[item, k], minlength=columns)
        pi = count.reshape(annotators, classes, classes) + 0.1 + np.eye(classes)
        pi /= pi.sum(axis=1, keepdims=True)
        log_pi = np.log(pi).reshape(columns, classes)
        for k in range(classes):
            log_z[:, k] = np.bincount(item, weights=log_pi[column, k], minlength=items)
        log_z += np.log(p)
        log_z -= log_z.max(axis=1, keepdims=True)
        z = np.exp(log_z)
        z /= z.sum(axis=1, keepdims=True)
        z[~voted] = 0
    q = 0.5 * z + 0.5 * (votes + 0.5) / (total + 0.5 * classes)
    return np.where(voted, q.argmax(axis=1), -1)


def main():
    count, classes, items, annotators = map(int, sys.argv[1:5])
    item, annotator, label = np.fromfile(sys.argv[5], np.int32).reshape(3, count)
    item, annotator, label = (x.astype(np.intp) for x in (item, annotator, label))
    seconds = []
    for _ in range(int(sys.argv[6])):
        start = time.process_time()
        found = consolidate(item, annotator, label, items, annotators, classes, int(sys.argv[7]))
        seconds.append(time.process_time() - start)
    same = (found == np.fromfile(sys.argv[8], np.int32)).mean()
    print("%.4f %.6f" % (np.median(seconds), same))


main()
