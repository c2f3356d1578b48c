"""A study's own score as a file, right and wrong."""

import copy

import yaml

from spinemets import yamlfile
from spinemets.scores import checks, loading, registry

GOOD = """\
id: my_score
name: My score
short: Mine
kind: prognostic
status: implement
citation: {text: "Someone 2030", doi: 10.1000/x, year: 2030}
derivation: {n: 10, setting: one hospital}
population: {text: everybody}
outcome: survival
time_zero: surgery
direction: higher_is_better
information_level: group_survival
range: {minimum: 0, maximum: 3}
items:
  - id: kps
    name: performance
    levels:
      - {points: 0, label: low, when: {column: kps, below: 50}}
      - {points: 1, label: high, when: {column: kps, at_least: 50}}
  - id: primary
    name: primary
    levels:
      - {points: 2, label: good, when: {column: primary, in: [breast]}}
      - {points: 0, label: rest, otherwise: true}
bands:
  - {id: poor, label: l, from: 0, to: 1, survival: [{measure: median_months, value: 3, source: x}]}
  - {id: good, label: h, from: 2, to: 3, survival: [{measure: median_months, value: 9, source: x}]}
worked_patients:
  - {id: "1", patient: {kps: 80, primary: breast}, total: 3, band: good}
"""


def write(folder, text, name="my_score"):
    path = folder / f"{name}.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def faults_of(folder, text):
    """All faults of a definition, however they are found."""
    draft = loading.draft(yamlfile.load(write(folder, text)))
    found = list(draft.faults)
    if draft.definition is not None:
        found += checks.faults(draft.definition, registry.load_definitions(), draft.left)
    return [str(f) for f in found]


def changed(*changes):
    """The good definition with some places of its data changed."""
    data = yaml.safe_load(GOOD)
    for place, value in changes:
        target = data
        for key in place[:-1]:
            target = target[key]
        if value is None:
            del target[place[-1]]
        else:
            target[place[-1]] = copy.deepcopy(value)
    return yaml.safe_dump(data, sort_keys=False)
