"""Every light on events that show its trouble, and on events that do not."""

from __future__ import annotations

import pytest

from napari_uda.core.metrics.lights import lights, troubles
from napari_uda.core.spec import events as ev

GAN = {"segmentation": ("seg",), "adversarial": ("generators", "discriminators")}
HEALTHY = {"correlation": 0.8, "structure": 0.9, "contrast": 0.95, "variety": 0.9}


def started(method="cyclegan", kind=ev.Started, step=0, **more):
    told = {
        "loss_groups": GAN,
        "guessing": {"discriminators": 0.5},
        "expected": {"cell": 0.2, "vessel": 0.01},
    }
    return kind(
        run="r", step=step, method=method, steps=200, device="cpu",
        precision="float32", **{**told, **more},
    )  # fmt: skip


def losses(step, **values):
    return ev.Step(run="r", step=step, losses=values, speed=1, remaining=1, memory=1)


def validation(step, scores=None, shares=None, **looks):
    measured = {
        look: {**HEALTHY, **looks.get(look, {})} for look in ("target", "source")
    }
    return ev.Validation(
        run="r",
        step=step,
        scores={"source_dice": 0.8, "cycle_dice": 0.75, **(scores or {})},
        shares={"cell": 0.15, "vessel": 0.008, **(shares or {})},
        translations=measured,
    )


def stream(discriminators=0.4, **changes):
    """Return 200 steps; `changes` hold of the validations from step 150 on."""
    events = [started()]
    for step in range(10, 201, 10):
        loss = discriminators(step) if callable(discriminators) else discriminators
        events.append(losses(step, seg=1.0, generators=0.5, discriminators=loss))
        if step % 50 == 0:
            events.append(validation(step, **(changes if step >= 150 else {})))
    return events


def light(events, name):
    (found,) = (one for one in lights(events) if one.name == name)
    return found


def only_trouble(events):
    """Return the one light that is not green."""
    (found,) = troubles(lights(events))
    return found


def test_a_healthy_run_is_green_all_over():
    found = lights(stream())
    assert [one.words for one in found] == [
        "discriminator balanced", "generator varies", "contrast not inverted",
        "mask kept", "all classes found", "no invalid numbers",
    ]  # fmt: skip
    assert {one.level for one in found} == {"ok"}
    assert not troubles(found)
    assert all(one.since is None for one in found)


def test_a_run_that_has_not_begun_has_no_lights():
    assert lights([]) == []


def test_nothing_is_claimed_before_it_was_measured():
    found = lights(stream()[:7])
    assert {one.level for one in found if one.name != "numbers"} == {"unknown"}
    assert light(stream()[:7], "numbers").level == "ok"


@pytest.mark.parametrize(
    ("loss", "level", "words"),
    [
        (0.02, "error", "discriminator has won"),
        (0.10, "warning", "discriminator is winning"),
        (0.15, "ok", "discriminator balanced"),
    ],
)
def test_discriminator(loss, level, words):
    found = light(stream(lambda step: 0.5 if step <= 50 else loss), "discriminator")
    assert (found.level, found.words) == (level, words)
    if level == "error":
        assert "4.0 % of what guessing costs" in found.seen
        assert found.since == 150
        assert "translation_learning_rate" in found.advice


def test_a_short_dip_of_the_discriminators_loss_is_no_victory():
    assert (
        light(stream(lambda step: 0.0 if step > 170 else 0.5), "discriminator").level
        == "ok"
    )


def test_the_strongest_of_two_discriminators_counts():
    names = ("discriminator_target", "discriminator_source")
    begun = started("synseg", loss_groups={"adversarial": names},
                    guessing=dict.fromkeys(names, 0.25))  # fmt: skip
    events = [begun] + [
        losses(step, discriminator_target=0.25, discriminator_source=0.001)
        for step in range(10, 201, 10)
    ]
    assert light(events, "discriminator").level == "error"


def test_a_domain_classifier_is_called_by_its_name():
    begun = started("grl", loss_groups={"domain classifier": ("domain", "accuracy")},
                    guessing={"domain": 0.69})  # fmt: skip
    events = [
        begun,
        *(losses(s, domain=0.01, accuracy=1.0) for s in range(10, 201, 10)),
    ]
    found = light(events, "discriminator")
    assert found.words == "domain classifier has won"
    assert "domain_learning_rate" in found.advice
    assert {one.name for one in lights(events)} == {
        "discriminator",
        "classes",
        "numbers",
    }


