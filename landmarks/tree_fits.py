"""What reading and fitting the trees takes its time for, compiled. The only module with numba, and imported late."""

import numba
import numpy as np

from .layout import N_POINTS

N_VALUES = 2 * N_POINTS  # x and y of each point in turn
EXPONENTS = 256  # of 2, either way; floats need 150
WHITE = 255
PIXEL = 0xFFFF  # the bits of a pixel's number in a split


def _compiled(function):
    """Compiled at its first call and kept on disk; without a folder to keep it in, compiled once a process."""
    try:
        return numba.njit(cache=True, nogil=True)(function)
    except RuntimeError:  # neither the package's folder nor the user's cache can be written
        return numba.njit(nogil=True)(function)


@_compiled
def integer(data, at):
    if at >= len(data):
        raise ValueError("it ends too early")
    control = data[at]
    size = control & 0x0F
    if control & 0x70 or not 0 < size <= 8:
        raise ValueError("no number where one should stand")
    if at + size >= len(data):
        raise ValueError("it ends too early")
    value = np.int64(0)
    for i in range(size, 0, -1):
        value = (value << 8) | np.int64(data[at + i])
    return -value if control & 0x80 else value, at + 1 + size


@_compiled
def _expect(data, at, number):
    value, at = integer(data, at)
    if value != number:
        raise ValueError("parts of different sizes")
    return at


@_compiled
def _powers():
    return 2.0 ** np.arange(-EXPONENTS, EXPONENTS + 1)


@_compiled
def _float(data, at, powers):
    mantissa, at = integer(data, at)
    exponent, at = integer(data, at)
    if not -EXPONENTS <= exponent <= EXPONENTS:
        raise ValueError("a number that is not finite")
    return np.float32(mantissa * powers[exponent + EXPONENTS]), at


@_compiled
def _read_floats(data, at, out, powers):
    for i in range(len(out)):
        # Nearly all of the file's floats are three bytes and one; read at once they take a third of the time.
        if at + 5 < len(data) and data[at] & 0x7F == 3 and data[at + 4] & 0x7F == 1:
            mantissa = np.int64(data[at + 1]) | np.int64(data[at + 2]) << 8 | np.int64(data[at + 3]) << 16
            exponent = np.int64(data[at + 5])
            mantissa = -mantissa if data[at] & 0x80 else mantissa
            exponent = -exponent if data[at + 4] & 0x80 else exponent
            out[i] = mantissa * powers[exponent + EXPONENTS]
            at += 6
        else:
            out[i], at = _float(data, at, powers)
    return at


@_compiled
def read_column(data, at, out):
    at = _expect(data, _expect(data, at, -len(out)), -1)
    return _read_floats(data, at, out, _powers())


@_compiled
def read_forests(data, at, splits, leaves):
    powers = _powers()
    n_levels, n_trees, n_leaves, n_values = leaves.shape
    at = _expect(data, at, n_levels)
    for level in range(n_levels):
        at = _expect(data, at, n_trees)
        for tree in range(n_trees):
            at = _read_splits(data, at, splits[level, tree], powers)
            at = _expect(data, at, n_leaves)
            for leaf in range(n_leaves):
                at = _expect(data, _expect(data, at, -n_values), -1)
                at = _read_floats(data, at, leaves[level, tree, leaf], powers)
    return at


@_compiled
def _read_splits(data, at, out, powers):
    at = _expect(data, at, len(out))
    for i in range(len(out)):
        one, at = integer(data, at)
        other, at = integer(data, at)
        if not (0 <= one <= PIXEL and 0 <= other <= PIXEL):
            raise ValueError("a pixel without a number")
        threshold, at = _float(data, at, powers)
        # Pixels differ by whole numbers, so the whole part decides as the threshold does.
        whole = np.int64(min(max(np.floor(threshold), -WHITE - 1), WHITE))
        out[i] = whole << 32 | other << 16 | one
    return at


@_compiled
def read_anchors(data, at, out):
    at = _expect(data, at, len(out))
    for level in range(len(out)):
        at = _expect(data, at, out.shape[1])
        for pixel in range(out.shape[1]):
            anchor, at = integer(data, at)
            if not 0 <= anchor < N_POINTS:
                raise ValueError("a pixel beside no point")
            out[level, pixel] = anchor
    return at


@_compiled
def read_offsets(data, at, out):
    powers = _powers()
    at = _expect(data, at, len(out))
    for level in range(len(out)):
        at = _expect(data, at, out.shape[2])
        for pixel in range(out.shape[2]):
            out[level, 0, pixel], at = _float(data, at, powers)
            out[level, 1, pixel], at = _float(data, at, powers)
    return at


