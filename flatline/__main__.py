"""`python -m flatline`: the command line."""

from flatline.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
