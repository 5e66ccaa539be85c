from __future__ import annotations

import pytest
import torch

from napari_uda.core.losses.pool import ImagePool


def numbered(*numbers):
    return torch.tensor(numbers, dtype=torch.float32).view(-1, 1, 1, 1)


def values(images):
    return images.flatten().tolist()


def test_until_it_is_full_a_pool_stores_and_returns():
    pool = ImagePool(4)
    assert values(pool(numbered(1, 2, 3))) == [1, 2, 3]
    assert values(pool(numbered(4))) == [4]
    assert values(torch.cat(pool.images)) == [1, 2, 3, 4]


def test_then_half_of_the_images_are_exchanged_for_former_ones():
    torch.manual_seed(0)
    pool = ImagePool(10)
    pool(numbered(*range(10)))
    came_back, given = 0, list(range(10))
    for number in range(10, 2010):
        before = values(torch.cat(pool.images))
        (result,) = values(pool(numbered(number)))
        after = values(torch.cat(pool.images))
        if result == number:
            assert after == before
        else:
            came_back += 1
            place = before.index(result)
            assert after == [*before[:place], number, *before[place + 1 :]]
        given.append(number)
    assert came_back / 2000 == pytest.approx(0.5, abs=0.05)
    assert len(pool.images) == 10


def test_every_place_is_drawn():
    torch.manual_seed(0)
    pool = ImagePool(5)
    pool(numbered(*range(5)))
    pool(numbered(*range(100, 200)))
    assert min(values(torch.cat(pool.images))) >= 100


def test_a_pool_of_none_changes_nothing():
    images = numbered(1, 2).requires_grad_()
    result = ImagePool(0)(images)
    assert values(result) == [1, 2]
    assert not result.requires_grad


def test_no_gradient_and_no_later_change_reaches_what_is_stored():
    images = numbered(1, 2).requires_grad_()
    pool = ImagePool(2)
    assert not pool(images).requires_grad
    with torch.no_grad():
        images.fill_(9)
    assert values(torch.cat(pool.images)) == [1, 2]


@pytest.mark.parametrize("stored", [0, 1, 3])
def test_a_checkpoint_holds_the_images_and_the_draws_go_on(stored, tmp_path):
    torch.manual_seed(1)
    pool, other = ImagePool(3), ImagePool(3)
    if stored:
        pool(numbered(*range(stored)))
    state = {"pool": pool.state_dict(), "random": torch.get_rng_state()}
    torch.save(state, tmp_path / "state.pt")
    expected = values(pool(numbered(*range(10, 30))))

    state = torch.load(tmp_path / "state.pt", weights_only=True)
    other(numbered(77, 78))
    other.load_state_dict(state["pool"])
    torch.set_rng_state(state["random"])
    assert values(other(numbered(*range(10, 30)))) == expected


def test_images_of_another_size_replace_those_before():
    pool = ImagePool(4)
    pool(torch.zeros(2, 1, 8, 8))
    assert pool(torch.ones(2, 1, 6, 6)).shape == (2, 1, 6, 6)
    assert [image.shape[-1] for image in pool.images] == [6, 6]
