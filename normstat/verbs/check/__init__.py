"""``check``: from data and recorded statistics to a verdict."""
