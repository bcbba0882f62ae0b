"""Checks of this repository's own files, and the pages that are generated from them. Nothing here talks to AWS."""
