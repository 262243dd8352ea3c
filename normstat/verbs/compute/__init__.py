"""``compute``: from images to statistics. The verb, its job, and what goes on from a cache."""
