"""Exit codes of the command ``localaws``. 0 is success (of ``start``: stopped by a signal); argparse ends with 2."""

PORT_TAKEN = 3
STATE_UNUSABLE = 4
NOT_RUNNING = 5
REFUSED = 6
ISOLATION_WEAK = 8
