"""Self-contained HTML pages: one file with styles, scripts and images, which a browser opens from disk."""
