"""A benchmark on real pairs: how well unpaired training works on a camera's images, from bicubic to true pairs."""
