from __future__ import annotations

import pytest
import torch

from napari_uda.core.networks.lv_unet import LVUnet
from napari_uda.core.networks.unet import pooling_strides
from napari_uda.core.spec.methods import method_config


def network(dims=2, levels=5, norm="batch", width=4):
    torch.manual_seed(0)
    return LVUnet(dims, 1, 3, width, pooling_strides((32,) * dims, levels), norm)


@pytest.mark.parametrize(
    "shape", [(64, 64), (33, 47), (7, 130), (1, 1), (20, 20, 24), (5, 33, 31)]
)
@pytest.mark.parametrize("norm", ["batch", "instance", "group", "none"])
def test_any_size_keeps_its_shape(shape, norm):
    made = network(len(shape), norm=norm).eval()
    with torch.inference_mode():
        logits = made(torch.rand(1, 1, *shape))
    assert logits.shape == (1, 3, *shape)
    assert torch.isfinite(logits).all()


@pytest.mark.parametrize("dims", [2, 3])
def test_blocks_are_where_their_names_say(dims):
    made = network(dims).eval()
    image = torch.rand(2, 1, *(32,) * dims)
    taps = [f"block{i}" for i in range(1, 11)]
    with torch.inference_mode():
        features = made(image, taps=taps)
    assert list(features) == taps
    for i, name in enumerate(taps):
        level = i // 2
        assert features[name].shape[:2] == (2, 4 * 2**level)
        assert features[name].shape[-2:] == (32 // 2**level,) * 2
    # After three and four poolings, before anything else on their level.
    assert features["block7"].shape[-1] == 32 // 8
    assert features["block9"].shape[-1] == 32 // 16


def test_taps_give_what_passes_the_block_on_the_way_to_the_logits():
    made = network().eval()
    image = torch.rand(1, 1, 32, 32)
    seen = {}
    for number, block in enumerate(made.encoder.values(), start=1):
        block.register_forward_hook(
            lambda _, __, out, number=number: seen.setdefault(f"block{number}", out)
        )
    with torch.inference_mode():
        made(image)
        found = made(image, taps=("block7", "block9"))
    assert found.keys() == {"block7", "block9"}
    for name, features in found.items():
        assert torch.equal(features, seen[name])


def test_nothing_is_computed_beyond_the_last_tap():
    made = network().eval()
    calls = []
    for name, module in made.named_modules():
        module.register_forward_hook(lambda *_, name=name: calls.append(name))
    with torch.inference_mode():
        made(torch.rand(1, 1, 32, 32), taps=("block7",))
    assert {c for c in calls if c.count(".") == 1 and "encoder" in c} == {
        f"encoder.block{i}" for i in range(1, 8)
    }
    assert not [c for c in calls if c.startswith(("decoder", "up", "head"))]


def test_a_block_that_is_not_there_is_named():
    with pytest.raises(ValueError, match="no block9: the blocks are block1 to block8"):
        network(levels=4)(torch.rand(1, 1, 32, 32), taps=("block7", "block9"))


def test_the_paper_has_the_parameters_of_its_definition():
    def conv(before, after, side):
        return side**2 * before * after + after

    def block(before, after):
        threes = conv(before, after, 3) + conv(after, after, 3)
        return threes + conv(before, after, 1) + 2 * 2 * after

    widths = [32, 64, 128, 256, 512]
    count = sum(
        block(before, wide) + block(wide, wide)
        for before, wide in zip([1, *widths], widths, strict=False)
    )
    count += sum(conv(2 * w, w, 1) + block(2 * w, w) for w in widths[:-1])
    config = method_config("unet_gan", "paper")
    strides = pooling_strides(config.patch_shape, config.levels)
    with torch.device("meta"):
        made = LVUnet(2, 1, 3, config.width, strides, config.norm)
    found = sum(p.numel() for p in made.parameters())
    assert found == count + conv(32, 3, 1)


def test_bfloat16_agrees_with_single_precision():
    made = network(norm="instance", width=8)
    images = torch.rand(2, 1, 48, 48) * 2 - 1
    with torch.inference_mode():
        exact = made(images)
        with torch.autocast("cpu", torch.bfloat16):
            coarse = made(images)
    assert coarse.dtype == torch.bfloat16
    difference = (coarse.float() - exact).abs().mean() / exact.abs().mean()
    assert 0 < difference < 0.12
