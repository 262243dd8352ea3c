"""States: values that add.

Each state is an immutable value with ``empty``, the identity of ``+``, and ``of``. The state of
two sets of images is the sum of their states, in any grouping; that is the law everything else
rests on.
"""
