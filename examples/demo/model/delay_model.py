"""A logistic regression of "more than 15 minutes late" on counted flights, with nothing but the standard library."""

import csv
import math


def rows(path):
    """Rows of numbers: hour, origin, destination, distance, flights, late."""
    with open(path, newline="") as file:
        return [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)]


def terms(features, row):
    """What the weights of a model are multiplied with, the constant first."""
    values = [1.0]
    for feature in features:
        value = row[feature]
        if feature == "hour":
            values += [value / 24, (value / 24) ** 2]
        else:
            values.append(value)
    return values


def fit(features, examples, steps=6, ridge=1e-3):
    """The weights, by Newton's method."""
    table = [(terms(features, row), row["flights"], row["late"]) for row in examples]
    size = len(table[0][0])
    weights = [0.0] * size
    for _ in range(steps):
        gradient = [-ridge * weight for weight in weights]
        curvature = [[ridge if i == j else 0.0 for j in range(size)] for i in range(size)]
        for values, flights, late in table:
            p = probability(weights, values)
            error, spread = late - flights * p, flights * p * (1 - p)
            for i, value in enumerate(values):
                gradient[i] += error * value
                scaled, line = spread * value, curvature[i]
                for j in range(i + 1):
                    line[j] += scaled * values[j]
        for i in range(size):
            for j in range(i):
                curvature[j][i] = curvature[i][j]
        weights = [weight + step for weight, step in zip(weights, solve(curvature, gradient))]
    return weights


def probability(weights, values):
    return 1 / (1 + math.exp(-sum(weight * value for weight, value in zip(weights, values))))


def solve(matrix, vector):
    """Gauss with pivots; the matrix is small."""
    lines = [line + [value] for line, value in zip(matrix, vector)]
    size = len(lines)
    for i in range(size):
        pivot = max(range(i, size), key=lambda k: abs(lines[k][i]))
        lines[i], lines[pivot] = lines[pivot], lines[i]
        for k in range(i + 1, size):
            factor = lines[k][i] / lines[i][i]
            lines[k] = [a - factor * b for a, b in zip(lines[k], lines[i])]
    solution = [0.0] * size
    for i in reversed(range(size)):
        known = sum(lines[i][j] * solution[j] for j in range(i + 1, size))
        solution[i] = (lines[i][size] - known) / lines[i][i]
    return solution


def measure(model, examples):
    """How well a model ranks flights (AUC), and how far its probabilities are from what happened (log loss)."""
    scored = sorted((probability(model["weights"], terms(model["features"], row)), row["flights"] - row["late"], row["late"]) for row in examples)
    loss, flights, all_late, pairs, on_time_below = 0.0, 0.0, 0.0, 0.0, 0.0
    at = 0
    while at < len(scored):
        # Equal scores are one step: a pair of them counts half.
        end, on_time, late = at, 0.0, 0.0
        while end < len(scored) and scored[end][0] == scored[at][0]:
            on_time, late, end = on_time + scored[end][1], late + scored[end][2], end + 1
        p = min(max(scored[at][0], 1e-9), 1 - 1e-9)
        loss -= late * math.log(p) + on_time * math.log(1 - p)
        pairs += late * (on_time_below + on_time / 2)
        on_time_below, all_late, flights = on_time_below + on_time, all_late + late, flights + on_time + late
        at = end
    return {"auc": round(pairs / (on_time_below * all_late), 4), "log_loss": round(loss / flights, 4)}
