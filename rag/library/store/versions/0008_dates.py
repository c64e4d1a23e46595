"""The date that a document itself says it has."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.add_column("documents", sa.Column("date", sa.Text, nullable=False, server_default=sa.text("''")))
