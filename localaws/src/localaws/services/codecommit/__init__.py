"""CodeCommit: bare git repositories that the ordinary git client and the API both read and write."""
