"""Combinations of options such that every pair of values of two options occurs in one of them.

Greedy: each new combination starts from a pair not covered yet and takes, option by option, the value that covers most
of what is missing. Deterministic for a seed.
"""
import itertools
import random


def combinations(options, seed, at_least=0):
    """options: {name: [value, ...]}; returns a list of {name: index of value}."""
    rng = random.Random(seed)
    names = list(options)
    missing = {(a, i, b, j) for a, b in itertools.combinations(range(len(names)), 2)
               for i in range(len(options[names[a]])) for j in range(len(options[names[b]]))}
    order = sorted(missing)
    rng.shuffle(order)
    result = []
    while missing:
        while order[-1] not in missing:
            order.pop()
        a, i, b, j = order[-1]
        chosen = {a: i, b: j}
        missing.discard((a, i, b, j))
        rest = [n for n in range(len(names)) if n not in chosen]
        rng.shuffle(rest)
        for n in rest:
            chosen[n] = best_value(n, len(options[names[n]]), chosen, missing, rng)
            missing -= {pair(n, chosen[n], m, chosen[m]) for m in chosen if m != n}
        result.append({names[n]: v for n, v in chosen.items()})
    while len(result) < at_least:
        result.append({n: rng.randrange(len(v)) for n, v in options.items()})
    return result


def pair(a, i, b, j):
    return (a, i, b, j) if a < b else (b, j, a, i)


def best_value(n, count, chosen, missing, rng):
    gains = [sum(pair(n, v, m, w) in missing for m, w in chosen.items()) for v in range(count)]
    top = max(gains)
    return rng.choice([v for v in range(count) if gains[v] == top])


def uncovered(options, cases):
    """Pairs that no case has; for checking the generator."""
    names = list(options)
    seen = {(a, c[names[a]], b, c[names[b]]) for c in cases for a, b in itertools.combinations(range(len(names)), 2)}
    return sum(len(options[names[a]]) * len(options[names[b]])
               for a, b in itertools.combinations(range(len(names)), 2)) - len(seen)
