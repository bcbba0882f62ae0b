"""The embedded AWS of this clone, seen from outside.

Its process (``server``), what its accounts are given before a verb runs (``preparation``), and the environment that
points a client at it (``environment``). It knows localaws by its command line and its address alone; nothing here calls
an AWS API or knows which verb is run.
"""
