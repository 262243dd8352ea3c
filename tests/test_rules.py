"""The rules, each fired and nearly fired, on statistics of arrays; its parts against oracles."""

import math
import re
from dataclasses import replace
from fractions import Fraction
from statistics import NormalDist

import numpy as np
import pytest
import strategies
from arrays import tally
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from normstat import Case, Level, Stats, check
from normstat.accumulators.fold import Fold
from normstat.accumulators.tally import Tally
from normstat.decode.arrays import decoded
from normstat.decode.pixels import Header
from normstat.errors import UsageError
from normstat.images import Kind, Sample, Unreadable
from normstat.rules import LEVELS, MODES, RULES, leveled, rule_named
from normstat.rules.bounds import bound, student
from normstat.rules.distances import Distances
from normstat.rules.effects import Effect, effects
from normstat.rules.order import _orders
from normstat.stats import Settings, StandardError, summarize

VERSIONS = {"normstat": "0", "pillow": "1", "libjpeg_turbo": "2"}


def pictures(number=12, channels=3, seed=1, low=0, high=256):
    """Images whose channels differ in mean and std, not square."""
    random = np.random.default_rng(seed)
    slopes = 0.4 + 0.6 * np.arange(1, channels + 1) / channels
    noise = random.uniform(0, 1, (number, 9, 14, channels)) * slopes
    return list((low + noise * (high - low)).astype("uint8"))


def stats_of(first=0, unreadable=(), **splits) -> Stats:
    """Statistics of arrays by split."""
    total = Tally.empty()
    for split, arrays in splits.items():
        total += tally(*arrays, split=split, first=first)
    for record in unreadable:
        total += Tally.of_unreadable(record)
    return summarize(total, splits, Settings(), VERSIONS)


def renamed(**splits) -> Stats:
    """The same under other names, as a sample of its own."""
    return stats_of(first=10_000, **splits)


def cases(now, recorded, rule, mode="compatible", **options):
    """What one rule says."""
    return [c for c in check(now, recorded, mode=mode, **options).cases if c.rule == rule]


def level(now, recorded, rule, mode="compatible", **options):
    """The worst that one rule says; it says something."""
    said = cases(now, recorded, rule, mode, **options)
    assert said
    return max((case.level for case in said), key=lambda level: level.rank)


# --- the parts ---


@pytest.mark.parametrize(
    ("tails", "degrees", "expected"),
    [
        (0.05, 1, 12.7062),
        (0.01, 2, 9.9248),
        (0.01, 3, 5.8409),
        (0.002, 4, 7.1732),
        (0.05, 5, 2.5706),
        (0.001, 30, 3.6460),
        (0.05, 120, 1.9799),
    ],
)
def test_quantiles_of_student_are_those_of_the_tables(tails, degrees, expected):
    """Quantiles agree with the printed tables to their last digit."""
    assert student(tails, degrees) == pytest.approx(expected, abs=5e-5)


@given(st.integers(1, 200), st.floats(1e-6, 0.5))
def test_fewer_images_never_give_a_smaller_quantile(degrees, tails):
    """The quantile falls with the degrees of freedom and rises as the tails shrink."""
    assert student(tails, degrees) >= student(tails, degrees + 1) * (1 - 1e-9)
    assert student(tails / 2, degrees) > student(tails, degrees)


def test_many_degrees_count_as_two_hundred():
    """Beyond 200 degrees of freedom the bound stays on the safe side, within 2 %."""
    normal = -NormalDist().inv_cdf(0.01 / 36)
    assert normal < student(0.01 / 18, 10**6) == student(0.01 / 18, 200) < 1.02 * normal


@given(st.floats(1e-9, 1e9), st.floats(1e-9, 1e9), st.integers(2, 500), st.integers(2, 500))
def test_bounds_are_symmetric(one, other, n, m):
    """Exchanging the two samples leaves the bound; more comparisons widen it."""
    here, there = bound((one, other), (n, m), 3), bound((other, one), (m, n), 3)
    assert here == pytest.approx(there, rel=1e-9)
    assert bound((one, other), (n, m), 6) > here > math.hypot(one, other)


def test_errors_of_zero_bound_at_zero():
    """Where all images have the same mean, nothing is uncertain."""
    assert bound((0.0, 0.0), (2, 2), 3) == 0.0


counts = hnp.arrays("int64", 16, elements=st.integers(0, 50)).filter(lambda a: a.sum() > 0)


@given(counts, counts)
def test_distances_are_those_of_the_definitions(after, before):
    """W1 is the area between the exact distributions, KS its largest height; both symmetric."""
    p, q = (
        [Fraction(int(n), int(side.sum())) for n in np.cumsum(side)] for side in (after, before)
    )
    apart = [abs(a - b) for a, b in zip(p, q, strict=True)]
    found, back = Distances.of(after, before), Distances.of(before, after)
    assert found.w1 == pytest.approx(float(sum(apart)), abs=1e-12)
    assert found.ks == pytest.approx(float(max(apart)), abs=1e-12)
    assert (found.w1, found.ks) == (back.w1, back.ks)
    assert found.psi >= 0


def test_psi_by_hand():
    """Ten equal bins, of which one has lost half of its share to another."""
    before = np.full(10, 2)
    after = before.copy()
    after[3], after[4] = 1, 3
    expected = -0.05 * math.log(0.5) + 0.05 * math.log(1.5)
    assert Distances.of(after, before).psi == pytest.approx(expected)
    after[3], after[4] = 0, 4
    assert Distances.of(after, before).psi == math.inf


