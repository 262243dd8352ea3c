"""Settings that Pillow, libtiff and Python keep for a whole process, while images are decoded."""

import ctypes
import threading
import warnings
from contextlib import AbstractContextManager, ExitStack
from typing import Any

from PIL import Image, _imaging


class _Settings(AbstractContextManager[None]):
    """Set by the first that decodes, and put back by the last, in whatever threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._users = 0
        self._libtiff_is_silent = False
        self._saved = ExitStack()

    def __enter__(self) -> None:
        with self._lock:
            self._users += 1
            if self._users == 1:
                self._saved.callback(setattr, Image, "MAX_IMAGE_PIXELS", Image.MAX_IMAGE_PIXELS)
                Image.MAX_IMAGE_PIXELS = None
                # Not catch_warnings: another thread may be the one that puts them back.
                self._saved.callback(_put_back, list(warnings.filters))
                warnings.simplefilter("ignore")

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._users -= 1
            if not self._users:
                self._saved.close()
                self._libtiff_is_silent = False

    def silence_libtiff(self) -> None:
        """Keep libtiff off stderr until :func:`decoder` ends: its errors are exceptions."""
        with self._lock:
            if self._libtiff_is_silent:
                return
            self._libtiff_is_silent = True
            pillow = ctypes.CDLL(_imaging.__file__)
            for name in ("TIFFSetErrorHandler", "TIFFSetWarningHandler"):
                # Where libtiff is linked into Pillow without its names, it is not heard of there.
                set_handler = getattr(pillow, name, None)
                if set_handler:
                    set_handler.argtypes, set_handler.restype = [ctypes.c_void_p], ctypes.c_void_p
                    self._saved.callback(set_handler, set_handler(None))


def _put_back(filters: list[Any]) -> None:
    warnings.filters[:] = filters  # type: ignore[index]  # a list, which its type keeps back


_settings = _Settings()
silence_libtiff = _settings.silence_libtiff


def decoder() -> AbstractContextManager[None]:
    """Decode images inside of this, in any number of threads.

    The limit on pixels is the decoders' own, and Pillow's remarks about a file (warnings) are no
    verdict on its pixels, whatever ``-W`` says.

    Examples
    --------
    >>> limit = Image.MAX_IMAGE_PIXELS
    >>> with decoder():
    ...     Image.MAX_IMAGE_PIXELS is None
    True
    >>> Image.MAX_IMAGE_PIXELS == limit
    True
    """
    return _settings
