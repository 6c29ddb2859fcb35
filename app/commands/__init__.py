"""The commands of the command line, one room each; `app/cli.py` lists them."""
