"""Stacks that apply has written keep the laws of all sources."""

import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from source_contract import SourceContract
from stacks import by_split

from normstat.images import Payload
from normstat.sources import Source, open_source


class TestStored(SourceContract):
    """The same images in what apply might have written."""

    gone = ("changed_while_read",)

    def named(self, images: Iterable[str]) -> list[str]:
        return [name.replace(".pgm", ".npy") for name in images]

    def payload(self, image: bytes) -> Payload:
        return np.array([[[image[-1]]]], np.uint8)

    def put(self, root: Path, images: dict[str, bytes]) -> None:
        root.mkdir(exist_ok=True)
        for split, array in by_split(images).items():
            np.save(root / f"{split}.npy", array[:, np.newaxis])
        record = {"schema": "normstat/apply/1", "store": "stack", "layout": "chw"}
        (root / "normstat.json").write_text(json.dumps(record))
        rows: Counter[str] = Counter()
        with (root / "index.jsonl").open("w") as file:
            for name in images:
                split = name.partition("/")[0]
                line = {"input": name, "output": f"{split}.npy", "row": rows[split]}
                rows[split] += 1
                file.write(json.dumps(line | {"split": split, "shape": [1, 1, 1]}) + "\n")

    def opened(self, root: Path) -> Source:
        return open_source(root)
