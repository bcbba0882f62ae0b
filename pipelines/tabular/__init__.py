"""What pipelines over tabular records share: preprocessing by a schema, and the steps that run it and the model.

``schema`` and ``preprocessing`` run in processing jobs, with the standard library alone, and travel with each release
whose scripts import them. ``parameters``, ``steps`` and ``images`` make definitions with the SageMaker SDK, and never
travel. A pipeline uses what it likes of it, and adds steps and scripts of its own.
"""
