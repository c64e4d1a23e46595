"""Pages read by text recognition: what was seen, where its words stand, and whether a document is read so."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.add_column("pages", sa.Column("words", sa.Text, nullable=False, server_default="[]"))
    op.add_column("pages", sa.Column("certainty", sa.BigInteger().with_variant(sa.Integer(), "sqlite")))
    op.add_column("documents", sa.Column("ocr", sa.Text, nullable=False, server_default="auto"))
    op.create_table(
        "recognised",
        sa.Column("owner", sa.Text, primary_key=True),
        sa.Column("sha256", sa.Text, primary_key=True),
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True),
        sa.Column("seen", sa.Text, nullable=False),
        sa.Column("created", sa.Text, nullable=False),
    )