def effect(size, limit):
    return Effect("mean", "R", 0.5, 0.5, 0.0, size, limit, "σ")


@pytest.mark.parametrize(
    ("size", "limit", "expected"),
    [
        (0.1001, 0.0, Level.FAIL),
        (0.0999, 0.0, Level.WARN),
        (0.05, 0.0, Level.WARN),
        (0.0499, 0.0, Level.PASS),
        (0.15, 0.0499, Level.FAIL),
        (0.15, 0.0501, Level.INCONCLUSIVE),
        (0.04, 0.0601, Level.INCONCLUSIVE),
        (0.04, 0.0599, Level.PASS),
        (0.06, 0.0399, Level.WARN),
        (0.0, None, Level.INCONCLUSIVE),
        (None, 0.0, Level.FAIL),
    ],
)
def test_three_values(size, limit, expected):
    """An effect fails beyond margin and bound, passes within both, warns from half the margin."""
    assert effect(size, limit).level(0.10) is expected
    assert effect(None if size is None else -size, limit).level(0.10) is expected


def test_effects_are_those_of_the_definition():
    """Δmean/σ and the ratio of σ, and bounds from the larger spread, the ratio's times itself."""
    now = stats_of(all=pictures(7, seed=1)).splits["all"]
    recorded = stats_of(all=pictures(9, seed=2)).splits["all"]
    for index, (mean, std) in enumerate(zip(*[iter(effects(now, recorded, 6))] * 2, strict=True)):
        sigma = recorded.std[index]
        ratio = now.std[index] / sigma
        assert mean.observed == pytest.approx((now.mean[index] - recorded.mean[index]) / sigma)
        assert std.observed == pytest.approx(ratio)
        pairs = [
            (mean.bound, now.stderr.mean[index], recorded.stderr.mean[index], 1),
            (std.bound, now.stderr.std[index], recorded.stderr.std[index], ratio),
        ]
        for limit, one, other, weight in pairs:
            spread = max(one * math.sqrt(7), other * math.sqrt(9)) / sigma
            errors = spread / math.sqrt(7), spread / math.sqrt(9) * weight
            expected = bound(errors, (7, 9), 6)
            assert limit == pytest.approx(expected, rel=1e-9)


# --- the table ---


def test_every_rule_is_documented_and_named_once():
    """The table has the rules of the manual; each says what it finds, from when on, how bad."""
    assert set(RULES) == {
        "unreadable",
        "count-changed",
        "data-changed",
        "drift",
        "split-shift",
        "leakage",
        "duplicate",
        "constant-channel",
        "channel-order",
        "value-range",
        "bit-depth",
        "gray-as-rgb",
        "unknown-split",
        "config",
    }
    for rule in RULES.values():
        assert rule.level in (Level.WARN, Level.FAIL)
        assert rule.modes
        assert set(rule.modes) <= set(MODES)
        for cell in (rule.finds, rule.threshold):
            assert re.fullmatch(r"[^\s|][^\n|]*[^\s|.]", cell)  # as a cell of a table takes it
    with pytest.raises(UsageError, match=r"leekage.*leakage"):
        rule_named("leekage")


levels = st.sampled_from(list(Level))


@given(st.sampled_from(sorted(RULES)), levels, st.sampled_from(LEVELS))
def test_set_levels(rule, level, chosen):
    """Off leaves nothing; warn nothing worse; fail raises only what the rule itself calls bad."""
    said = list(leveled([Case(rule, level, "")], {rule: chosen}))
    if chosen == "off":
        assert said == []
    elif level in (Level.PASS, Level.INCONCLUSIVE):
        assert said[0].level is level
    elif level is RULES[rule].level:
        assert said[0].level.value == chosen
    else:
        assert said[0].level.rank == min(level.rank, Level(chosen).rank)


# --- the laws of all rules ---


@settings(deadline=None)
@given(data=st.data(), kind=strategies.kinds)
def test_data_as_recorded_pass(data, kind):
    """Whatever the images, in both modes: what equals the record has no finding but a shift."""
    stats = stats_of(train=data.draw(strategies.sets(kind)), other=data.draw(strategies.sets(kind)))
    for mode in ("same", "compatible"):
        verdict = check(stats, stats, mode=mode, require_conclusive=True)
        assert verdict.level is Level.PASS, verdict.findings


@settings(deadline=None)
@given(data=st.data(), kinds=st.tuples(strategies.kinds, strategies.kinds))
def test_any_two_sets_get_a_verdict(data, kinds):
    """Kinds of every depth and number of channels compare without an exception, and say so."""
    now, recorded = (stats_of(train=data.draw(strategies.sets(kind))) for kind in kinds)
    for mode in ("same", "compatible"):
        verdict = check(now, recorded, mode=mode)
        assert verdict.failed or kinds[0] == kinds[1]
        for case in verdict.cases:
            assert case.message
            assert case.rule in RULES
        looked = {name for name, rule in RULES.items() if rule.look and mode in rule.modes}
        assert looked - {"split-shift"} == {case.rule for case in verdict.cases}


