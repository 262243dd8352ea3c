"""``explain``: the definition behind numbers. The verb, the definitions, what images tell."""
