"""What is done to training pictures at random, on pictures whose fate can be seen."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the cnn extra is not installed")
from lineament.classifiers.nets.augmentation import augmented, mixed  # noqa: E402
from lineament.classifiers.nets.recipe import Augmentation  # noqa: E402

NOTHING = Augmentation(turn_deg=0, scale=0, shift=0, mirror=False)
AMOUNTS = {
    "turn_deg": 30.0, "scale": 0.3, "shift": 0.3, "mirror": True, "brightness": 0.4, "contrast": 0.6, "erase": 1.0,
}  # fmt: skip


def halves(n=256):
    """Left half bright, right half dark."""
    images = torch.full((n, 1, 48, 48), -0.5)
    images[..., :24] = 0.5
    return images


def changed(images=None, seed=0, **amounts):
    amount = Augmentation(**{"turn_deg": 0, "scale": 0, "shift": 0, "mirror": False} | amounts)
    return augmented(halves() if images is None else images, np.random.default_rng(seed), amount)


def test_nothing_changes_nothing():
    assert torch.equal(changed(), halves())


@pytest.mark.parametrize("name", AMOUNTS)
def test_each_amount_changes_pictures_within_the_range(name):
    images = changed(**{name: AMOUNTS[name]})
    assert images.shape == (256, 1, 48, 48) and images.dtype == torch.float32
    assert -1 <= images.min() and images.max() <= 1
    assert (images != halves()).flatten(1).any(dim=1).float().mean() > 0.3
    assert not torch.equal(images, changed(seed=1, **{name: AMOUNTS[name]}))
    assert torch.equal(images, changed(**{name: AMOUNTS[name]}))


def test_half_are_mirrored():
    right_bright = (changed(mirror=True)[:, 0, 24, 40] > 0).float().mean()
    assert 0.4 < right_bright < 0.6


def test_shifts_reach_as_far_as_told():
    edge = (changed(shift=0.25)[:, 0, 24] > 0).sum(dim=1).numpy()  # bright pixels of the middle row
    assert 17 <= edge.min() <= 19 and 29 <= edge.max() <= 31  # 24, and .25 of half of 48 to either side


def test_a_turn_is_about_the_middle_and_keeps_its_angle():
    images = torch.zeros(256, 1, 49, 49)
    images[:, 0, :, 24] = 1.0  # a line through the middle, upright
    turned = changed(images, turn_deg=20)
    assert (turned[:, 0, 24, 24] > 0.8).all()
    ahead = turned[:, 0, 4].argmax(dim=1) - 24  # 20 rows above the middle
    angle = np.degrees(np.arctan2(ahead.numpy(), 20))
    assert 15 < angle.max() < 22 and -22 < angle.min() < -15


def test_brightness_adds_one_number_a_picture_and_contrast_none():
    dark = halves() / 2  # far from the ends of the range
    added = (changed(dark, brightness=0.4) - dark).flatten(1)
    assert added.std(dim=1).max() < 1e-6 and 0.35 < added.abs().max() <= 0.4
    contrast = changed(dark, contrast=0.5)
    torch.testing.assert_close(contrast.mean(dim=(2, 3)), dark.mean(dim=(2, 3)), atol=1e-6, rtol=0)
    factor = contrast.flatten(1).std(dim=1) / dark.flatten(1).std(dim=1)
    assert 0.5 <= factor.min() < 0.6 and 1.4 < factor.max() <= 1.5


def test_erasing_hides_a_rectangle_in_as_many_as_told():
    bright = torch.ones(512, 1, 48, 48)
    erased = changed(bright, erase=0.5)[:, 0] == 0
    hit = erased.flatten(1).any(dim=1)
    assert 0.42 < hit.float().mean() < 0.58
    rows, columns = erased[hit].any(dim=2), erased[hit].any(dim=1)
    assert torch.equal(erased[hit], rows[:, :, None] & columns[:, None, :])
    assert 4 <= rows.sum(dim=1).min() and rows.sum(dim=1).max() <= 20
    for line in (rows, columns):  # without a gap
        assert (line.int().diff(dim=1).abs().sum(dim=1) <= 2).all()


def test_mixing_mixes_pictures_and_tells_whose():
    images = torch.arange(64.0)[:, None, None, None].expand(-1, 1, 4, 4)
    target = torch.arange(64)
    for seed in range(20):
        both, other, share = mixed(images, target, np.random.default_rng(seed), Augmentation(mixup=0.5))
        assert 0.5 <= share <= 1 and sorted(other.tolist()) == target.tolist()
        torch.testing.assert_close(both[:, 0, 0, 0], share * target + (1 - share) * other, atol=1e-3, rtol=1e-4)


def test_without_mixup_a_batch_stays():
    images, target = halves(4), torch.arange(4)
    both, other, share = mixed(images, target, np.random.default_rng(0), NOTHING)
    assert both is images and other is target and share == 1