@settings(deadline=None, max_examples=25)
@given(st.permutations(["train", "val", "test"]), st.integers(0, 99))
def test_the_order_of_splits_does_not_matter(order, seed):
    """A verdict has the same cases however the splits of both are ordered."""
    sets = {name: pictures(3, seed=seed + i) for i, name in enumerate(order)}
    now = stats_of(**sets)
    recorded = renamed(**{name: pictures(4, seed=9) for name in order})
    shuffled = replace(now, splits={name: now.splits[name] for name in order})
    again = replace(recorded, splits={name: recorded.splits[name] for name in reversed(order)})
    for mode in ("same", "compatible"):
        expected = set(check(now, recorded, mode=mode).cases)
        assert set(check(shuffled, again, mode=mode).cases) == expected


# --- sameness ---

A = pictures(12)


def test_count_changed():
    """One image more or fewer is a finding with both numbers; as many of other content is none."""
    recorded = stats_of(train=A)
    (fewer,) = cases(stats_of(train=A[1:]), recorded, "count-changed", "same")
    assert (fewer.level, fewer.expected, fewer.observed) == (Level.FAIL, 12, 11)
    assert level(stats_of(train=[*A, A[0]]), recorded, "count-changed", "same") is Level.FAIL
    others = stats_of(train=pictures(12, seed=8))
    assert level(others, recorded, "count-changed", "same") is Level.PASS
    assert cases(stats_of(train=A[1:]), recorded, "count-changed", "compatible") == []


def said(now, recorded):
    (case,) = cases(now, recorded, "data-changed", "same")
    return case.level, case.message


def test_data_changed_tells_apart_what_changed():
    """Paths, contents, order and number each have words of their own."""
    recorded = stats_of(train=A)
    assert said(recorded, recorded)[0] is Level.PASS
    for now, words in [
        (stats_of(train=A[1:]), "removed.* 1 image fewer"),
        (stats_of(train=[*A, A[0]]), "added.* 1 image more"),
        (renamed(train=A), "under other names"),
        (renamed(train=pictures(12, seed=3)), "replaced by others of another name"),
        (stats_of(train=A[::-1]), "contents of files changed"),
    ]:
        found, message = said(now, recorded)
        assert found is Level.FAIL
        assert re.search(words, message)


def fingerprinted(stats, **changes):
    """The same statistics with other fingerprints."""
    split = stats.splits["train"]
    return replace(
        stats,
        splits={"train": replace(split, fingerprint=replace(split.fingerprint, **changes))},
    )


def test_names_that_changed_without_a_fingerprint_of_the_images():
    """Files from before it was recorded leave the counts to tell what was renamed."""
    recorded = fingerprinted(stats_of(train=A), content=None)
    assert "renamed or moved: as many" in said(renamed(train=A), recorded)[1]
    other = renamed(train=pictures(12, seed=3))
    assert "replaced by others" in said(other, recorded)[1]


def test_equal_pixels_of_other_files():
    """A changed comment is a change of files, and the message says that pixels did not change."""
    recorded = stats_of(train=A)
    found, message = said(fingerprinted(recorded, files=1), recorded)
    assert found is Level.FAIL
    assert "pixels did not" in message


def test_another_decoder_is_a_warning_with_the_size():
    """Equal files with other pixels warn, with both versions and by how much numbers differ."""
    recorded = stats_of(train=A)
    brighter = stats_of(train=[np.minimum(image, 254) + 1 for image in A])
    split = recorded.splits["train"].fingerprint
    now = fingerprinted(brighter, files=split.files, pixels=1)
    now = replace(now, decoder={"pillow": "9", "libjpeg_turbo": "2"})
    found, message = said(now, recorded)
    assert found is Level.WARN
    assert "pillow 1 → 9" in message
    assert "mean differs by up to 0.00392" in message
    assert check(now, recorded).exit_code == 0


def test_equal_fingerprints_with_other_counts():
    """Numbers that are not those of the images fail; resized by another decoder they warn."""
    recorded = stats_of(train=A)
    split = recorded.splits["train"].fingerprint
    other = stats_of(train=pictures(12, seed=7))
    now = fingerprinted(other, files=split.files, pixels=split.pixels)
    assert said(now, recorded)[0] is Level.FAIL
    assert said(replace(now, decoder={"pillow": "9"}), recorded)[0] is Level.WARN


@pytest.mark.parametrize("field", ["mean", "std"])
def test_a_number_edited_in_the_stats_file(field):
    """A recorded mean or std that is not that of its own images fails, as does a missing one."""
    stats = stats_of(train=A)
    split = stats.splits["train"]
    first, *rest = getattr(split, field)
    for value, words in [((first + 1e-6, *rest), "altered"), (None, "missing")]:
        edited = replace(stats, splits={"train": replace(split, **{field: value})})
        found, message = said(stats, edited)
        assert found is Level.FAIL
        assert words in message
    assert level(stats, edited, "drift") is Level.INCONCLUSIVE


def lost(index, code="truncated", split="train"):
    return Unreadable(split, f"{split}/{index}.png", code)


def test_unreadable():
    """A new record is a finding, and so is another code; the same path and code are not."""
    known = stats_of(train=A, unreadable=[lost(50)])
    assert level(known, known, "unreadable", "same") is Level.PASS
    other_code = stats_of(train=A, unreadable=[lost(50, "empty")])
    assert level(other_code, known, "unreadable", "same") is Level.FAIL
    (one,) = cases(stats_of(train=A, unreadable=[lost(50), lost(51)]), known, "unreadable")
    assert (one.level, one.observed, one.paths) == (Level.FAIL, 1, ("train/51.png",))
    assert level(stats_of(train=A), known, "unreadable", "same") is Level.PASS