@_compiled
def fit(pixels, boxes, frames, flipped, model):
    """Points (n, 136) of each box in its picture, which starts in `pixels` where `frames` (start, height, width) says.

    Tree by tree and all boxes in turn: each leaf comes from memory once a call.
    """
    start, splits, leaves, anchors, offsets = model
    n_boxes, n_levels, n_trees, n_pixels = len(boxes), len(leaves), leaves.shape[1], anchors.shape[1]
    shapes = np.empty((n_boxes, N_VALUES), dtype=np.float32)
    shapes[:] = start
    chosen = np.empty((n_trees, n_boxes), dtype=np.uint16)
    near, places = np.empty((2, n_pixels), dtype=np.float32), np.empty(n_pixels, dtype=np.int64)
    seen, nodes = np.empty(n_pixels, dtype=np.int16), np.empty(n_trees, dtype=np.int64)
    for level in range(n_levels):
        for i in range(n_boxes):
            turn = _turn(start, shapes[i])
            around = anchors[level], offsets[level]
            _places(boxes[i], frames[i], flipped[i], shapes[i], turn, *around, near, places)
            for k in range(n_pixels):
                seen[k] = pixels[np.uintp(places[k])] if places[k] >= 0 else 0
            _choose(splits[level], seen, nodes, chosen[:, i])
        _add(leaves[level], chosen, shapes)
    return _in_picture(shapes, boxes)


@_compiled
def _turn(start, shape):
    """Scaled cosine and sine of the similarity that takes the mean face nearest to the points (Umeyama 1991)."""
    mean_x, mean_y, to_x, to_y = 0.0, 0.0, 0.0, 0.0
    for i in range(N_POINTS):
        mean_x += start[2 * i]
        mean_y += start[2 * i + 1]
        to_x += shape[2 * i]
        to_y += shape[2 * i + 1]
    mean_x, mean_y, to_x, to_y = mean_x / N_POINTS, mean_y / N_POINTS, to_x / N_POINTS, to_y / N_POINTS
    spread, along, across = 0.0, 0.0, 0.0
    for i in range(N_POINTS):
        x, y = start[2 * i] - mean_x, start[2 * i + 1] - mean_y
        u, v = shape[2 * i] - to_x, shape[2 * i + 1] - to_y
        spread += x * x + y * y
        along += x * u + y * v
        across += x * v - y * u
    return np.float32(along / spread), np.float32(across / spread)


@_compiled
def _places(box, frame, flipped, shape, turn, anchors, offsets, near, places):
    """Where a level's pixels lie in memory; -1 outside the picture. `near` (2, P) float32 is room to work in."""
    left, top = box[0], box[1]
    across, down = box[2] - left, box[3] - top
    first, height, width = np.float64(frame[0]), np.float64(frame[1]), np.float64(frame[2])
    sign, edge = (-1.0, width - 1.0) if flipped else (1.0, 0.0)
    cosine, sine = turn
    for k in range(len(places)):  # by itself, so that the next loop runs on several pixels at once
        near[0, k], near[1, k] = shape[2 * np.uintp(anchors[k])], shape[2 * np.uintp(anchors[k]) + 1]
    for k in range(len(places)):
        right_by = cosine * offsets[0, k] + -sine * offsets[1, k] + near[0, k]
        down_by = sine * offsets[0, k] + cosine * offsets[1, k] + near[1, k]
        x = sign * np.floor(across * np.float64(right_by) + left + 0.5) + edge
        y = np.floor(down * np.float64(down_by) + top + 0.5)
        inside = (0 <= x) & (x < width) & (0 <= y) & (y < height)
        places[k] = np.int64(first + y * width + x if inside else -1.0)


@_compiled
def _choose(splits, seen, nodes, chosen):
    """The leaf that each tree of a level comes to; `nodes` (T,) int64 is room to work in.

    All trees take a step, then all the next one, and no step is a branch: neither a wrong guess nor the step before is
    waited for.
    """
    n_trees, n_splits = splits.shape
    nodes[:] = 0
    passed = 0
    while passed < n_splits:
        for tree in range(n_trees):
            split = splits[tree, np.uintp(nodes[tree])]
            difference = seen[np.uintp(split & PIXEL)] - seen[np.uintp(split >> 16 & PIXEL)]
            nodes[tree] = 2 * nodes[tree] + 1 + (difference <= split >> 32)
        passed = 2 * passed + 1
    for tree in range(n_trees):
        chosen[tree] = nodes[tree] - n_splits


@_compiled
def _add(leaves, chosen, shapes):
    """Each box's leaves to its points; four trees at a time, so that points are read and written a quarter as often."""
    n_trees, n_boxes = chosen.shape
    fours = n_trees - n_trees % 4
    for tree in range(0, fours, 4):
        for i in range(n_boxes):
            a, b = np.uintp(chosen[tree, i]), np.uintp(chosen[tree + 1, i])
            c, d = np.uintp(chosen[tree + 2, i]), np.uintp(chosen[tree + 3, i])
            for k in range(N_VALUES):
                two = shapes[i, k] + leaves[tree, a, k] + leaves[tree + 1, b, k]
                shapes[i, k] = two + leaves[tree + 2, c, k] + leaves[tree + 3, d, k]
    for tree in range(fours, n_trees):
        for i in range(n_boxes):
            for k in range(N_VALUES):
                shapes[i, k] += leaves[tree, np.uintp(chosen[tree, i]), k]


@_compiled
def _in_picture(shapes, boxes):
    points = np.empty(shapes.shape)
    for i in range(len(boxes)):
        left, top, right, bottom = boxes[i]
        for k in range(N_POINTS):
            points[i, 2 * k] = (right - left) * shapes[i, 2 * k] + left
            points[i, 2 * k + 1] = (bottom - top) * shapes[i, 2 * k + 1] + top
    return points
