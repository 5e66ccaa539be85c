from __future__ import annotations

import pytest

from napari_uda.core.spec import events as ev
from napari_uda.ui import light_row as module
from napari_uda.ui.light_row import LightRow

ABOUT = {"method": "cyclegan", "steps": 200, "device": "d", "precision": "p"}
GOOD = {"correlation": 0.8, "structure": 0.9, "contrast": 0.9, "variety": 0.9}


def started(kind=ev.Started, step=0):
    return kind(
        run="r", step=step, loss_groups={"adversarial": ("discriminators",)},
        guessing={"discriminators": 0.5}, expected={"cell <1>": 0.2}, **ABOUT,
    )  # fmt: skip


def losses(step):
    return ev.Step(
        run="r", step=step, losses={"discriminators": 0.5}, speed=1, remaining=1,
        memory=1,
    )  # fmt: skip


def validation(step, share=0.2, **measures):
    return ev.Validation(
        run="r", step=step, scores={"source_dice": 0.8}, shares={"cell <1>": share},
        translations={"target": {**GOOD, **measures}},
    )  # fmt: skip


@pytest.fixture
def row(qtbot):
    widget = LightRow()
    qtbot.addWidget(widget)
    return widget


def words(row):
    return {light.name: (light.level, light.words) for light in row.lights()}


def test_without_a_run_nothing_is_shown(row):
    assert row.isHidden()
    assert row.lights() == []


def test_lights_wait_then_turn_green(row, qtbot):
    row.add([started()])
    assert not row.isHidden()
    assert words(row)["mask"] == ("unknown", "mask")
    row.add([losses(10), validation(50), validation(100)])
    qtbot.waitUntil(lambda: words(row)["mask"] == ("ok", "mask kept"))
    assert words(row)["classes"] == ("ok", "all classes found")


def test_trouble_differs_in_sign_and_words_and_explains_itself(row):
    row.add([started(), losses(10), *(validation(s, 0.2) for s in (50, 100))])
    label = next(one for one in row._labels if one.light.name == "contrast")
    green = label.text()
    row.clear()
    inverted = [validation(s, 0.2, correlation=-0.8) for s in (50, 100)]
    row.add([started(), losses(10), *inverted])
    assert label.light.words == "contrast inverted"
    assert label.text().split()[0] != green.split()[0]
    assert "\N{BLACK UP-POINTING TRIANGLE}" in label.text()
    for part in ("-0.80", "Since step 50.", "start again"):
        assert part in label.toolTip()
    assert label.accessibleName() == "contrast inverted (warning)"


def test_names_of_structures_are_no_markup(row):
    row.resize(700, 200)
    row.show()
    row.add([started(), losses(10), *(validation(s, 0.0) for s in (50, 100))])
    label = next(one for one in row._labels if one.light.name == "classes")
    assert "cell <1> not found" in label.text()
    assert "cell &lt;1&gt; not found" in label.label.text()


def test_what_was_said_beyond_a_resumed_step_is_void(row, qtbot):
    bad = [validation(s, variety=0.0) for s in (50, 100)]
    row.add([started(), losses(10), *bad])
    assert words(row)["generator"][0] == "error"
    row.add([started(ev.Resumed, 20), validation(50), validation(100)])
    qtbot.waitUntil(lambda: words(row)["generator"][0] == "ok")


def test_what_is_due_is_looked_at_at_once_and_the_rest_soon(row, qtbot, monkeypatch):
    bad = [validation(s, variety=0.0) for s in (50, 100)]
    row.add([])
    row.add([started(), losses(10)])
    assert words(row)["generator"][0] == "unknown"
    row.add(bad)
    assert words(row)["generator"][0] == "unknown"  # looked at a moment ago
    qtbot.waitUntil(lambda: words(row)["generator"][0] == "error")
    monkeypatch.setattr(module, "PAUSE", 0)
    row.add([started(ev.Resumed, 20), validation(50), validation(100)])
    assert words(row)["generator"][0] == "ok"


def test_clearing_forgets_the_run(row):
    row.add([started(), losses(10)])
    row.clear()
    assert row.isHidden()
    assert row.lights() == []


def test_a_grey_light_says_why_it_is_grey(row):
    row.add([started()])
    texts = {label.light.name: label.text() for label in row._labels}
    assert "mask: after 2 validations" in texts["mask"]
    assert "discriminator: after 10 reports" in texts["discriminator"]
    assert "numbers: after the first step" in texts["numbers"]
    for label in row._labels:
        assert label.light.level == "unknown"
        assert "Judged" in label.toolTip()


def test_columns_are_a_matter_of_width_and_no_word_is_cut(row):
    row.show()
    green = [started(), losses(10), *(validation(s, 0.2) for s in (50, 100))]
    seen = []
    for events in ([started()], green):
        row.clear()
        row.add(events)
        columns = []
        for width in range(250, 701, 5):
            row.resize(width, 200)
            row.layout().activate()
            columns.append(len({label.x() for label in row._labels}))
            for label in row._labels:
                assert "\N{HORIZONTAL ELLIPSIS}" not in label.label.text()
        seen.append(columns)
    assert seen[0] == seen[1]
    assert set(seen[0]) == {1, 2}