def test_unreadable_names_are_escaped_in_messages_only():
    """A path with a newline and an escape code is shown harmless, and kept as it is beside."""
    bad = Unreadable("train", "train/a\n\x1b[31m::error::.png", "empty")
    (case,) = cases(stats_of(train=A, unreadable=[bad]), stats_of(train=A), "unreadable")
    assert case.message.isprintable()
    assert case.paths == (bad.path,)


def test_more_images_of_another_depth_than_are_named():
    """Beyond the ten that have a name, images of another depth count as a number."""
    deep = [np.full((2, 3, 1), 9, "uint16")] * 11
    recorded = stats_of(train=[*pictures(20, 1), *deep])
    now = stats_of(train=[*pictures(20, 1), *deep, deep[0]])
    assert level(recorded, recorded, "unreadable", "same") is Level.PASS
    (case,) = cases(now, recorded, "unreadable", "same")
    assert (case.level, case.observed) == (Level.FAIL, 1)


def test_what_became_unreadable_explains_the_fingerprints():
    """Only `unreadable` fails; that the others cannot be compared is inconclusive, never fine."""
    recorded = stats_of(train=A)
    now = stats_of(train=A[:-1], unreadable=[lost(11)])
    verdict = check(now, recorded)
    assert [(c.rule, c.level) for c in verdict.findings] == [
        ("unreadable", Level.FAIL),
        ("data-changed", Level.INCONCLUSIVE),
    ]
    assert check(now, recorded, levels={"unreadable": "warn"}).exit_code == 0
    elsewhere = stats_of(train=A[:-1], unreadable=[lost(99)])
    assert level(elsewhere, recorded, "data-changed", "same") is Level.FAIL
    assert level(elsewhere, recorded, "count-changed", "same") is Level.FAIL


def test_an_unreadable_image_more_is_no_other_finding():
    """A broken file beside the recorded ones changes none of them."""
    now = stats_of(train=A, unreadable=[lost(99)])
    assert [c.rule for c in check(now, stats_of(train=A)).findings] == ["unreadable"]


def test_unknown_split():
    """A split on one side only is a finding for either, unless others were asked for."""
    one, two = stats_of(train=A), stats_of(train=A, val=pictures(3, seed=5))
    assert level(two, one, "unknown-split") is Level.FAIL
    assert level(one, two, "unknown-split") is Level.FAIL
    assert level(two, one, "unknown-split", split="train") is Level.PASS
    assert level(two, two, "unknown-split") is Level.PASS
    words = [
        case.message for pair in ((one, two), (two, one)) for case in cases(*pair, "unknown-split")
    ]
    assert "recorded, but not found (found: train); choose with split" in words


def test_splits_without_images_are_said_to_be_open():
    """Where nothing was counted on one side, rules say that they saw nothing."""
    empty = stats_of(train=[])
    for now, recorded in [(empty, stats_of(train=A)), (stats_of(train=A), empty), (empty, empty)]:
        for rule in ("drift", "constant-channel", "channel-order", "value-range", "bit-depth"):
            assert level(now, recorded, rule) is Level.INCONCLUSIVE


# --- drift ---


def numbered(stats, shift=0.0, factor=1.0):
    """The same statistics with each mean moved by a part of its σ, and each σ stretched."""
    split = stats.splits["train"]
    mean = tuple(m + shift * s for m, s in zip(split.mean, split.std, strict=True))
    std = tuple(s * factor for s in split.std)
    return replace(stats, splits={"train": replace(split, mean=mean, std=std)})


@pytest.mark.parametrize(
    ("by", "expected"),
    [(0.101, Level.FAIL), (0.099, Level.WARN), (0.051, Level.WARN), (0.049, Level.PASS)],
)
def test_drift_of_the_same_images(by, expected):
    """Where the paths are equal the effect alone decides, on both sides of both thresholds."""
    recorded = stats_of(train=A)
    for sign in (-1, 1):
        assert level(numbered(recorded, shift=sign * by), recorded, "drift") is expected
        assert level(numbered(recorded, factor=1 + sign * by), recorded, "drift") is expected
    wider = level(numbered(recorded, shift=by), recorded, "drift", margin=0.3)
    assert wider is Level.PASS


def test_drift_says_that_equal_names_count_as_the_same_images():
    """Each message says it where the paths are equal, and none where they are not."""
    recorded, words = stats_of(train=A), "same file names as recorded, so taken as the same images"
    for shift in (0, 0.07, 0.2):
        assert all(words in c.message for c in cases(numbered(recorded, shift), recorded, "drift"))
    assert not any(words in c.message for c in cases(renamed(train=A), recorded, "drift"))


def test_drift_of_a_small_sample_is_open():
    """Few images cannot show a shift that many do, and the message names what they could show."""
    few = renamed(train=pictures(3, seed=5))
    (first, *_) = cases(few, stats_of(train=pictures(3)), "drift")
    assert first.level is Level.INCONCLUSIVE
    assert "only a shift above" in first.message
    few_cases = check(few, stats_of(train=pictures(3)), mode="compatible")
    assert few_cases.exit_code == 0
    assert replace(few_cases, require_conclusive=True).exit_code == 1
    many = renamed(train=pictures(300, seed=5))
    assert level(many, stats_of(train=pictures(300)), "drift") is Level.PASS


