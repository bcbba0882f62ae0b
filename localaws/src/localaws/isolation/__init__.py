"""How a job or a build is closed in: what it sees of this machine, whom it reaches, and that all of it ends with it.

The only package that knows how. ``views`` says what a run sees, ``machine`` what of this machine is shown to every run,
``levels`` what this machine can do and what is weaker for it, ``process`` starts a run. ``inside`` is what runs between
the server and the program: the standard library alone, and nothing else of localaws. It knows neither jobs nor builds.
"""
