"""
Scores as data: one file per score, one engine that computes them all.

``definitions/*.yaml`` holds what was published (items, points, bands, survival, errors in
circulation). ``schema`` is the shape of such a file, ``checks`` refuses a wrong one, ``engine``
computes. Submodules are imported where they are needed, so that a command starts fast.
"""
