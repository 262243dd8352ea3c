"""The verbs: ``compute``, ``apply``, ``check`` and ``invert``, and the steps of each."""
