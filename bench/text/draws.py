#!/usr/bin/env python3
"""Draws of labels, the same for all who are compared, and the two programs beside gtlabel.

	draws.py write DATA_FOLDER WORK_FOLDER DRAWS     NAME.draws: draw, part (test or train), place, id
	draws.py sklearn DATA_FOLDER WORK_FOLDER DRAWS SIZE ...
	draws.py fasttext DATA_FOLDER WORK_FOLDER DRAWS SIZE ...

The last two print: set, size, mean accuracy in percent.  scikit-learn: TfidfVectorizer and
LogisticRegression as they come, fitted to the labeled texts.  fastText: word pairs, characters 3 to 5,
50 dimensions, 25 epochs, one thread.
"""
import csv
import gzip
import os
import random
import subprocess
import sys

SETS = os.environ["SETS"].split()


def load(folder, name):
    labels = {}
    with gzip.open(f"{folder}/{name}.copy.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            number, _, label = line.rstrip("\n").split("\t")
            labels[int(number)] = label
    with gzip.open(f"{folder}/{name}_text.csv.gz", "rt", encoding="utf-8", newline="") as lines:
        texts = {int(row["id"]): row["text"] for row in csv.DictReader(lines)}
    return texts, labels


def draw(labels, number):
    """Numbers of the test part, 20 % and at most 2,000, and of the rest, in random order."""
    ids = sorted(labels)
    random.Random(1000 + number).shuffle(ids)
    test = min(2000, len(ids) // 5)
    return ids[:test], ids[test:]


def sklearn(texts, labels, test, train, _):
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    model = make_pipeline(TfidfVectorizer(), LogisticRegression(max_iter=1000))
    model.fit([texts[i] for i in train], [labels[i] for i in train])
    found = model.predict([texts[i] for i in test])
    return sum(f == labels[i] for f, i in zip(found, test)) / len(test)


def fasttext(texts, labels, test, train, folder):
    names = {label: f"__label__{k}" for k, label in enumerate(sorted(set(labels.values())))}
    for part, ids in (("train", train), ("test", test)):
        with open(f"{folder}/fasttext.{part}", "w", encoding="utf-8") as out:
            for i in ids:
                out.write(names[labels[i]] + " " + " ".join(texts[i].lower().split()) + "\n")
    subprocess.run(["fasttext", "supervised", "-input", f"{folder}/fasttext.train", "-output", f"{folder}/fasttext",
                    "-wordNgrams", "2", "-minn", "3", "-maxn", "5", "-dim", "50", "-epoch", "25", "-lr", "0.5",
                    "-bucket", "20000", "-thread", "1"], check=True, capture_output=True)
    found = subprocess.run(["fasttext", "predict", f"{folder}/fasttext.bin", f"{folder}/fasttext.test"],
                           check=True, capture_output=True, text=True).stdout.split()
    return sum(f == names[labels[i]] for f, i in zip(found, test)) / len(test)


def main():
    what, data, work, draws = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
    for name in SETS:
        texts, labels = load(data, name)
        if what == "write":
            with open(f"{work}/{name}.draws", "w") as out:
                for number in range(draws):
                    for part, ids in zip(("test", "train"), draw(labels, number)):
                        for place, i in enumerate(ids):
                            out.write(f"{number}\t{part}\t{place}\t{i}\n")
            continue
        for size in map(int, sys.argv[5:]):
            results = []
            for number in range(draws):
                test, train = draw(labels, number)
                results.append({"sklearn": sklearn, "fasttext": fasttext}[what](texts, labels, test, train[:size], work))
            print(name, size, f"{100 * sum(results) / len(results):.1f}", sep="\t", flush=True)


os.environ.setdefault("OMP_NUM_THREADS", "1")
main()
