"""The team's pipelines: one folder each, with a ``pipeline.py`` that has ``get_pipeline`` and the scripts of its jobs.

The only place that imports the SageMaker SDK. Nothing is registered anywhere: a folder with a ``pipeline.py`` is a
pipeline, and ``make render`` writes its ``definition.json`` beside it.
"""
