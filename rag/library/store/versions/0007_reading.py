"""What was read of each page: its tables, what was left out and what could not be read; and by which version."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    whole = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.add_column("documents", sa.Column("reading", whole, nullable=False, server_default="0"))
    op.add_column("pages", sa.Column("tables", sa.Text, nullable=False, server_default="[]"))
    op.add_column("pages", sa.Column("left_out", sa.Text, nullable=False, server_default="[]"))
    op.add_column("pages", sa.Column("unread", sa.Text))
