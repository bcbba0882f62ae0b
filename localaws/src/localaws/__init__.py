"""An AWS that fits on a laptop: one process on loopback, a front door with moto behind it.

It serves the real AWS protocols, so that boto3, the AWS CLI and every other AWS client are its clients. It knows
nothing of the repository it lives in, never imports its deployment code, and never says that something worked which
did not happen: what it does not do answers an error that names the operation.
"""
