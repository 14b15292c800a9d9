"""Which photos are of no kind that was named: a walk from neighbour to neighbour seldom gets to a named photo."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..jobs import Job, Progress
from .classifier import folds
from .neighbours import Neighbours

WALK_NEIGHBOURS = 15
_STRANGE = 0.2  # the share of photos of named kinds that may be lost; at .1 half as many strange ones more get a name
_GIVEN_UP = 0.1  # of walks at each step; .02 and .3 tell named kinds from others within .02 of the same area under ROC
_STEPS = 60  # after them one walk in 500 is still under way
_AT_ONCE = 10
_WHAT = "Telling what is like no named photo"


def familiar(
    graph: Neighbours, named: NDArray[np.int64], classes: NDArray[np.int64], near_duplicates: NDArray[np.int64]
) -> Job[NDArray[np.bool_]]:
    """Whether each of N photos may be of a named kind, as far as their neighbours tell; [N].

    How familiar a photo is: the chance that a walk which goes to any of its neighbours alike, and is given up one time
    in ten at each step, gets to a named photo (partially absorbing random walks: Wu et al. 2012, NIPS 25). What is
    usual is told by the named photos themselves: in five folds each is held out and as familiar as the others make it.
    The share of those that are no more familiar than a photo is its p-value (cross-conformal: Vovk 2015, arXiv
    1208.0806; for outliers: Bates et al. 2023, arXiv 2104.08279); all classes weigh the same in it, for the photos of
    one of which nearly all are named are the most familiar ones. A p-value of at most .2 says that the photo is of no
    named kind; so does, while fewer than four are named, being less familiar than all of them. Were as many named of
    each kind, by chance, about a fifth of the photos of named kinds would be taken for strange; it is less where those
    named were chosen to differ, for each is then less familiar without itself.

    graph: the 15 nearest neighbours of each photo; more are left out. named [M]: places of the named photos, each
    once. classes [M]: of each. near_duplicates [M]: see `classifier.fit`. Where no two folds can be made every photo
    may be of a named kind.
    """
    split = list(folds(classes, near_duplicates))
    if not split:
        return np.ones(len(graph.indices), dtype=np.bool_)
    reached = np.zeros((len(graph.indices), len(split)), dtype=np.bool_)
    for number, (train, _) in enumerate(split):
        reached[named[train], number] = True
    chances = yield from _walk(graph, reached)
    counts = np.bincount(classes)
    weights = len(classes) / (np.count_nonzero(counts) * counts[classes])
    no_more = np.ones(len(chances))
    for number, (_, test) in enumerate(split):
        held_out = chances[named[test], number]
        order = np.argsort(held_out)
        upto = np.concatenate([[0.0], np.cumsum(weights[test[order]])])
        no_more += upto[np.searchsorted(held_out[order], chances[:, number], side="right")]
    share = no_more / (len(named) + 1)
    return share > max(_STRANGE, 1 / (len(named) + 1))


def _walk(graph: Neighbours, reached: NDArray[np.bool_]) -> Job[NDArray[np.float32]]:
    """The chance [N, F] to get to one of those reached [N, F]."""
    from scipy import sparse

    count = len(reached)
    near = graph.first(WALK_NEIGHBOURS).indices
    rows = np.repeat(np.arange(count), near.shape[1])
    directed = sparse.csr_matrix((np.ones(near.size, np.float32), (rows, near.ravel())), (count, count))
    either_way = directed.maximum(directed.T)
    degrees = np.asarray(either_way.sum(axis=1)).ravel()
    step = sparse.diags_array(((1 - _GIVEN_UP) / np.maximum(degrees, 1)).astype(np.float32)) @ either_way
    chances = reached.astype(np.float32)
    for number in range(_STEPS):
        if number % _AT_ONCE == 0:
            yield Progress(_WHAT, number, _STEPS)
        chances = step @ chances
        chances[reached] = 1.0
    return chances
