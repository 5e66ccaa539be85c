"""Whether a run is better than its baseline is said plainly."""

from __future__ import annotations

import pytest

from napari_uda.core.metrics.outcome import (
    LIGHTS,
    PREDICT,
    Ending,
    OnImages,
    ending_of,
    verdict,
)
from napari_uda.core.spec import events as ev

BEFORE = Ending("source_only", 0.63, (("information", 0.5), ("confidence", 0.9)))


def run(truth=None, scores=(), method="grl", changed=None):
    return Ending(method, truth, tuple(scores), changed)


@pytest.mark.parametrize("truth", [0.52, 0.63, 0.635])
def test_truth_that_is_no_better_is_said_and_what_lights_mean(truth):
    said = verdict(run(truth), BEFORE)
    assert said.level == "note"
    assert f"No better than source_only: target Dice {truth:.2f}" in said.text
    assert "against 0.63 on a few patches" in said.text
    assert said.text.endswith(PREDICT)


def test_a_few_patches_tell_of_a_better_run_only_perhaps():
    assert verdict(run(0.645), BEFORE).text.startswith("Perhaps better")
    assert verdict(run(0.71), BEFORE) == (
        "note",
        "Perhaps better than source_only: target Dice 0.71 against 0.63 on a few "
        f"patches. {PREDICT}",
    )


def test_whole_images_go_before_patches():
    said = verdict(run(0.71), BEFORE, OnImages(0.56, 0.58, 7))
    assert said.level == "warning"
    assert said.text == (
        "No better than source_only: Dice 0.56 against 0.58 on 7 whole images. "
        f"{LIGHTS}"
    )
    assert verdict(run(0.5), BEFORE, OnImages(0.6, 0.4, 1)) == (
        "ok",
        "Better than source_only: Dice 0.60 against 0.40 on 1 whole image.",
    )
    assert verdict(run(), BEFORE, OnImages(0.605, 0.6, 7)).text.startswith("No better")
    assert verdict(run(), BEFORE, OnImages(0.615, 0.6, 7)).text.startswith("Better")


def test_unequal_trainings_are_a_caution_and_stand_before_the_scores():
    words = "trained for 250 steps, the baseline for 60"
    said = verdict(run(0.57), Ending("source_only", 0.27), None, words)
    assert said.level == "warning"
    assert said.text.startswith(f"Perhaps better than source_only ({words}): target ")
    known = verdict(run(0.57), BEFORE, OnImages(0.6, 0.4, 7), words)
    assert known.level == "warning"
    assert known.text.startswith(f"Better than source_only ({words}): Dice 0.60")
    worse = verdict(run(0.2), BEFORE, None, words)
    assert worse.level == "note"
    assert worse.text.startswith(f"No better than source_only ({words}): ")


@pytest.mark.parametrize(
    ("information", "confidence", "level", "more"),
    [(0.6, 0.95, "note", 2), (0.6, 0.8, "warning", 1), (0.4, 0.8, "warning", 0)],
)
def test_without_truth_scores_without_labels_count(
    information, confidence, level, more
):
    scores = {"information": information, "confidence": confidence, "new": 1.0}
    said = verdict(run(None, scores.items()), BEFORE)
    assert said.level == level
    assert f"{more} of 2 scores without labels are higher (no truth)" in said.text
    assert said.text.startswith("Perhaps" if more == 2 else "No better")


def test_translations_that_change_nothing_are_named_even_where_dice_is_better():
    said = verdict(run(0.71, method="td_gan", changed=1.2), BEFORE)
    assert said.level == "warning"
    assert "hardly change images (1.2 %)" in said.text
    assert verdict(run(0.71, method="td_gan", changed=12.0), BEFORE).level == "note"


def test_without_a_baseline_nothing_tells():
    said = verdict(run(0.71), None)
    assert said.level == "note"
    assert "train source_only on the same data" in said.text
    assert verdict(run(0.5), Ending("source_only")).level == "note"
    unchanged = verdict(run(0.71, method="td_gan", changed=1.2), None)
    assert unchanged.level == "warning"
    assert "hardly change images (1.2 %)" in unchanged.text


@pytest.mark.parametrize("method", ["source_only", "supervised"])
def test_what_others_are_compared_with_gets_no_verdict(method):
    assert verdict(run(0.5, method=method), BEFORE) is None


def started(method):
    return ev.Started(
        run="r", step=0, method=method, steps=9, device="d", precision="p",
        loss_groups={},
    )  # fmt: skip


def validation(step, truth, **more):
    scores = {"source_dice": 0.9, "cycle_dice": 0.8, "information": truth / 2}
    return ev.Validation(
        run="r", step=step, scores=scores, truth={"mean": truth}, **more
    )


def saved(step, best):
    return ev.Checkpoint(run="r", step=step, file="f", best=best)


def test_the_best_checkpoint_counts_else_the_last_validation():
    looks = {"source": {"changed": 2.0}, "target": {"changed": 5.0}}
    told = [
        started("td_gan"),
        validation(3, 0.4, translations=looks), saved(3, best=True),
        validation(6, 0.8), saved(6, best=False),
    ]  # fmt: skip
    assert ending_of(told) == Ending("td_gan", 0.4, (("information", 0.2),), 5.0)
    assert ending_of([told[0], told[3]]) == Ending(
        "td_gan", 0.8, (("information", 0.4),), None
    )
    # One that was saved at another step is not what a validation was of.
    assert ending_of([*told, saved(9, best=True)]).truth == 0.4
    assert ending_of(told[:1]) is None
