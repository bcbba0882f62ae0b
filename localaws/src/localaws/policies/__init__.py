"""IAM policy documents: the one place that reads and evaluates them. It imports nothing but ``localaws.core``.

``document`` reads, ``evaluation`` decides; ``trust``, ``service_roles``, ``bus_policies`` and
``stack_policy`` put a question of one kind into the evaluator's words.
"""
