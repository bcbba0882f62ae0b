"""Batch inference: preprocess raw CSV files, then score them with a deployed model."""
