"""Serving code for models that bring none: a file of here becomes code/inference.py in a model.tar.gz.

Each runs in the model's container, with the image's libraries, and imports nothing of this repository; nothing of this
repository imports it.
"""
