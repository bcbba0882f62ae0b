"""The command ``localaws``, a module per subcommand: each adds its own arguments and runs, and none holds state.

``start`` is the server's process; the others are clients of one that runs, which they find by its state directory.
"""
