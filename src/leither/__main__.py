"""`python -m leither` is the program `leither`."""

from leither.cli import main

if __name__ == "__main__":
    main()
