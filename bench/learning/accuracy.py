"""Test accuracy of gt_train beside scikit-learn, on the same draws; see README.md.

accuracy.py DATA_FOLDER DRAWS NAME ...     inside scripts/with-cluster
"""
import subprocess
import sys
import warnings

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler

from datasets import PEER, SIZES, Draws, load_copy

warnings.filterwarnings("ignore")


def sql(statement, rows=None):
    """Run it and return its output; rows feed a COPY."""
    done = subprocess.run(["psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-c", statement],
                          input=rows, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(done.stderr)
    return done.stdout.strip()


def store(name, ids, features, labels, draws):
    sql(f"CREATE TABLE {name} (id bigint PRIMARY KEY, features float4[] NOT NULL, label text NOT NULL, test boolean NOT NULL)")
    test = np.isin(np.arange(len(ids)), draws.test)
    sql(f"COPY {name} FROM STDIN", "".join(
        f"{i}\t{{{','.join(map(repr, x.tolist()))}}}\t{label}\t{t}\n" for i, x, label, t in zip(ids, features, labels, test)))
    sql(f"CREATE TABLE {name}_draw (draw int, place int, id bigint)")
    sql(f"COPY {name}_draw FROM STDIN", "".join(
        f"{d}\t{place}\t{ids[row]}\n" for d, order in enumerate(draws.order) for place, row in enumerate(order[:max(SIZES)])))


def ours(name, draw, size):
    """Accuracy and the candidate that was chosen."""
    sql(f"CREATE OR REPLACE VIEW drawn AS SELECT d.* FROM {name} d JOIN {name}_draw w USING (id)"
        f" WHERE w.draw = {draw} AND w.place < {size} ORDER BY w.place")
    sql("SELECT gt_train('bench', 'drawn', 'label')")
    accuracy = sql(f"SELECT avg((gt_predict('bench', features) = label)::int) FROM {name} WHERE test")
    chosen = sql("SELECT concat_ws(' ', algorithm, scaling, nullif(hidden_units, 0), 'C=' || penalty_c) FROM gt_models WHERE model_name = 'bench'")
    sql("SELECT gt_drop_model('bench')")
    return float(accuracy), chosen


def theirs(features, labels, training, test, c, standardise):
    x, x_test = features[training], features[test]
    if standardise:
        scaler = StandardScaler().fit(x)
        x, x_test = scaler.transform(x), scaler.transform(x_test)
    return [model.fit(x, labels[training]).score(x_test, labels[test])
            for model in (LogisticRegression(C=c, max_iter=2000), MLPClassifier((256,), max_iter=500, random_state=0))]


def main():
    data, count, names = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
    sql("CREATE EXTENSION IF NOT EXISTS gtlabel")
    print("| data | labels | gtlabel | LR | MLP | gtlabel - best | chosen |")
    print("| --- | --- | --- | --- | --- | --- | --- |", flush=True)
    for name in names or PEER:
        ids, features, labels = load_copy(data, name)
        draws = Draws(labels, count)
        store(name, ids, features, labels, draws)
        for size in SIZES:
            both = []
            chosen = {}
            for draw in range(count):
                accuracy, candidate = ours(name, draw, size)
                both.append([accuracy] + theirs(features, labels, draws.training(draw, size), draws.test, *PEER[name]))
                chosen[candidate] = chosen.get(candidate, 0) + 1
            mean = 100 * np.mean(both, axis=0)
            most = max(chosen, key=chosen.get)
            print(f"| {name} | {size:,} | {mean[0]:.2f} | {mean[1]:.2f} | {mean[2]:.2f} | {mean[0] - max(mean[1:]):+.2f} |"
                  f" {most}, {chosen[most]} of {count} |", flush=True)


main()
