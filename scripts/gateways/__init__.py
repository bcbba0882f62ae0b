"""The only place that reaches AWS. Clients, clock and sleep come in as arguments; errors are matched by code."""
