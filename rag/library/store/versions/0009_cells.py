"""Where the cells of sheets stand in the text of their pages."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.add_column("pages", sa.Column("cells", sa.Text, nullable=False, server_default="[]"))
