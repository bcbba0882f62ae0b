"""The verbs, one module per make target and of its name: arguments in, a result and an exit code out.

A verb imports what does its work once its arguments are read, and says in milliseconds what that spares: ``--help`` and
a wrong argument then answer in 30 ms, where boto3 and pydantic alone take 180 ms to import. No other module of
``scripts`` imports anything inside a function without such a figure.
"""
