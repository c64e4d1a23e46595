"""The first tables. No library is older, and new ones are created from `schema.py`: nothing to do."""

revision = "0001"
down_revision = None
