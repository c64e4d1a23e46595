"""`python -m rag`: the app without a browser."""

from rag.cli import main

main()
