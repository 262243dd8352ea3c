"""A progress object that keeps what a run says: the three methods that are asked for, no more."""


class Told:
    """Everything that a run says."""

    __slots__ = ("advances", "notices", "totals")

    def __init__(self) -> None:
        self.totals: list[int] = []
        self.advances: list[int] = []
        self.notices: list[str] = []

    def total(self, images: int) -> None:
        self.totals.append(images)

    def advance(self, images: int) -> None:
        self.advances.append(images)

    def notice(self, message: str) -> None:
        self.notices.append(message)
