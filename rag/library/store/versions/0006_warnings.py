"""What is to be known of a document since it was read: a list of keys, and what their texts fill in."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.add_column("documents", sa.Column("warnings", sa.Text, nullable=False, server_default="[]"))
