from __future__ import annotations

import numpy as np
import pytest
import torch

from napari_uda.core.data.load import LoadedSample
from napari_uda.core.engine.build import split_source
from napari_uda.core.engine.gallery import Gallery, Views, cut_views, structure_shares
from napari_uda.core.spec.domain import IGNORE

CPU = torch.device("cpu")


class Answer:
    """A method whose segmentation is the image itself: -1 is 0, 0 is 1 and 1 is 2."""

    translates = ()

    def __init__(self, overlapping=False):
        self.overlapping = overlapping

    def segment(self, image):
        index = (image[:, 0] + 1).round()
        if self.overlapping:
            return torch.stack([40.0 * (index > i) - 20 for i in range(2)], 1)
        return torch.stack([20.0 * (index == i) for i in range(3)], 1)

    def segment_source(self, image):
        return self.segment(image)


def views(overlapping=False, seed=0, shape=(2, 8, 8)):
    index = torch.randint(3, shape, generator=torch.Generator().manual_seed(seed))
    labels = torch.stack([index > i for i in range(2)], 1) if overlapping else index
    return Views((index - 1.0).unsqueeze(1), labels.to(torch.uint8))


def gallery(source, target, overlapping=False):
    shares = structure_shares(
        [LoadedSample("a", s[0].numpy(), t.numpy()) for s, t in zip(
            source.images, source.labels, strict=True)],
        2, overlapping,
    )  # fmt: skip
    return Gallery(
        source, target, target, source, ("cell", "vessel"), overlapping, shares
    )


class Mirror(Answer):
    """Bright in one domain is dark in the other."""

    translates = ("target", "source")

    def segment(self, image):
        return super().segment(-image)

    def segment_source(self, image):
        return super().segment(image)

    def translate(self, image, to):
        return -image if to == "target" else 0.5 * image


@pytest.mark.parametrize("overlapping", [False, True])
def test_the_right_answer_has_the_best_scores(overlapping):
    both = views(overlapping)
    judge = gallery(both, both, overlapping)
    scores, truth, shares, translations = judge.judge(Answer(overlapping))
    assert truth == {"cell": 1, "vessel": 1, "mean": 1}
    assert shares == pytest.approx(judge.expected)
    assert translations == {}
    assert scores["source_dice"] == 1
    assert scores["consistency"] == 1
    assert scores["morphology"] == pytest.approx(1)
    assert scores["confidence"] == pytest.approx(1, abs=1e-3)
    assert scores["information"] > 0.8
    shown = judge.preview(Answer(overlapping))
    np.testing.assert_array_equal(shown["target_prediction"], both.labels)
    np.testing.assert_array_equal(shown["source_label"], both.labels)


@pytest.mark.parametrize("overlapping", [False, True])
def test_translations_are_shown_and_judged_by_the_labels_of_the_source(overlapping):
    source, target = views(overlapping), views(overlapping, seed=1)
    judge = gallery(source, target, overlapping)
    scores, *_, translations = judge.judge(Mirror(overlapping))
    assert translations["target"]["correlation"] == pytest.approx(-1)
    assert translations["source"]["correlation"] == pytest.approx(1)
    assert translations["source"]["contrast"] < 0.6
    assert scores["cycle_dice"] == 1
    assert scores["source_dice"] == 1
    shown = judge.preview(Mirror(overlapping))
    np.testing.assert_array_equal(shown["to_target"], -source.images[:, 0])
    np.testing.assert_array_equal(shown["cycle"], -0.5 * source.images[:, 0])
    np.testing.assert_array_equal(shown["to_source"], 0.5 * target.images[:, 0])
    assert shown["cycle"].dtype == np.float16


def test_without_translation_there_is_nothing_of_it():
    both = views()
    judge = gallery(both, both)
    assert "cycle_dice" not in judge.judge(Answer())[0]
    assert not {"to_target", "to_source", "cycle"} & judge.preview(Answer()).keys()


def test_scores_do_not_look_at_the_truth_of_the_target():
    source, target = views(), views(seed=1)
    wrong = Views(target.images, (target.labels + 1) % 3)
    blind = Views(target.images, torch.full_like(target.labels, IGNORE))
    results = [gallery(source, one).judge(Answer()) for one in (target, wrong, blind)]
    assert results[0][0] == results[1][0] == results[2][0]
    assert results[0][1]["mean"] == 1
    assert results[1][1]["mean"] == 0
    assert results[2][1] == {}
    assert "target_label" not in gallery(source, blind).preview(Answer())


def test_volumes_are_shown_by_their_middle_slice():
    both = views(shape=(1, 5, 8, 8))
    shown = gallery(both, both).preview(Answer())
    assert shown["target"].shape == (1, 8, 8)
    np.testing.assert_array_equal(shown["target_prediction"], both.labels[:, 2])


def sample(shape, name="a", label=0):
    image = np.random.default_rng(0).random(shape, np.float32)
    return LoadedSample(name, image, np.full(shape, label, np.uint8))


@pytest.mark.parametrize("masks", [0, 2])
def test_views_are_equal_crops_of_all_samples(masks, make_config):
    samples = [sample((40, 70)), sample((50, 44)), sample((3, 41, 90))]
    if masks:
        samples = [
            LoadedSample(s.name, s.image, np.stack([s.labels] * 2)) for s in samples
        ]
    config = make_config("source_only")
    cut = cut_views(samples, config, masks, prefer_labelled=False, device=CPU)
    assert cut.images.shape == (6, 1, 40, 44)
    assert cut.labels.shape == (6, *((masks,) if masks else ()), 40, 44)


def test_views_of_volumes_have_the_shape_of_a_patch(make_config):
    config = make_config("source_only", 3)
    cut = cut_views(
        [sample((30, 20, 40))], config, 0, prefer_labelled=False, device=CPU
    )
    assert cut.images.shape[1:] == (1, *config.patch_shape)
    assert len(cut.images) == 6


def test_crops_with_structures_are_preferred(make_config):
    one = sample((16, 2000))
    one.labels[:, 900:1500] = 1
    one.labels[:, :300] = IGNORE
    config = make_config("source_only")
    cut = cut_views([one], config, 0, prefer_labelled=True, device=CPU)
    assert all((label == 1).any() for label in cut.labels)
    every = cut_views([one], config, 0, prefer_labelled=False, device=CPU)
    assert not all((label == 1).any() for label in every.labels)


def test_shares_are_of_the_labelled_pixels():
    labels = np.array([[0, 1, 1, 2], [IGNORE, IGNORE, 0, 0]], np.uint8)
    bare = LoadedSample("b", np.zeros((2, 4)), None)
    shares = structure_shares(
        [LoadedSample("a", np.zeros((2, 4)), labels), bare], 3, False
    )
    assert shares.tolist() == pytest.approx([2 / 6, 1 / 6, 0])
    assert structure_shares([bare], 2, False).tolist() == [0, 0]


@pytest.mark.parametrize(("count", "held"), [(5, []), (6, [5]), (13, [5, 11])])
def test_every_sixth_source_sample_is_held_out(count, held, make_dataset):
    first = make_dataset(samples=1).source.samples[0]
    samples = tuple(first.model_copy(update={"name": f"s{i}"}) for i in range(count))
    learn, judged = split_source(samples)
    if held:
        assert judged == [samples[i] for i in held]
        assert learn == [s for i, s in enumerate(samples) if i not in held]
    else:
        assert learn == judged == list(samples)
