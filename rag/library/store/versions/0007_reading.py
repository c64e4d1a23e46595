"""What was read of each page: its tables, what was left out and what could not be read; and by which version.

The full-text indexes are brought to one description on the way: analysis in the program has replaced FTS5's stemmer and
a text search configuration of our own. When a library is opened, the index is rebuilt where it was analysed otherwise.
"""

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
    if op.get_context().dialect.name == "postgresql":
        op.execute("DROP TEXT SEARCH CONFIGURATION IF EXISTS footnote")
        op.execute("DROP TEXT SEARCH DICTIONARY IF EXISTS footnote_stem")
        return
    made_by = op.get_bind().exec_driver_sql("SELECT sql FROM sqlite_master WHERE name = 'words'").scalar_one()
    if "tokenize = 'ascii'" not in made_by:
        op.execute("DROP TABLE words")
        op.execute(
            "CREATE VIRTUAL TABLE words USING fts5 ( context_terms, text_terms,"
            " content = 'chunks', content_rowid = 'id', tokenize = 'ascii' )"
        )
