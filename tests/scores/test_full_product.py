"""The full product of item levels, patient by patient: totals, bands, agreement with the range."""

from itertools import product

import numpy as np
import pytest

from spinemets.scores import engine, fixed, items, prepare, registry, truth

LIBRARY = registry.load_definitions()
WITH_LEVELS = [
    name for name, d in LIBRARY.items() if d.items and any(item.levels for item in d.items)
]
MOST = 20_000


def level_patients(definition, library):
    """Per group of items that share columns: one patient of each combination of their points."""
    for group in truth.components(definition.items):
        cells = truth.grid(group, library)
        results = [items.item_result(item, cells.table) for item in group]
        sure = cells.possible.copy()
        for result in results:
            sure &= (result.low == result.high) & ~result.open_list
        points = np.stack([result.low for result in results])
        _, first = np.unique(points[:, sure], axis=1, return_index=True)
        rows = np.flatnonzero(sure)[first]
        yield [
            ({c: values[row] for c, values in cells.columns.items()}, points[:, row].sum())
            for row in rows
        ]


@pytest.mark.parametrize("score", WITH_LEVELS)
def test_every_combination_of_levels_has_the_sum_of_its_points(score):
    definition = LIBRARY[score]
    library = truth.as_read(definition, LIBRARY)
    groups = list(level_patients(definition, library))
    size = int(np.prod([len(g) for g in groups]))
    assert size <= MOST
    combined = list(product(*groups))
    patients = [{k: v for columns, _ in parts for k, v in columns.items()} for parts in combined]
    expected = np.array([sum(points for _, points in parts) for parts in combined])
    if definition.ceiling is not None:
        expected = np.minimum(expected, definition.ceiling)
    table = fixed.table_of({k: [p[k] for p in patients] for k in patients[0]}, library)
    prepare.harmonise(table)
    possible = np.ones(table.n, dtype=bool)
    for where in table.contradicted.values():
        possible &= ~where
    result = engine.score(definition, table)
    applies = possible & (result.status != engine.NOT_APPLICABLE)
    assert (result.low == expected)[applies].all()
    assert (result.high == expected)[applies].all()
    if applies.any():
        reached = set(np.unique(result.low[applies]).tolist())
        assert reached <= set(truth.enumerate_score(definition, LIBRARY).totals)


@pytest.mark.parametrize(
    ("score", "combinations"), [("tokuhashi_2005", 1458), ("sins", 1296), ("tokuhashi_1990", 729)]
)
def test_no_combination_is_left_out(score, combinations):
    definition = LIBRARY[score]
    groups = list(level_patients(definition, LIBRARY))
    assert np.prod([len(g) for g in groups]) == combinations
    totals = {0.0}
    for group in groups:
        totals = {total + points for total in totals for _, points in group}
    low, high = int(definition.minimum), int(definition.maximum)
    assert totals == {float(t) for t in range(low, high + 1)}
    assert len({b.id for b in definition.bands}) == len(
        set(engine.band_of(np.array(sorted(totals)), definition.bands).tolist())
    )
