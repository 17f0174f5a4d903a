"""People, roles, sign-in, sessions, invitations."""
