"""Rules for the page itself: screens from 320 pixels on, light and dark, and paper."""

from importlib.resources import files

PAGE = files(__package__).joinpath("page.css").read_text("utf-8")
