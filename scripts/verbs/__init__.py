"""The verbs, one module per make target and of its name: arguments in, a result and an exit code out."""
