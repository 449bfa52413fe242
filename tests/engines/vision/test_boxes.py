"""Boxes: overlaps of drawn boxes that can be counted, and the pixels that a box takes up."""

import numpy as np
import pytest

from engines.core.shapes import Box
from engines.vision.boxes import area, corners, intersection, iou, ious, joint_scores, whole_pixels

BOX = Box(10, 20, 30, 60)


@pytest.mark.parametrize(
    ("other", "common"),
    [
        (BOX, 800),
        (Box(12, 25, 22, 35), 100),
        (Box(20, 40, 99, 99), 200),
        (Box(30, 20, 50, 60), 0),
        (Box(0, 0, 5, 5), 0),
    ],
)
def test_boxes_have_in_common_what_both_cover(other: Box, common: int) -> None:
    assert intersection(BOX, other) == intersection(other, BOX) == common
    assert iou(BOX, other) == iou(other, BOX) == common / (area(BOX) + area(other) - common)


def test_overlaps_of_many_boxes_are_those_of_each_two() -> None:
    many = [BOX, Box(12, 25, 22, 35), Box(20, 40, 99, 99), Box(30, 20, 50, 60)]
    found = ious(np.array(many, np.float64))
    assert found == pytest.approx(np.array([[iou(one, other) for other in many] for one in many]))


def test_joint_scores_count_the_best_alike_box_of_each_source_once() -> None:
    near, far = Box(10, 20, 30, 58), Box(50, 20, 70, 60)
    boxes = np.array([BOX, near, near, far], np.float64)
    scores, sources = np.array([0.5, 0.4, 0.2, 0.3]), np.array([1, 2, 2, 2])
    joint = joint_scores(boxes, scores, sources, 0.5)
    assert joint == pytest.approx([0.7, 0.7, 0.7, 0.3])


def test_boxes_without_area_overlap_in_nothing() -> None:
    line = Box(10, 20, 10, 60)
    assert iou(line, line) == iou(line, BOX) == 0


def test_corners_go_clockwise_from_the_top_left() -> None:
    assert corners(*BOX).tolist() == [[10, 20], [30, 20], [30, 60], [10, 60]]


@pytest.mark.parametrize(
    ("sides", "box"),
    [
        ((1.4, 2.6, 7.5, 8.5), (1, 3, 8, 8)),
        ((2.6, 1.4, 8.4, 7.6), (3, 1, 8, 8)),
        ((-3, -4, 99, 99), (0, 0, 20, 10)),
        ((5.1, 5.2, 5.3, 5.4), (5, 5, 6, 6)),
        ((25, 15, 30, 20), (19, 9, 20, 10)),
    ],
)
def test_a_box_in_whole_pixels_lies_in_the_picture(
    sides: tuple[float, float, float, float], box: tuple[int, int, int, int]
) -> None:
    assert whole_pixels(*sides, size=(20, 10)) == box
