import csv
import sys

with open(sys.argv[1], newline="") as source, open(sys.argv[2], "w") as target:
    for row in csv.DictReader(source):
        target.write(f"{row['word']:<10} {'#' * int(row['times'])}\n")
