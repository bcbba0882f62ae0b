"""What a verb does, named by what it does: decisions made, then carried out through gateways. Nothing here parses
arguments."""
