"""`python -m isocenter`: the command line."""

from isocenter.cli import main

if __name__ == "__main__":
    main()
