"""Builds the docs site: pages that are made from the code, and files of the project that are shown as they are."""
