"""Packages that decode, if they are installed."""


def package_versions(*packages: str) -> dict[str, str | None]:
    """Versions of packages, without importing them; None where one is not installed.

    >>> package_versions("no-such-package")
    {'no-such-package': None}
    """
    from importlib import metadata  # costs as much as Pillow, and only a cache asks

    found: dict[str, str | None] = {}
    for package in packages:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            found[package] = None
    return found
