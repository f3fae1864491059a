"""The pipeline: rows in, a bundle out. One module a stage; files are its only joint with the service.

    rows -> readers -> dataset (labels, splits) -> embed -> heads -> calibrate -> thresholds -> evaluate -> bundle

It needs the extra `train`: pip install 'tierwise[train]'.
"""
