"""``python -m normstat``."""

import sys

from normstat.cli import main

if __name__ == "__main__":
    sys.exit(main())
