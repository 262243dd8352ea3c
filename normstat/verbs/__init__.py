"""The verbs: what normstat does, one module each."""
