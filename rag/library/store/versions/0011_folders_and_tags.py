"""Folders and tags of documents; chats that are pinned, archived, or limited to some documents."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.add_column("documents", sa.Column("folder", sa.Text, nullable=False, server_default=sa.text("''")))
    op.create_table(
        "document_tags",
        sa.Column("document", sa.Text, sa.ForeignKey("documents.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("tag", sa.Text, primary_key=True),
    )
    op.create_index("document_tags_by_tag", "document_tags", ["tag"])
    whole = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.add_column("chats", sa.Column("pinned", whole, nullable=False, server_default="0"))
    op.add_column("chats", sa.Column("archived", whole, nullable=False, server_default="0"))
    op.add_column("chats", sa.Column("selection", sa.Text, nullable=False, server_default="{}"))
    _folders()


def _folders() -> None:
    """What came in an archive or a mail is in the folder that its name says."""
    documents = sa.table("documents", sa.column("id"), sa.column("name"), sa.column("address"), sa.column("folder"))
    inside = sa.select(documents.c.id, documents.c.name)
    inside = inside.where(documents.c.address.is_(None), documents.c.name.contains("/"))
    connection = op.get_bind()
    for row in connection.execute(inside).all():
        change = sa.update(documents).where(documents.c.id == row.id)
        connection.execute(change.values(folder=row.name.rpartition("/")[0]))
