"""The first sentences of a document are no longer kept beside its pages: nobody reads them."""

from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.drop_column("documents", "lead")
