"""Warnings about a document, found when it was read: a list of text keys with their fields."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.add_column("documents", sa.Column("warnings", sa.Text, nullable=False, server_default="[]"))
