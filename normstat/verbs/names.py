"""Names of all kinds: presets, published statistics, methods, targets."""

from normstat.conventions.targets import TARGETS
from normstat.errors import UsageError
from normstat.methods import METHODS
from normstat.presets import DATA_SETS, NAMES, Preset, preset
from normstat.unknown_names import no_such


def preset_named(name: str) -> Preset:
    """The preset of a name, or published statistics.

    Raises
    ------
    UsageError
        There is none; the message says so if it is a name of another kind.

    Examples
    --------
    >>> preset_named("unit")
    Traceback (most recent call last):
    normstat.errors.UsageError: unit: no such preset; unit is a method (method="unit"); to list \
presets and published data sets: normstat presets; methods: normstat apply --help; \
targets: normstat export --list
    """
    try:
        return preset(name)
    except UsageError as error:
        raise unknown(name, "preset") from error


def unknown(name: str, kind: str, shown_as: str = "") -> UsageError:
    """The error of a name that is not of a kind, held against all names that there are.

    >>> unknown("mnist", "target").message.partition("; to list")[0]
    'mnist: no such target; mnist is a preset (source="mnist")'
    """
    known = {"preset": (*NAMES, *DATA_SETS), "method": METHODS, "target": TARGETS}
    return no_such(name, kind, known, shown_as)
