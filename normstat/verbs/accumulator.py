"""Statistics of arrays that a program adds one by one."""

from collections.abc import Iterable
from typing import Any

from normstat import __version__
from normstat.accumulators.fold import Fold
from normstat.accumulators.tally import Tally
from normstat.decode import decode, decoder, versions
from normstat.errors import NothingToRead, UnreadableImage, UsageError
from normstat.images import MAX_PIXELS, Sample
from normstat.sources import ALL
from normstat.sources.program_images import gray_stack, payload_of, refuse_name
from normstat.sources.tree.split_words import refuse_split
from normstat.stats import Settings, Stats, summarize
from normstat.verbs.options import names_of, refuse_settings, refuse_unknown

# Images that are added up in place before they join the sum: of each some bytes are kept there.
_AT_ONCE = 256


class Accumulator:
    """Statistics of arrays, in the middle of a program that has them anyway.

    Adding commutes and groups to the last bit: whichever accumulator takes which image, in
    whatever order, the sum of all is the same. So each process of a ``DataLoader`` or a pool may
    have its own; they can be pickled.

    Parameters
    ----------
    channels, covariance, resize, crop, layout, max_value, channel_names, max_pixels :
        as for :func:`normstat.compute`.
    on_error : ``raise`` an image that cannot be counted; or ``record`` it, as a run over files
        does.

    Examples
    --------
    >>> import numpy as np
    >>> one, other = Accumulator(), Accumulator()
    >>> one.add(np.zeros((5, 6, 3), np.uint8))
    >>> other.add(np.full((5, 6, 3), 255, np.uint8))
    >>> both = (one + other).stats().splits["all"]
    >>> both.images, both.mean, both.std
    (2, (0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
    >>> (one + other).stats() == (other + one).stats()
    True
    """

    def __init__(
        self,
        *,
        channels: str = "auto",
        covariance: bool = False,
        resize: int | None = None,
        crop: int | None = None,
        layout: str = "auto",
        max_value: int | None = None,
        channel_names: str | Iterable[str] | None = None,
        max_pixels: int = MAX_PIXELS,
        on_error: str = "raise",
    ) -> None:
        refuse_unknown("on_error", on_error, ("raise", "record"))
        settings = Settings(
            channels=channels,
            covariance=covariance,
            resize=resize,
            crop=crop,
            layout=layout,
            max_value=max_value,
            channel_names=None if channel_names is None else names_of(channel_names),
            max_pixels=max_pixels,
            source={"kind": "arrays"},
        )
        refuse_settings(settings)
        self._start(settings, on_error, Tally.empty())

    def _start(self, settings: Settings, on_error: str, total: Tally) -> None:
        self._settings = settings
        self._on_error = on_error
        self._total = total
        self._fold = Fold(settings.covariance)
        self._folded = 0

    def add(self, array: Any, split: str = ALL, name: str | None = None) -> None:
        """Add an image.

        Parameters
        ----------
        array : shape (H, W), (H, W, C) or as `layout` says, of any type that ``.npy`` images may
            have; or a tensor, or a Pillow image. With a layout of stacks, ``nhwc`` or ``nchw``, it
            is a batch of several images; of gray ones the axis of channels may be left out.
        split : to which it belongs; ``all`` if there are none, as for :func:`normstat.compute`.
        name : of the image, for records and fingerprints; None: a key of its pixels.

        Raises
        ------
        UsageError
            It is no image.
        UnreadableImage
            It cannot be counted, as it has no finite values or no known layout; nothing was added.
        """
        refuse_split(split)
        if name is not None:
            refuse_name(name, "to add")
        layout = self._settings.layout
        payload = gray_stack(payload_of(array, name or "to add", layout), layout)
        sample = Sample(split, name or "")
        try:
            with decoder():
                pixels = decode(sample, payload, self._settings.reading())
                self._fold.add(Sample(split, name or pixels.key.hex()), pixels)
        except UnreadableImage as error:
            if self._on_error == "raise":
                raise
            self._fold.add_unreadable(sample.unreadable(error))
        self._folded += 1
        if self._folded == _AT_ONCE:
            self._start(self._settings, self._on_error, self._tally())

    def stats(self) -> Stats:
        """The statistics of all images so far, as :func:`normstat.compute` has them of arrays.

        Raises
        ------
        NothingToRead
            No image was added.
        """
        tally = self._tally()
        if not tally.splits:
            raise NothingToRead("no image was added; there are no statistics of none")
        made_with = {"normstat": __version__, **versions()}
        return summarize(tally, tally.splits, self._settings, made_with)

    def __add__(self, other: "Accumulator") -> "Accumulator":
        """The accumulator of the images of both, which stay as they are.

        Raises
        ------
        UsageError
            They read images in other ways.
        """
        if not isinstance(other, Accumulator):
            return NotImplemented
        if self._settings != other._settings:
            raise UsageError("accumulators with other settings do not add; give both the same")
        total = Accumulator.__new__(Accumulator)
        total._start(self._settings, self._on_error, self._tally() + other._tally())
        return total

    def __getstate__(self) -> tuple[Settings, str, Tally]:
        return self._settings, self._on_error, self._tally()

    def __setstate__(self, state: tuple[Settings, str, Tally]) -> None:
        self._start(*state)

    def _tally(self) -> Tally:
        return self._total + self._fold.tally()
