"""How systems prove who they are beside secrets: public keys, header signatures."""
