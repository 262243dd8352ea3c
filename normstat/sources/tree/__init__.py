"""Names in folders: which are images, and which split each folder speaks for."""