def classified(accuracy, reports=30):
    """Return the light of a domain classifier that is right so often."""
    begun = started("grl", loss_groups={"domain classifier": ("domain", "accuracy")},
                    guessing={"domain": 0.69})  # fmt: skip
    steps = range(10, 10 * reports + 1, 10)
    return light(
        [begun, *(losses(s, domain=0.68, accuracy=accuracy(s)) for s in steps)],
        "discriminator",
    )


def test_a_domain_classifier_that_never_did_better_than_guessing_adapts_nothing():
    # Single reports of guesses are often above the threshold.
    found = classified(lambda step: 0.3 if step % 20 else 0.7)
    assert found.level == "warning"
    assert found.words == "domain classifier guesses: no adaptation yet"
    assert "never exceeded 0.6 (best 0.50" in found.seen
    assert found.since == 10
    assert "source_only" in found.advice
    assert "larger patches" in found.advice


def test_a_domain_classifier_that_guesses_after_it_knew_was_deceived():
    found = classified(lambda step: 0.9 if step < 200 else 0.5, reports=60)
    assert (found.level, found.words) == ("ok", "domain classifier balanced")
    assert "told the domains apart before" in found.seen
    assert "now guesses (0.50)" in found.seen


def test_a_domain_classifier_that_tells_domains_apart_is_balanced():
    found = classified(lambda _: 0.7)
    assert (found.level, found.words) == ("ok", "domain classifier balanced")
    assert "before" not in found.seen


def test_whether_a_domain_classifier_guesses_is_not_judged_early():
    found = classified(lambda _: 0.5, reports=19)
    assert (found.level, found.why) == ("unknown", "after 20 reports")
    assert classified(lambda _: 0.5, reports=20).level == "warning"


@pytest.mark.parametrize(
    ("measures", "level", "words", "seen"),
    [
        ({"variety": 0.02}, "error", "generator has collapsed", "between images"),
        ({"contrast": 0.04}, "error", "generator has collapsed", "within images"),
        (
            {"variety": 0.2},
            "warning",
            "generator is flat",
            "look of the target are 20 %",
        ),
        ({"variety": 0.5}, "ok", "generator varies", ""),
    ],
)
def test_generator(measures, level, words, seen):
    found = light(stream(target=measures), "generator")
    assert (found.level, found.words) == (level, words)
    assert seen in found.seen
    assert found.since == (None if level == "ok" else 150)


def test_one_validation_alone_changes_no_light():
    events = [*stream(), validation(250, target={"variety": 0.01, "correlation": -0.9})]
    assert not troubles(lights(events))


def test_contrast_inverted():
    found = only_trouble(stream(source={"correlation": -0.7}))
    assert (found.words, found.level, found.since) == (
        "contrast inverted",
        "warning",
        150,
    )
    assert "in the look of the source is -0.70" in found.seen
    assert "CT and MR" in found.advice


def test_where_structure_is_lost_a_negative_correlation_is_chance():
    found = lights(stream(target={"correlation": -0.35, "structure": 0.65}))
    assert [one.name for one in troubles(found)] == ["mask"]
    assert {one.name: one.level for one in found}["contrast"] == "unknown"


@pytest.mark.parametrize(
    ("changes", "level"),
    [
        ({"target": {"structure": 0.70}}, "error"),
        ({"source": {"structure": 0.77}}, "warning"),
        ({"scores": {"cycle_dice": 0.3}}, "error"),
        ({"scores": {"cycle_dice": 0.5}}, "warning"),
        ({"scores": {"cycle_dice": 0.65}}, "ok"),
    ],
)
def test_mask_not_kept(changes, level):
    words = {"ok": "mask kept", "warning": "mask in doubt", "error": "mask not kept"}
    found = light(stream(**changes), "mask")
    assert (found.level, found.words) == (level, words[level])
    assert found.since == (None if level == "ok" else 150)


def test_a_segmenter_that_is_bad_itself_says_nothing_about_masks():
    events = [started(), losses(1, discriminators=0.5)]
    events += [
        validation(step, {"source_dice": 0.2, "cycle_dice": 0.0}) for step in (50, 100)
    ]
    assert light(events, "mask").level == "ok"


