"""One diagnosis, rendered: terminal, notebook, one-file HTML, Markdown, JSON."""
