"""The command line: parse, call one function, print, exit.

What only one command needs (NumPy, rich, tqdm) is imported by that command.
"""

from normstat.cli.app import load, main

__all__ = ["load", "main"]
