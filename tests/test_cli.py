"""The command line as users and their scripts meet it."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import tifffile

from napari_uda.cli import NO_MEMORY, NO_ROOM, main
from processes import run

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Outcome

    Command = Callable[..., Outcome]


def test_the_whole_chain_in_processes_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    pair = ("--source", "pair/source", "--target", "pair/target")
    tiny = ("method.steps=4", "method.patch_size=32", "method.width=4",
            "method.levels=2", "method.batch_size=2")  # fmt: skip

    for step in (
        ("samples", "em-pair", "--out", "pair"),
        ("new", "grl", *pair, "--out", "experiment.yaml"),
        ("train", "experiment.yaml", "--run", "run", *tiny),
        ("predict", "run", "pair/target", "--split", "test", "--out", "masks"),
    ):
        done = run(*step)
        assert done.returncode == 0, done.stderr
        assert "Traceback" not in done.stderr
    scored = run("evaluate", "masks", "pair/target", "--out", "scores.csv")

    assert scored.returncode == 0
    with Path("scores.csv").open() as file:
        rows = list(csv.DictReader(file))
    tests = ["target-09", "target-10", "target-11"]
    assert [row["image"] for row in rows] == tests
    assert sorted(path.stem for path in Path("masks").glob("*.tif")) == tests
    assert {row["class"] for row in rows} == {"mitochondrion"}
    assert all(0 <= float(row["dice"]) <= 1 for row in rows)
    for row in rows:
        assert f"{float(row['dice']):.3f}" in scored.stdout


@pytest.mark.parametrize("words", [(), ("--json",)], ids=["text", "json"])
@pytest.mark.parametrize("device", ["cuda", "cpu"])
def test_too_little_memory_is_one_sentence(
    workshop: Path,
    command: Command,
    monkeypatch: pytest.MonkeyPatch,
    device: str,
    words: tuple[str, ...],
) -> None:
    import torch  # not before Qt

    from napari_uda.core.inference.model import Model

    errors = {
        "cuda": torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 9 GiB."),
        "cpu": RuntimeError("DefaultCPUAllocator: can't allocate memory: 9 bytes"),
    }

    def fail(*_: object, **__: object) -> None:
        raise errors[device]

    monkeypatch.setattr(Model, "probabilities", fail)
    done = command("predict", "run", "target", "--out", "masks", *words)
    assert done.code == 1
    said, which = {"cuda": (NO_MEMORY, "device"), "cpu": (NO_ROOM, "machine")}[device]
    assert done.err.splitlines() == [f"Error: {said}"]
    if words:
        assert done.objects[-1] == {"kind": "error", "message": said, "memory": which}


def test_an_error_of_ours_is_not_taken_for_too_little_memory(
    workshop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from napari_uda.core.inference.model import Model

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("shapes cannot be multiplied")

    monkeypatch.setattr(Model, "probabilities", fail)
    with pytest.raises(RuntimeError, match="multiplied"):
        main(["predict", "run", "target", "--out", "masks"])


def test_json_of_every_command_is_one_object_per_line(
    workshop: Path, command: Command
) -> None:
    new = ("new", "grl", "--source", "source", "--target", "target", "--out", "n.yaml")
    train = ("train", "experiment.yaml", "--run", "other")

    made = command(*new, "--json").objects
    checked = command("check", "experiment.yaml", "--json").objects
    trained = command(*train, "--json").objects
    watched = command("watch", "other", "--json").objects
    finished = command("train", "--resume", "other", "--json").objects
    predict = ("predict", "other", "target", "--out", "masks", "--json")
    predicted = command(*predict).objects
    scored = command("evaluate", "masks", "target", "--json").objects

    assert made[0]["file"] == "n.yaml"
    assert [one["severity"] for one in checked] == ["warning"]
    assert len(checked[0]["samples"]) == 4
    assert [trained[0]["kind"], trained[-1]["kind"]] == ["started", "finished"]
    assert watched == trained
    assert finished[0]["kind"] == "done"
    assert {one["kind"] for one in predicted} == {"progress", "result", "finished"}
    assert predicted[-1]["kind"] == "finished"
    (scores,) = scored
    assert [row["image"] for row in scores["rows"]] == ["a", "b"]
    assert scores["summary"][0]["volumes"] == 2


def test_json_holds_no_nan(workshop: Path, command: Command) -> None:
    for domain in ("source", "target"):
        for stem in ("a", "b"):
            file = Path(domain, "labels", f"{stem}.tif")
            tifffile.imwrite(file, np.zeros((48, 48), np.uint8))
    done = command("evaluate", "source/labels", "target", "--json")
    assert done.objects[0]["rows"][0]["dice"] is None
    assert "NaN" not in done.out


def test_predictions_without_truth_are_named_beside_the_scores(
    workshop: Path, command: Command
) -> None:
    Path("target/labels/b.tif").unlink()
    done = command("evaluate", "source/labels", "target")
    assert done.code == 0
    assert done.err.splitlines() == ["Not scored, because there is no truth: b"]
    (scores,) = command("evaluate", "source/labels", "target", "--json").objects
    assert scores["left_out"] == ["b"]
    assert [row["image"] for row in scores["rows"]] == ["a"]


def test_translations_are_judged_by_another_run(
    workshop: Path, command: Command
) -> None:
    pair = ("--source", "source", "--target", "target")
    tiny = ("method.steps=2", "method.batch_size=1", "method.patch_size=32",
            "method.width=4", "method.levels=2", "training.device=cpu")  # fmt: skip
    gan = ("method.generator_width=4", "method.generator_blocks=1",
           "method.discriminator_width=4", "method.discriminator_layers=1")  # fmt: skip
    for method, more in (("cyclegan", gan), ("supervised", ())):
        name = f"{method}.yaml"
        assert command("new", method, *pair, "--out", name, *tiny, *more).code == 0
        assert command("train", name, "--run", method).code == 0
    judged = (
        "s-score",
        "cyclegan",
        "source",
        "--judge",
        "supervised",
        "--to",
        "target",
    )

    shown = command(*judged, "--out", "s.csv")
    (scores,) = command(*judged, "--json").objects

    assert shown.code == 0, shown.err
    assert shown.out.splitlines()[-1] == f"S-score to target: {scores['s_score']:.3f}"
    assert [row["image"] for row in scores["rows"]] == ["a", "b"]
    with Path("s.csv").open() as file:
        dice = [float(row["dice"]) for row in csv.DictReader(file)]
    assert dice == pytest.approx([row["dice"] for row in scores["rows"]])
    assert scores["s_score"] == pytest.approx(sum(dice) / 2)
    made = command("table", "CT/A=s.csv", "--form", "cycle_shape", "--title", "S (%)")
    assert made.out.splitlines()[2] == f"| A | {100 * scores['s_score']:.1f} |"


def test_scores_of_methods_become_a_table_and_a_comparison(
    workshop: Path, command: Command
) -> None:
    for name in ("source", "target"):
        out = ("--out", f"{name}.csv", "--no-surface")
        assert command("evaluate", f"{name}/labels", "target", *out).code == 0
    given = ("EM/before=source.csv", "EM/after=target.csv", "--form", "unet_gan")

    printed = command("table", *given)
    written = command("table", *given, "--out", "table.md")
    (found,) = command("table", *given, "--json").objects
    compared = command("compare", "before=source.csv", "target.csv")
    (comparison,) = command("compare", "source.csv", "target.csv", "--json").objects

    assert printed.out == Path("table.md").read_text()
    assert written.out == "Wrote table.md.\n"
    assert found["table"][0] == ["Dice", "before", "after"]
    assert found["table"][1][2] == "1.000 ± 0.000"
    assert command("table", *given, "--out", "table.md").code == 2
    csv_file = ("--out", "table.csv", "--overwrite")
    assert command("table", *given, *csv_file).code == 0
    assert Path("table.csv").read_text().splitlines()[0] == "Dice,before,after"
    assert compared.out.split()[:4] == ["score", "images", "before", "target"]
    Path("more").mkdir()
    Path("source.csv").rename("more/target.csv")
    alike = command("compare", "more/target.csv", "target.csv")
    assert alike.out.split()[2:4] == ["first", "second"]
    (line,) = comparison["comparison"]
    assert (line["score"], line["images"], line["second"]) == ("dice", 2, 1)
    assert line["difference"] == pytest.approx(1 - line["first"])


def test_samples_are_listed_and_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: Command
) -> None:
    monkeypatch.chdir(tmp_path)
    assert "em-pair" in command("samples").out
    done = command("samples", "em-pair", "--json")
    assert done.objects[0]["folder"] == "em-pair"
    assert Path("em-pair/source/dataset.yaml").exists()


def test_names_in_brackets_are_no_markup(workshop: Path, command: Command) -> None:
    Path("run").rename("[run] [/x]".replace("/", ""))
    for kind in ("images", "labels"):
        Path(f"target/{kind}/a.tif").rename(f"target/{kind}/[bold]a.tif")
    out = ("--out", "[masks]")
    assert "[bold]a.tif" in command("predict", "[run] [x]", "target", *out).err
    assert "[bold]a" in command("evaluate", "[masks]", "target").out
    assert command("watch", "[run] [x]").code == 0


def test_images_of_the_other_domain_are_noticed(
    workshop: Path, command: Callable[..., Outcome]
) -> None:
    words = "a.tif is an image of the source, as the run knows it (2 of 2 images)"
    done = command("predict", "run", "source", "--out", "masks")
    assert done.code == 0
    assert words in done.err
    chosen = command("predict", "run", "source", "--domain", "source", "--out", "more")
    both = chosen, command("predict", "run", "target", "--out", "others")
    assert [(one.code, "as the run knows it" in one.err) for one in both] == [
        (0, False)
    ] * 2
