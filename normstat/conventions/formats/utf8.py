"""Text of bytes."""

from normstat.errors import StatsFileError


def utf8(data: bytes) -> str:
    r"""The text, without a mark of order of bytes; a StatsFileError if it is not UTF-8.

    >>> utf8("\ufeffé".encode())
    'é'
    """
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise StatsFileError("not UTF-8") from error
