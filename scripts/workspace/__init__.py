"""The files of this clone: stage files, pipelines, git, what a build recorded. Nothing here talks to AWS."""