def test_a_class_that_was_there_has_vanished():
    found = only_trouble(stream(shares={"vessel": 0.0001}))
    assert (found.words, found.level, found.since) == ("vessel vanished", "error", 150)
    assert "1.0 % of the share" in found.seen


def test_a_class_that_never_was_there_is_not_found():
    events = [started(), losses(1, discriminators=0.5)]
    events += [validation(step, shares={"vessel": 0.0}) for step in (50, 100)]
    found = only_trouble(events)
    assert (found.words, found.level, found.since) == (
        "vessel not found",
        "warning",
        50,
    )


def test_a_class_that_comes_back_is_found():
    events = [*stream(shares={"vessel": 0.0}), validation(250)]
    assert light(events, "classes").level == "ok"


def test_nan_rolled_back_and_nan_again():
    nan = ev.Warned(run="r", step=100, code="nan", message="The losses became NaN.")
    events = [*stream(), nan, started(kind=ev.Resumed, step=100)]
    found = only_trouble(events)
    assert (found.words, found.level, found.since) == (
        "invalid numbers undone",
        "warning",
        100,
    )
    failed = ev.Failed(run="r", step=120, message="the losses became NaN again")
    assert only_trouble([*events, failed]).words == "invalid numbers again"
    out_of_memory = ev.Failed(run="r", step=120, message="out of memory")
    assert only_trouble([*events, out_of_memory]).words == "invalid numbers undone"


def test_a_stage_before_the_translation_is_not_judged():
    empty = {"target": {"structure": 0.1, "variety": 0.0}, "shares": {"cell": 0.0}}
    before = [
        started(),
        losses(10, seg=1.0),
        *(validation(s, **empty) for s in (50, 100)),
    ]
    assert {one.level for one in lights(before) if one.name != "numbers"} == {"unknown"}
    after = [losses(150, discriminators=0.5), validation(150), validation(200)]
    assert not troubles(lights([*before, *after]))


def test_lights_name_the_phase_in_which_there_is_nothing_to_judge():
    begun = started("unet_gan", phases=(80,))
    early = [begun, losses(10, seg=1.0), validation(50)]
    for name in ("discriminator", "generator", "contrast", "mask", "classes"):
        grey = light(early, name)
        assert grey.level == "unknown"
        assert grey.why == "phase 1 of 2, segmenter only"
        assert "nothing to judge yet" in grey.seen
    assert light(early, "numbers").level == "ok"
    later = [*early, losses(90, discriminators=0.5)]
    assert light(later, "discriminator").why == "after 10 reports"
    assert light(later, "mask").why == "after 2 validations"


def test_the_phase_is_not_named_where_it_is_not_known():
    # one phase, no step yet, and runs from before phases were written down
    for begun, seen in (
        (started(), [losses(10, seg=1.0)]),
        (started(phases=(80,)), []),
    ):
        assert light([begun, *seen], "mask").why == "after 2 validations"
    old = started(phases=(80,), guessing={})
    assert light([old, losses(10, seg=1.0)], "discriminator").why == "not noted"


def test_runs_from_before_the_lights_are_readable_and_say_so():
    old = [
        '{"run":"r","step":0,"time":1,"kind":"started","method":"cyclegan","steps":200,'
        '"device":"cpu","precision":"float32","loss_groups":{"a":["discriminators"]}}',
        '{"run":"r","step":50,"time":2,"kind":"step","losses":{"discriminators":0.0},'
        '"speed":1,"remaining":1,"memory":1}',
        *(
            f'{{"run":"r","step":{step},"time":2,"kind":"validation",'
            '"scores":{"source_dice":0.5},"truth":{}}'
            for step in (50, 100, 150)
        ),
    ]
    found = lights([ev.event_from_json(line) for line in old])
    assert {one.level for one in found if one.name != "numbers"} == {"unknown"}
    assert all("did not write down" in one.seen for one in found if one.level != "ok")


def test_a_baseline_has_the_lights_that_concern_it():
    events = [started("source_only", loss_groups={"s": ("seg",)}, guessing={})]
    events += [losses(1, seg=1.0)]
    assert [one.name for one in lights(events)] == ["classes", "numbers"]


def test_a_sentence_says_what_since_when_and_what_to_do():
    found = only_trouble(stream(source={"correlation": -0.7}))
    for part in ("Contrast inverted:", "-0.70", "Since step 150.", "start again"):
        assert part in found.sentence