def test_drift_of_new_images_beyond_the_bound():
    """New images of another brightness fail, from the same source they pass."""
    recorded = stats_of(train=pictures(300))
    assert level(renamed(train=pictures(300, seed=2, low=20)), recorded, "drift") is Level.FAIL
    (case, *_) = cases(renamed(train=pictures(300, seed=2, low=20)), recorded, "drift")
    assert (case.split, case.channel, case.tolerance, case.unit) == ("train", "R", 0.1, "σ")
    assert "W1/σ" in case.message


def alike(number, seed, brighter=0):
    """Images that hardly differ."""
    return list(np.random.default_rng(seed).integers(40, 80, (number, 9, 14, 3), "u1") + brighter)


def test_rare_images_of_the_source_are_not_drift():
    """Few images without the rare ones of their source do not fail, on either side; brighter do."""
    blank = [np.full((9, 14, 3), 255, "u1")] * 6
    source, few = stats_of(train=alike(294, 1) + blank), renamed(train=alike(20, 2))
    assert level(few, source, "drift") is Level.INCONCLUSIVE
    assert level(source, few, "drift") is Level.INCONCLUSIVE
    assert level(renamed(train=alike(20, 2, brighter=60)), source, "drift") is Level.FAIL


def test_one_image_has_no_bound():
    """Without a standard error nothing is certain, unless it is the same image."""
    one = stats_of(train=A[:1])
    assert level(renamed(train=A[:1]), one, "drift") is Level.INCONCLUSIVE
    assert level(one, one, "drift") is Level.PASS


def test_a_recorded_sigma_of_zero():
    """Whatever is not the recorded constant is out of any margin."""
    black = stats_of(train=[np.zeros((2, 3, 1), "uint8")] * 3)
    assert level(stats_of(train=[a[..., :1] for a in A[:3]]), black, "drift") is Level.FAIL
    assert level(black, black, "drift") is Level.PASS


def test_drift_needs_the_same_channels():
    """Gray where color was recorded fails, with both in the message."""
    gray = stats_of(train=[image[..., :1] for image in A])
    (case,) = cases(gray, stats_of(train=A), "drift")
    assert (case.level, case.expected, case.observed) == (Level.FAIL, "R, G, B", "gray")


def test_a_missing_standard_error_is_open():
    """A stats file without standard errors gives no verdict on new images."""
    recorded = stats_of(train=A)
    bare = replace(recorded.splits["train"], stderr=StandardError())
    recorded = replace(recorded, splits={"train": bare})
    assert level(renamed(train=A), recorded, "drift") is Level.INCONCLUSIVE


def test_split_shift():
    """A val that is surely unlike train warns; one of the same source, or a tiny one, does not."""

    def shifted(val):
        stats = stats_of(train=pictures(200), val=val)
        return level(stats, stats, "split-shift")

    assert shifted(pictures(200, seed=2, low=40)) is Level.WARN
    assert shifted(pictures(200, seed=2)) is Level.PASS
    assert shifted(pictures(2, seed=2, low=40)) is Level.PASS
    assert shifted(pictures(1, seed=2)) is Level.INCONCLUSIVE
    assert shifted([image[..., :1] for image in A]) is Level.WARN
    stats = stats_of(val=A, test=A)
    assert cases(stats, stats, "split-shift") == []


def test_what_cannot_fail_need_not_be_conclusive():
    """Not to know fails only where what is looked for would, by default or as it is set."""
    stats = stats_of(train=A, val=pictures(1, seed=2))
    (open_, *_) = (c for c in cases(stats, stats, "split-shift") if c.level is not Level.PASS)
    assert open_.level is Level.INCONCLUSIVE
    assert not check(stats, stats, require_conclusive=True).failed
    assert check(stats, stats, require_conclusive=True, levels={"split-shift": "fail"}).failed
    options = {"mode": "compatible", "require_conclusive": True}
    few, recorded = renamed(train=pictures(3, seed=5)), stats_of(train=pictures(3))
    assert check(few, recorded, **options).failed
    off = {"channel-order": "off"}
    assert not check(few, recorded, levels={"drift": "warn", **off}, **options).failed


# --- content ---


def test_constant_channel():
    """A channel that became constant fails; with one pixel that differs, or if recorded, not."""
    flat = [image.copy() for image in A]
    for image in flat:
        image[..., 2] = 7
    now, recorded = stats_of(train=flat), stats_of(train=A)
    found = [c.channel for c in cases(now, recorded, "constant-channel") if c.level is Level.FAIL]
    assert found == ["B"]
    assert level(now, now, "constant-channel") is Level.PASS
    flat[3][0, 0, 2] = 8
    assert level(stats_of(train=flat), recorded, "constant-channel") is Level.PASS


@pytest.mark.parametrize("order", [(2, 1, 0), (1, 2, 0), (0, 2, 1)])
def test_channel_order(order):
    """Every other order of the channels is found, and named."""
    now = stats_of(train=[image[..., list(order)] for image in A])
    (case,) = cases(now, stats_of(train=A), "channel-order")
    back = ", ".join("RGB"[order.index(i)] for i in range(3))
    assert case.level is Level.FAIL
    assert f"in the order {back} " in case.message
    assert (case.expected, case.unit) == (0, "σ off")
    assert f"as found by {case.observed:.3g} σ" in case.message
    assert case.observed >= case.tolerance


