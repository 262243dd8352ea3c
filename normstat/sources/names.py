"""Names of the files in a folder, also of one with more of them than memory should hold."""

from abc import abstractmethod
from collections.abc import Callable, Collection, Iterator


class LongNames(Collection[str]):
    """Names in byte order that are made anew whenever they are asked for, and never all at once."""

    @abstractmethod
    def __iter__(self) -> Iterator[str]: ...

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __bool__(self) -> bool:
        return any(True for _ in self)

    def __contains__(self, name: object) -> bool:
        return any(name == each for each in self)


class Numbers(LongNames):
    """Numbers from 0 as names, as many digits for each.

    >>> list(Numbers(3, 6)), len(Numbers(10_000_000, 7))
    (['000000', '000001', '000002'], 10000000)
    """

    def __init__(self, number: int, digits: int) -> None:
        self._number = number
        self._digits = digits

    def __iter__(self) -> Iterator[str]:
        digits = self._digits
        return (f"{number:0{digits}}" for number in range(self._number))

    def __len__(self) -> int:
        return self._number


class _Some(LongNames):
    """Those of many names that pass a test."""

    def __init__(self, names: Collection[str], test: Callable[[str], bool]) -> None:
        self._names = names
        self._test = test
        self._number: int | None = None

    def __iter__(self) -> Iterator[str]:
        return filter(self._test, self._names)

    def __len__(self) -> int:
        if self._number is None:
            self._number = super().__len__()
        return self._number


def those(names: Collection[str], test: Callable[[str], bool]) -> Collection[str]:
    """The names that pass a test: a list of those in a list, else looked for at each use.

    >>> those(["a", "b"], "a".__eq__), list(those(Numbers(3, 1), "1".__lt__))
    (['a'], ['2'])
    """
    if isinstance(names, LongNames):
        return _Some(names, test)
    return [name for name in names if test(name)]
