"""Seconds an epoch of each network, against a plain PyTorch loop of the same network and augmentations.

    python -m benchmarks.nets [--nets cnn,cnn-small] [--n 2048] [--rounds 3]

Pictures are noise: how long an epoch takes does not depend on what they show. Plain is the usual loop: a dataset that
changes one picture at a time by the same amounts, a DataLoader in the same process, channels as PyTorch lays them out,
float32, the same optimiser and batch size, and no validation. Ours is one epoch of `Training`, with its validation on a
tenth of as many pictures more. Both use all cores, in one process, in turn. Figures are scaled to FER2013's 28,709
training pictures, and are medians of the rounds, ratios too. Processor seconds bear other programs on the same cores
better than seconds do. Augmentation is timed alone, on the same batches.
"""

import argparse
import time

import joblib
import numpy as np
import torch
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader, Dataset

from benchmarks.command import started
from lineament.classifiers.nets import ARCHITECTURES, check_torch
from lineament.classifiers.nets.augmentation import augmented, mixed
from lineament.classifiers.nets.processor import has_bfloat16
from lineament.classifiers.nets.schedule import optimiser_of
from lineament.classifiers.nets.training import Pictures, Training, as_input
from lineament.data import check_choice

FER2013 = 28_709  # training pictures
N_CLASSES = 7


class OneByOne(Dataset):
    """Pictures that are changed when they are asked for, one at a time."""

    def __init__(self, images, target, amount):
        self.images, self.target, self.amount = images, target, amount
        self.random = np.random.default_rng(0)

    def __len__(self):
        return len(self.images)

    def __getitem__(self, row):
        image = as_input(self.images[row : row + 1], self.images.shape[1])
        return augmented(image, self.random, self.amount)[0], int(self.target[row])


def plain_epoch(architecture, images, target):
    """One epoch of the usual loop."""
    recipe = architecture.recipe
    net = architecture.load()(N_CLASSES, **architecture.options)
    optimiser = optimiser_of(net, recipe)
    loader = DataLoader(OneByOne(images, target, recipe.augmentation), recipe.batch_size, shuffle=True)
    random = np.random.default_rng(0)
    net.train()
    for batch, labels in loader:
        batch, other, share = mixed(batch, labels, random, recipe.augmentation)
        scores = net(batch)
        loss = share * cross_entropy(scores, labels, label_smoothing=recipe.label_smoothing)
        if share < 1:
            loss = loss + (1 - share) * cross_entropy(scores, other, label_smoothing=recipe.label_smoothing)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()


def our_epoch(architecture, images, target):
    """One epoch of ours."""
    net = architecture.load()(N_CLASSES, **architecture.options)
    rows = np.arange(len(images))
    pictures = [Pictures(images, target, part, images.shape[1]) for part in (rows, rows[: len(rows) // 10])]
    Training(net, *pictures, architecture.recipe, seed=0).epoch()


def augmenting(architecture, images, target):
    """An epoch's augmentation, and nothing else."""
    recipe, random = architecture.recipe, np.random.default_rng(0)
    rows = random.permutation(len(images))
    for batch, labels in Pictures(images, target, rows, images.shape[1]).batches(recipe.batch_size):
        mixed(augmented(batch, random, recipe.augmentation), labels, random, recipe.augmentation)


def timed(call, *given):
    """Seconds and processor seconds of a call."""
    start, used = time.perf_counter(), time.process_time()
    call(*given)
    return time.perf_counter() - start, time.process_time() - used


def row_of(name, n, rounds):
    """A line of the table."""
    architecture, random = ARCHITECTURES[name], np.random.default_rng(0)
    images = random.integers(0, 256, (n, architecture.side, architecture.side), dtype=np.uint8)
    target = random.integers(0, N_CLASSES, n)
    our_epoch(architecture, images[:256], target[:256])  # what is set up once
    plain_epoch(architecture, images[:256], target[:256])
    calls = our_epoch, plain_epoch, augmenting
    took = np.array([[timed(call, architecture, images, target) for call in calls] for _ in range(rounds)])
    ours, plain, _ = np.median(took, axis=0) * FER2013 / n  # seconds, processor seconds
    ratio, share = (np.median(took[:, other] / took[:, mine], axis=0) for other, mine in ((1, 0), (2, 0)))
    weights = sum(one.numel() for one in architecture.load()(N_CLASSES).parameters())
    seconds = " | ".join(f"{mine:.0f} | {other:.0f} | {times:.1f}" for mine, other, times in zip(ours, plain, ratio))
    return f"| `{name}` | {weights:,} | {seconds} | {share[1]:.1%} |"


def main(options):
    names = options.nets.split(",")
    for name in names:
        check_choice("network", name, ARCHITECTURES)
    torch.set_num_threads(joblib.cpu_count())
    print(f"{torch.get_num_threads()} cores, {torch.backends.cpu.get_cpu_capability()}, bfloat16 "
          f"{'yes' if has_bfloat16() else 'no'}, {options.n} pictures, {options.rounds} rounds\n")  # fmt: skip
    print("| network | weights | s an epoch | plain | times | processor s | plain | times | augmentation |")
    print("|---|---|---|---|---|---|---|---|---|")
    for name in names:
        print(row_of(name, options.n, options.rounds), flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nets", default=",".join(ARCHITECTURES))
    parser.add_argument("--n", type=int, default=2048)
    parser.add_argument("--rounds", type=int, default=3)
    check_torch()
    started(main, parser.parse_args())
