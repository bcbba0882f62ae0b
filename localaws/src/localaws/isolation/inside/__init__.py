"""The processes between the server and a run's program: one outside that looks after it, one inside that is its init.

They run in an interpreter of their own, started with ``-I -S``; they import the standard library alone.
"""
