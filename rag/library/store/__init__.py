"""The persistent store: collections, documents with their vectors, chats, jobs, checks, original files, people.

It is one SQLite file and a folder of originals in the data folder, or a PostgreSQL database that several app processes
share. The first argument of every call is the owner, that is the person who asks; what they may access is decided in
`permissions.py`. An id of another's raises the same error as one that does not exist.
"""

from __future__ import annotations

from pathlib import Path

from rag.core.errors import FolderUnusable, StoreTooNew
from rag.core.text import ANALYSIS
from rag.library.store.access_states import AccessStates
from rag.library.store.audit_log import Activity
from rag.library.store.chats import Chats
from rag.library.store.checks import Checks
from rag.library.store.collections import Collections
from rag.library.store.counts import Counts
from rag.library.store.database import Database
from rag.library.store.deliveries import prepare
from rag.library.store.documents import Documents
from rag.library.store.files import INDEX, Files, Folder, sync_folder
from rag.library.store.job_rows import Job
from rag.library.store.jobs import Jobs
from rag.library.store.listing import Listing
from rag.library.store.migrations import LATEST, migrate, version
from rag.library.store.originals import Originals
from rag.library.store.people import People
from rag.library.store.postgresql import PostgreSQL
from rag.library.store.queue import Queue
from rag.library.store.ratings import Ratings
from rag.library.store.readings import Readings
from rag.library.store.recognised import Recognised
from rag.library.store.shares import Shares
from rag.library.store.sqlite import SQLite
from rag.library.store.words import analysis, rebuild

__all__ = ["DATABASE", "FILES", "INDEX", "Job", "Store"]

DATABASE = "library.sqlite3"
FILES = "files"


class Store:
    """One library. Thread-safe; each process opens its own.

    `folder` is the data folder, for what is not in a database on a server.
    """

    def __init__(self, folder: Path, database: Database, files: Files) -> None:
        self.folder = folder
        self.database = database
        self.files = files
        self.collections = Collections(database, files)
        self.documents = Documents(database, files)
        self.listing = Listing(database, files)
        self.chats = Chats(database)
        self.jobs = Jobs(database, files)
        self.queue = Queue(database, files)
        self.readings = Readings(database, files)
        self.recognised = Recognised(database)
        self.checks = Checks(database)
        self.ratings = Ratings(database)
        self.people = People(database)
        self.shares = Shares(database)
        self.activity = Activity(database)
        self.access_states = AccessStates(database)

    @classmethod
    def open(cls, data_dir: Path, url: str = "", *, graphs: bool = True) -> Store:
        """Open the library, creating or migrating it where needed.

        Args:
            url: `postgresql+psycopg://…` of the database that holds it; empty where `data_dir` does.
            graphs: whether PostgreSQL keeps vector indexes; not where another server searches the vectors.

        Raises:
            StoreDamaged: the file is no library.
            StoreTooNew: a later version of the program wrote it.
            DiskFull, FolderUnusable: of `data_dir`.
            StoreUnreachable: the server does not answer.
            StoreUnprepared: the server has no pgvector.
            StorePackageMissing: psycopg or procrastinate is not installed.
        """
        make_data_folder(data_dir)
        database: Database = PostgreSQL(url, graphs=graphs) if url else SQLite(data_dir / DATABASE)
        files = Originals(database) if url else Folder(data_dir / FILES, database)
        with database.read() as connection:
            current = version(connection)
        if current > LATEST:
            database.close()
            raise StoreTooNew(file=database.name)
        if current < LATEST:
            with database.write_alone() as connection:
                migrate(connection)
            with database.mapped_errors():
                sync_folder(data_dir)
        with database.read() as connection:
            analysed = analysis(connection)
        if analysed < ANALYSIS:
            with database.write_alone() as connection:
                # Another process may have done it since.
                if analysis(connection) < ANALYSIS:
                    rebuild(connection)
        if isinstance(database, PostgreSQL):
            prepare(database)
        return cls(data_dir, database, files)

    def counts(self) -> Counts:
        """Sizes of the library, over all owners."""
        return Counts.of(self.database)

    def close(self) -> None:
        """Close idle connections. Calls in progress finish normally."""
        self.database.close()


def make_data_folder(data_dir: Path) -> None:
    """Raises FolderUnusable where it is no folder, or cannot be written to."""
    try:
        data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    except (FileExistsError, NotADirectoryError, PermissionError) as error:
        raise FolderUnusable(folder=str(data_dir)) from error
