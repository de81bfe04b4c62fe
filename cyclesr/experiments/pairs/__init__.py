"""A benchmark on real pairs: what unpaired training makes of a camera's images, between bicubic and true pairs."""
