"""The elements and words of a page."""

from html.parser import HTMLParser

_EMPTY = {"meta", "link", "path", "rect", "circle", "br"}


class Page(HTMLParser):
    """The elements of a page; every one is closed, in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in _EMPTY:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def ids(self) -> list[str | None]:
        return [attributes["id"] for _, attributes in self.elements if "id" in attributes]

    def number(self, tag: str) -> int:
        return sum(name == tag for name, _ in self.elements)

    def drawn(self) -> int:
        """Drawings but for those of a legend, which its words tell."""
        svg = [attributes for tag, attributes in self.elements if tag == "svg"]
        return sum(attributes.get("role") == "img" for attributes in svg)
