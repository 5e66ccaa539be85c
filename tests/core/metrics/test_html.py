from __future__ import annotations

import math
from html.parser import HTMLParser

import pytest

from napari_uda.core.errors import UserError
from napari_uda.core.metrics.html import write_report


class Page(HTMLParser):
    """Checks that tags are balanced and collects text and pictures."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.pictures: list[str] = []
        self.words: list[str] = []
        self.feed(source)
        assert not self.open

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def handle_starttag(self, tag, attrs):
        if tag == "img":
            self.pictures.append(dict(attrs)["src"])
        if tag not in {"meta", "br", "img"}:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        pass

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" not in self.open:
            self.words.append(data)


def row(name, before, after, oracle=None, hd95=None, unit="mm", unmatched=0):
    return {
        "class": name,
        "before": before,
        "after": after,
        "oracle": oracle,
        "hd95_before": None if before is None else hd95,
        "hd95": hd95,
        "unit": unit,
        "unmatched": unmatched,
        "color": "#e6194b",
    }


def report(folder, **changes) -> Page:
    options = {"title": "CT to MR", "summary": {"Method": "grl", "Steps": 2000}}
    path = write_report(folder, **{**options, **changes})
    assert path == folder / "report.html"
    return Page(path.read_text(encoding="utf-8"))


def test_the_page_has_facts_scores_and_gain(tmp_path):
    table = [
        row("liver", 0.41, 0.88, hd95=4.24),
        row("kidney", 0.5, 0.4, hd95=6.0, unmatched=2),
    ]

    text = report(tmp_path / "report", table=table).text

    assert "CT to MR Method grl Steps 2000" in text
    assert "HD95, mm source only → adapted" in text
    assert "liver 0.410 0.880 +0.470 4.2 → 4.2" in text
    assert "kidney 0.500 0.400 \N{MINUS SIGN}0.100" in text
    assert "Mean 0.455 0.640 +0.185" in text
    assert "In 2 images only the truth or only the prediction has kidney" in text
    assert "Target labels" not in text
    assert text.count("Research use only") == 1


def test_columns_appear_only_where_there_is_something_to_show(tmp_path):
    plain = report(tmp_path, table=[row("liver", None, 0.8)]).text
    full = report(tmp_path, table=[row("liver", 0.1, 0.8, oracle=0.9)]).text

    for word in ("Source only", "Gain", "HD95", "Mean"):
        assert word not in plain
    assert "Target labels Dice" in full
    assert "liver 0.100 0.800 +0.700 0.900" in full


def test_an_absent_class_is_said_so_and_left_out_of_the_mean(tmp_path):
    table = [
        row("liver", 0.4, 0.8, hd95=math.inf),
        row("gland", math.nan, math.nan, hd95=math.nan),
    ]

    text = report(tmp_path, table=table).text

    assert "gland absent absent absent → absent" in text
    assert "Mean 0.400 0.800 +0.400" in text
    assert "liver 0.400 0.800 +0.400 ∞ → ∞" in text


def test_an_oracle_choice_of_checkpoint_is_marked(tmp_path):
    assert "Truth was used to choose" in report(tmp_path, oracle=True).text
    assert "Truth was used to choose" not in report(tmp_path).text


def test_without_truth_the_page_says_so(tmp_path):
    assert "nothing to score" in report(tmp_path).text


def test_text_is_escaped(tmp_path):
    page = report(
        tmp_path,
        title="<script>alert(1)</script>",
        summary={"a & b": "<b>"},
        warnings=["voxel size <differs>"],
    )

    assert "<script>alert(1)</script>" in page.text
    assert "a & b <b> voxel size <differs>" in page.text


def test_pictures_are_referred_to_relatively(tmp_path):
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    (pictures / "slice #3.png").write_bytes(b"")
    (tmp_path / "gap.png").write_bytes(b"")

    page = report(
        tmp_path,
        figures=[(pictures / "slice #3.png", "A slice."), ("gap.png", "Domain gap.")],
    )

    assert page.pictures == ["pictures/slice%20%233.png", "gap.png"]
    assert "A slice." in page.text


@pytest.mark.parametrize("name", ["missing.png", "../outside.png"])
def test_a_picture_that_cannot_be_sent_along_is_refused(tmp_path, name):
    folder = tmp_path / "report"
    folder.mkdir()
    (tmp_path / "outside.png").write_bytes(b"")

    with pytest.raises(UserError, match="is not in the report folder"):
        report(folder, figures=[(name, "x")])
    assert not list(folder.iterdir())
