"""Connection to the database that the settings name."""

from quantumtask.shared.database.base import Database
from quantumtask.shared.settings import Settings


def open_database(settings: Settings) -> "Database":
    """The database that the settings name, with its schema up to date."""
    database = connect(settings)
    try:
        database.migrate()
    except BaseException:
        database.close()
        raise
    return database


def connect(settings: Settings) -> "Database":
    """The database that the settings name, as it is."""
    if settings.database:
        from quantumtask.shared.database.postgresql import (
            Postgresql,  # who stays with SQLite loads no other
        )

        return Postgresql(settings.database, settings.busy_timeout_s)
    from quantumtask.shared.database.sqlite import Sqlite

    return Sqlite(settings.database_file, settings.busy_timeout_s)
