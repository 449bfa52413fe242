"""Copies: whether one picture is one of another, by keypoints or by levels."""
