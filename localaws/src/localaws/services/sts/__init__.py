"""STS: who a key belongs to, and sessions of roles that really exist."""