def test_channel_order_only_if_five_times_better():
    """A swap that other changes hide to a factor under five is doubtful; of alike channels, too."""
    swapped, recorded = stats_of(train=[image[..., ::-1] for image in A]), stats_of(train=A)
    (plain,) = cases(swapped, recorded, "channel-order")
    # Moved in σ, all channels alike, which no order undoes: as far as a third, or a twentieth.
    for part, expected in [(1 / 3, Level.INCONCLUSIVE), (1 / 20, Level.FAIL)]:
        shifted = numbered(swapped, shift=part * plain.observed / math.sqrt(3))
        assert level(shifted, recorded, "channel-order") is expected
    alike = stats_of(train=[np.repeat(image[..., :1], 3, axis=2) for image in A])
    brighter = stats_of(train=[np.repeat(image[..., :1], 3, axis=2) // 2 for image in A])
    (case,) = cases(brighter, alike, "channel-order")
    assert (case.level, "cannot be told" in case.message) == (Level.INCONCLUSIVE, True)


def tinted(number, seed, slopes):
    """Images of noise, some darker than others, with a channel for each slope."""
    random = np.random.default_rng(seed)
    noise = random.uniform(0, 255, (number, 9, 14, len(slopes)))
    return list((noise * slopes * random.uniform(0.3, 1, (number, 1, 1, 1))).astype("u1"))


ALIKE, DISTINCT = (0.8, 0.5, 0.801), (0.6, 0.7, 0.8)


def test_channel_order_that_cannot_be_told():
    """Where R and B are alike, or too few images tell them apart, no order is said to fit."""
    recorded = stats_of(train=tinted(60, 1, ALIKE))
    for images in (tinted(60, 2, ALIKE), [image[..., ::-1] for image in tinted(60, 2, ALIKE)]):
        (case,) = cases(renamed(train=images), recorded, "channel-order")
        assert case.level is Level.INCONCLUSIVE
        assert "channels recorded fit in the order B, G, R as well" in case.message
        assert f"{case.observed:.2g} σ off, within the error of" in case.message
        assert f"the error of {case.expected.removeprefix('more than ')} σ" in case.message
    recorded, found = stats_of(train=tinted(300, 1, DISTINCT)), {}
    for number in (1, 2, 300):
        now = renamed(train=tinted(number, 2, DISTINCT))
        (case,) = cases(now, recorded, "channel-order")
        found[number] = case.level
        assert ("it takes 2 images" in case.message) == (number == 1)
    assert found == {1: Level.INCONCLUSIVE, 2: Level.INCONCLUSIVE, 300: Level.PASS}


def test_channel_order_of_too_few_for_five_times():
    """Swapped channels that chance lets fit less than five times better are no pass."""
    recorded = stats_of(train=tinted(300, 1, DISTINCT))
    swapped = renamed(train=[image[..., [1, 0, 2]] for image in tinted(40, 2, DISTINCT)])
    (case,) = cases(swapped, recorded, "channel-order")
    assert case.level is Level.INCONCLUSIVE


def test_channel_order_where_it_does_not_matter():
    """The recorded pixels themselves, and images with equal channels, have no doubtful order."""
    alike = stats_of(train=tinted(3, 1, ALIKE))
    assert level(alike, alike, "channel-order") is Level.PASS
    gray = [noted(stats_of(first, train=tinted(3, 1, (0.5,) * 3)), 1) for first in (0, 10)]
    assert level(*gray, "channel-order") is Level.PASS


def test_channel_order_says_how_far_off_it_is():
    """Numbers far from those recorded are not said to fit, whatever the order."""
    recorded = stats_of(train=A)
    (case,) = cases(numbered(recorded, shift=2), recorded, "channel-order")
    assert (case.level, case.observed) == (Level.PASS, pytest.approx(2 * math.sqrt(3)))
    assert "order fits," not in case.message
    assert "3.46 σ" in case.message


def test_channel_order_of_many_bands():
    """Of seven bands the reverse and an exchange of two are found without all 5,040 orders."""
    orders = set(_orders(7))
    assert len(orders) < 30
    assert {tuple(range(7)), tuple(range(7))[::-1], (0, 4, 2, 3, 1, 5, 6)} <= orders
    assert len(set(_orders(4))) == math.factorial(4)


def scaled(factor, offset, of):
    return [(image * factor + offset).round().astype("uint8") for image in of]


FULL = pictures(12, low=0, high=255)


def test_value_range_of_video():
    """Squeezing 0-255 into 16-235 is found both ways; another squeeze of the same range warns."""
    full = [image.copy() for image in FULL]
    for image in full:
        image[:2] = np.where(image[:2] > 100, 255, 0)
    recorded, video = stats_of(train=full), stats_of(train=scaled(219 / 255, 16, full))
    for now, then in [(video, recorded), (recorded, video)]:
        assert level(now, then, "value-range") is Level.FAIL
    less_contrast = stats_of(train=scaled(0.7, 30, full))
    assert level(less_contrast, recorded, "value-range") is Level.WARN
    assert level(stats_of(train=scaled(0.95, 0, full)), recorded, "value-range") is Level.PASS


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_value_range_of_divided_values(dtype):
    """0-1 where 0-255 was recorded, and the reverse; values of 0-127 are neither."""
    gray = [image[..., :1] for image in FULL]
    recorded = stats_of(train=gray)
    unit = stats_of(train=[(image > 99).astype(dtype) for image in gray])
    assert level(unit, recorded, "value-range") is Level.FAIL
    assert level(recorded, unit, "value-range") is Level.FAIL
    half = stats_of(train=[(image % 100).astype(dtype) for image in gray])
    assert level(half, recorded, "value-range") in (Level.PASS, Level.WARN)


def floats(number, seed, low=0.0, high=1.0):
    """Gray images of floats, some darker than others, from one end to the other."""
    random = np.random.default_rng(seed)
    images = random.uniform(0, 1, (number, 9, 14, 1)) ** random.uniform(0.8, 2, (number, 1, 1, 1))
    images[:, 0, 0], images[:, 0, 1] = 0, 1
    return list((low + images * (high - low)).astype("float32"))


def test_value_range_of_signed_values():
    """-1 to 1 where 0 to 1 was recorded is found both ways, in new images too, and named."""
    unit = stats_of(train=floats(30, 1))
    for signed in (stats_of(train=floats(30, 1, -1)), renamed(train=floats(20, 2, -1.05, 1.05))):
        for now, then, words in [(signed, unit, "-1 to 1 where"), (unit, signed, "0 to 1 where")]:
            (case,) = cases(now, then, "value-range")
            assert case.level is Level.FAIL
            assert words in case.message
    bright = stats_of(train=[1 - 2 * image**6 for image in floats(30, 2)])
    assert level(bright, unit, "value-range") is Level.WARN
    assert level(unit, bright, "value-range") is Level.WARN


@pytest.mark.parametrize(
    ("now", "then"), [((-0.65, 0.7), (0.1, 0.9)), ((-0.05, 1), (0, 1)), ((-1, 1), (-0.3, 0.9))]
)
def test_value_range_of_ordinary_floats(now, then):
    """Floats of other ends than those, or with what resampling adds, are no finding."""
    one, other = stats_of(train=floats(30, 1, *now)), stats_of(train=floats(30, 2, *then))
    assert level(one, other, "value-range") is Level.PASS
    assert level(other, one, "value-range") is Level.PASS


def test_value_range_of_normalized_values():
    """-1 to 1 where 0 to 255 was recorded, and the reverse; of floats, which have one type."""
    wide, signed = stats_of(train=floats(9, 1, 0, 255)), stats_of(train=floats(9, 2, -1))
    assert level(signed, wide, "value-range") is Level.FAIL
    assert level(wide, signed, "value-range") is Level.FAIL


def test_value_range_of_a_constant_channel():
    """A channel of one value, which fits nothing but itself, is no sign of a range."""
    flat, darker = ([image.copy() for image in pictures(low=17, high=234)] for _ in range(2))
    for images, blue in ((flat, 100), (darker, 90)):
        for image in images:
            image[..., 2] = blue
    assert level(stats_of(train=flat), stats_of(train=darker), "value-range") is Level.PASS


def test_bit_depth():
    """Another type of pixel fails, the same passes."""
    gray = [image[..., :1] for image in A]
    recorded = stats_of(train=gray)
    for dtype in ("uint16", "float32"):
        now = stats_of(train=[image.astype(dtype) for image in gray])
        (case,) = cases(now, recorded, "bit-depth")
        assert (case.level, case.expected, case.observed) == (Level.FAIL, "uint8", dtype)
    assert level(renamed(train=gray), recorded, "bit-depth") is Level.PASS


def test_eight_bits_in_sixteen():
    """At most 256 values where over 1,024 were recorded fail, either way; with few pixels, open."""
    random = np.random.default_rng(7)
    deep = [random.integers(0, 65536, (40, 50, 1)).astype("uint16") for _ in range(3)]
    recorded = stats_of(train=deep)
    eight = stats_of(train=[image // 257 * 257 for image in deep])
    assert level(eight, recorded, "bit-depth") is Level.FAIL
    assert level(recorded, eight, "bit-depth") is Level.FAIL
    as_they_are = stats_of(train=[image // 400 for image in deep])
    assert level(as_they_are, recorded, "bit-depth") is Level.FAIL
    ten = stats_of(train=[image // 128 * 128 for image in deep])
    assert level(ten, recorded, "bit-depth") is Level.PASS
    tiny = stats_of(train=[deep[0][:5, :5]])
    assert level(tiny, recorded, "bit-depth") is Level.INCONCLUSIVE


def counted_to(bits, seed, dark=1):
    """Gray images of noise with values of so many bits, in 16-bit pixels."""
    random = np.random.default_rng(seed)
    level = random.uniform(0.6, 1, (4, 1, 1, 1)) / dark
    values = random.uniform(0, 2**bits - 1, (4, 40, 50, 1)) * level
    values[:, 0, 0] = (2**bits - 1) / dark
    return values.round().astype("uint16")


WAYS = {
    "shifted": lambda values, bits: values << (16 - bits),
    "repeated": lambda values, bits: values << (16 - bits) | values >> (2 * bits - 16),
    "in proportion": lambda values, bits: (values * (65535 / (2**bits - 1))).round().astype("u2"),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("bits", [8, 10, 12, 14])
def test_fewer_bits_in_sixteen(bits, way):
    """Values of fewer bits that one side has scaled to 16 are found both ways, and named."""
    recorded = stats_of(train=WAYS[way](counted_to(bits, 1), bits))
    assert level(recorded, recorded, "bit-depth") is Level.PASS
    now = renamed(train=counted_to(bits, 2))
    for one, other, there in [(now, recorded, "pixels now"), (recorded, now, "when recorded;")]:
        (case,) = cases(one, other, "bit-depth")
        assert case.level is Level.FAIL
        assert f"{bits}-bit values of 0 to {2**bits - 1}" in case.message
        assert there in case.message


def test_fewer_bits_where_no_steps_show():
    """Values scaled and then resampled are known by the factor alone, unless an exposure has it."""
    recorded = stats_of(train=counted_to(16, 1))
    for bits in (8, 10, 12):
        now = stats_of(train=counted_to(16, 1) >> (16 - bits))
        assert level(now, recorded, "bit-depth") is Level.FAIL
        assert level(recorded, now, "bit-depth") is Level.FAIL
    assert level(stats_of(train=counted_to(16, 1) >> 2), recorded, "bit-depth") is Level.PASS


@pytest.mark.parametrize("dark", [2, 4.1, 8, 14.5, 17.5, 40, 60])
def test_dark_images_have_all_their_bits(dark):
    """Images darker by another factor, on whichever steps, are no finding of their depth."""
    for way in (lambda values, bits: values << (16 - bits), WAYS["in proportion"]):
        for bits in (12, 16):
            recorded = stats_of(train=way(counted_to(bits, 1), bits))
            now = renamed(train=way(counted_to(bits, 2, dark), bits))
            assert level(now, recorded, "bit-depth") is Level.PASS
            assert level(recorded, now, "bit-depth") is Level.PASS


def test_masks_in_sixteen_bits_are_no_depth():
    """Two values lie on the steps of any depth: a darker mask is not one of fewer bits."""
    masks = counted_to(16, 1) > 20_000
    bright, dark = (stats_of(train=masks * np.uint16(white)) for white in (0xFF00, 3001))
    assert level(dark, bright, "bit-depth") is Level.PASS


def test_gray_as_rgb():
    """More than half of the images turned gray, as gray or as color files, fail; half does not."""
    gray = [image[..., :1] for image in A]
    recorded = stats_of(train=A)
    assert level(stats_of(train=gray), recorded, "gray-as-rgb") is Level.FAIL
    assert level(recorded, stats_of(train=gray), "gray-as-rgb") is Level.FAIL


def noted(stats, share):
    split = stats.splits["train"]
    notes = {**split.notes, "equal_channels": round(share * split.images)}
    return replace(stats, splits={"train": replace(split, notes=notes)})


@pytest.mark.parametrize(("share", "expected"), [(0.5, Level.PASS), (7 / 12, Level.FAIL)])
def test_gray_as_rgb_from_more_than_half(share, expected):
    """The share of images with equal channels may change by a half, and no more, either way."""
    recorded = stats_of(train=A)
    assert level(noted(recorded, share), recorded, "gray-as-rgb") is expected
    assert level(recorded, noted(recorded, share), "gray-as-rgb") is expected


def of_scale(scale, arrays, dtype="uint8") -> Stats:
    """Statistics of gray images whose format declares a largest value."""
    fold = Fold()
    for number, array in enumerate(arrays):
        kind = Kind(dtype, ("gray",), scale)
        pixels = decoded(array.astype(dtype), kind, Header("PPM", "L", ()), bytes([number] * 32))
        fold.add(Sample("train", f"{number}.pgm"), pixels)
    return summarize(fold.tally(), ["train"], Settings(), VERSIONS)


def test_values_of_another_scale_are_of_another_depth():
    """Files of up to 15 where such of up to 255 were recorded fail, for what they are."""
    gray = pictures(channels=1)
    full = of_scale(255, gray)
    few = of_scale(15, [image // 16 for image in gray])
    for now, then in ((few, full), (full, few)):
        (case,) = cases(now, then, "bit-depth")
        assert case.level is Level.FAIL
        assert (case.observed, case.expected) == tuple(
            f"uint8 to {stats.splits['train'].scale}" for stats in (now, then)
        )
        assert level(now, then, "value-range") is Level.PASS
    assert level(few, few, "bit-depth") is Level.PASS


def test_values_of_few_bits_are_not_divided_ones():
    """0 to 3 is all there is where the largest is 3; the same values of 8 bits are divided."""
    gray = pictures(channels=1)
    tiny = [image // 64 for image in gray]
    full = of_scale(255, gray)
    assert level(of_scale(3, tiny), full, "value-range") is Level.PASS
    assert level(of_scale(255, tiny), full, "value-range") is Level.FAIL
    assert level(of_scale(1, [i // 128 for i in gray]), full, "value-range") is Level.PASS


def test_values_left_in_stored_units_are_compared_as_before():
    """With a largest value of 1 for 8 bits, video's limits are still seen."""
    full = pictures(channels=1, seed=4)
    video = [np.rint(image * (219 / 255) + 16) for image in full]
    for scale in (1, 255):
        assert level(of_scale(scale, video), of_scale(scale, full), "value-range") is level(
            of_scale(255, video), of_scale(255, full), "value-range"
        )
