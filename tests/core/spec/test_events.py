from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest
from pydantic import ValidationError

from napari_uda.core.spec import events as ev
from napari_uda.core.spec.run import EventReader, RunFolder, valid_events

if TYPE_CHECKING:
    from pathlib import Path

ABOUT = {"run": "r", "step": 7}
BEGIN = {
    "method": "grl", "steps": 9, "device": "cpu", "precision": "float32",
    "loss_groups": {"segmentation": ("seg",)},
}  # fmt: skip
ALL: list[ev.Event] = [
    ev.Started(**ABOUT, **BEGIN),
    ev.Resumed(**ABOUT, **BEGIN),
    ev.Step(**ABOUT, losses={"seg": 0.5}, speed=2, remaining=3, memory=1.5),
    ev.Validation(**ABOUT, scores={"information": 0.5}, truth={"mean": 0.25}),
    ev.Preview(**ABOUT, file="previews/000007.npz"),
    ev.Checkpoint(**ABOUT, file="checkpoints/last.pt", best=False),
    ev.Paused(**ABOUT),
    ev.Continued(**ABOUT),
    ev.Warned(**ABOUT, code="nan", message="µ and \n a new line"),
    ev.Finished(**ABOUT, seconds=12),
    ev.Stopped(**ABOUT),
    ev.Failed(**ABOUT, message="no", detail="why\nso", fix={"batch_size": 4}),
]


def resumed(step: int) -> ev.Resumed:
    return ev.Resumed(run="r", step=step, **BEGIN)


def step(number: int, loss: float = 0.0) -> ev.Step:
    return ev.Step(
        run="r", step=number, losses={"seg": loss}, speed=1, remaining=1, memory=1
    )


def test_there_is_an_example_of_every_kind() -> None:
    assert {type(event) for event in ALL} == set(ev.Event.__args__)


@pytest.mark.parametrize("event", ALL, ids=lambda event: event.kind)
def test_every_kind_survives_its_line(event: ev.Event) -> None:
    line = event.model_dump_json()
    assert "\n" not in line
    assert ev.event_from_json(line) == event


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_losses_need_not_be_finite(value: float) -> None:
    line = step(1, value).model_dump_json()
    read = ev.event_from_json(line)
    assert isinstance(read, ev.Step)
    assert repr(read.losses["seg"]) == repr(value)


@pytest.mark.parametrize(
    "line", ["", "{}", "[]", '{"kind": "party", "run": "r", "step": 1}', '{"kind": "st']
)
def test_anything_else_is_no_event(line: str) -> None:
    with pytest.raises(ValidationError):
        ev.event_from_json(line)


def test_a_torn_last_line_is_read_once_it_is_whole(tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    first, second = step(1).model_dump_json(), step(2).model_dump_json()
    file.write_text(f"{first}\n{second[:20]}")
    reader = EventReader(file)
    assert [event.step for event in reader.read()] == [1]
    with file.open("a") as more:
        more.write(f"{second[20:]}\n")
    assert [event.step for event in reader.read()] == [2]
    assert list(reader.read()) == []


def test_foreign_lines_are_left_out(tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    good = step(1).model_dump_json().encode()
    file.write_bytes(b"\n".join([b"hello", b"\xff\xfe", b"{}", b"", good, b""]))
    assert [event.step for event in EventReader(file).read()] == [1]


def test_an_event_after_a_torn_line_is_not_lost(tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    run.append(step(1))
    with run.events_file.open("a") as file:
        file.write('{"kind": "step", "ru')
    run.append(step(2))
    assert [event.step for event in run.events()] == [1, 2]


def test_a_reader_waits_for_the_file_and_skips_on_request(tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    reader = EventReader(run.events_file)
    reader.skip()
    assert list(reader.read()) == []
    run.append(step(1))
    reader.skip()
    run.append(step(2))
    assert [event.step for event in reader.read()] == [2]


def test_what_lies_beyond_a_resumed_step_is_void() -> None:
    told = [step(1), step(2), step(3), resumed(2), step(3, 0.5), resumed(1), step(2)]
    kept = [(event.kind, event.step) for event in valid_events(told)]
    assert kept == [("step", 1), ("resumed", 1), ("step", 2)]


def test_nothing_resumed_means_nothing_void() -> None:
    assert valid_events(ALL[2:]) == ALL[2:]
