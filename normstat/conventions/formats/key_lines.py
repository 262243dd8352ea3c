"""Lines of ``KEY=value``: environment variables, and DeepStream's configuration."""

from typing import Any

from normstat.conventions.formats.stated import stated
from normstat.conventions.formats.utf8 import utf8
from normstat.errors import StatsFileError


def content(data: bytes) -> Any:
    r"""Constants of ``NORMSTAT_MEAN`` and ``NORMSTAT_STD``, or of nvinfer's ``offsets``.

    >>> content(b"export NORMSTAT_MEAN=0.5\nNORMSTAT_STD=0.25\n")["NORMSTAT"]["mean"]
    [0.5]
    >>> content(b"[property]\nnet-scale-factor=0.5\noffsets=1;2\n")["nvinfer"]["std"]
    2.0
    """
    lines = (line.strip().removeprefix("export ") for line in utf8(data).splitlines())
    pairs = (line.partition("=") for line in lines if not line.startswith(("#", ";")))
    said = {key.strip(): value.strip() for key, equals, value in pairs if equals}
    found: dict[str, Any] = {}
    if "NORMSTAT_MEAN" in said and "NORMSTAT_STD" in said:
        mean, std = (_numbers(said, f"NORMSTAT_{name}", ",") for name in ("MEAN", "STD"))
        found["NORMSTAT"] = stated(mean, std, "white")
    if "offsets" in said and "net-scale-factor" in said:
        (scale,) = _numbers(said, "net-scale-factor", None)
        order = "BGR" if said.get("model-color-format") == "1" else "RGB"
        mean = _numbers({"offsets": said["offsets"].strip(";")}, "offsets", ";")
        found["nvinfer"] = stated(mean, 1 / scale if scale else 0, "stored", 255, order)
    return found


def _numbers(said: dict[str, str], key: str, between: str | None) -> list[float]:
    value = said[key].strip("\"'")
    try:
        return [float(word) for word in (value.split(between) if between else [value])]
    except ValueError as error:
        raise StatsFileError(f"/{key}: {value[:40]!r} are no numbers") from error
