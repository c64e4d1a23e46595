"""`python -m rag`: the app without a browser."""

from rag.commands.cli import main

main()
