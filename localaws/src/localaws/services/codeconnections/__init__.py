"""CodeConnections, by its new and its old name (CodeStar connections), to git folders of this machine."""
