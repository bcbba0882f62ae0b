"""The deployment code, in rooms that import downwards: verbs, flows, workspace, gateways, decisions.

``terminal`` and ``repository`` stand at the side; docs/adr/0013-scripts-in-rooms.md has the reasons. It knows AWS
through boto3 and nothing else; whether AWS or the embedded AWS answers is AWS_ENDPOINT_URL's business.
"""

import sys


def _end(kind, error, trace):  # type: ignore[no-untyped-def]  # (runs on any Python, to tell that it is too old)
    """Ctrl-C before a verb is there to answer it, while its modules are read, is no defect to be reported."""
    if issubclass(kind, KeyboardInterrupt):
        sys.stderr.write("\nInterrupted. Run the same command again: it continues where it stopped.\n")
    else:
        sys.__excepthook__(kind, error, trace)


sys.excepthook = _end
