"""Steps that several engines take."""
