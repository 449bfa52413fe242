"""Clouds of points with normals: reading, sampling, matching, refining, drawing."""
