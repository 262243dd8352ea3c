"""The verbs: what normstat does, and the steps of it.

``compute``, ``apply``, ``check`` and ``invert`` are the functions of these names. What ``apply``
does is found in this order: ``choices``; ``planning``, with ``outputs`` (names) and ``demands``
(headers); then ``dryrun``, or ``filling`` with ``writing`` in its workers; and ``applied``, the
account of both.
"""
