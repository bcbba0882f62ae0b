"""IAM enforcement: whether a principal may do what a request asks for. Off unless ``--enforce-iam`` is given.

``requirements`` says which actions on which resources an operation needs; ``principals`` and ``resource_policies`` read
what users wrote; ``enforcement`` puts it together and asks ``localaws/policies``, which decides.
"""
