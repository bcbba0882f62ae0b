"""The first day's model: two weights and the code that serves them. No library, no training, nothing to download."""
