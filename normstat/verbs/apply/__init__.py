"""``apply``: from images to arrays. The verb, its options and plan, its job, and its result."""
