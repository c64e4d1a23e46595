"""The first tables. No library is older than they are, and new ones are made from `schema.py`: nothing to do."""

revision = "0001"
down_revision = None
