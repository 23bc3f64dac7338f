"""How officers sign in: accounts with passwords, codes for the portal, sessions."""
