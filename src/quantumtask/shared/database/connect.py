"""Connection to the database that the settings name."""

from quantumtask.shared.database.base import Database
from quantumtask.shared.settings import Settings


def open_database(settings: Settings) -> Database:
    """Connect to the database and bring its schema up to date."""
    database = connect_database(settings)
    try:
        database.migrate()
    except BaseException:  # only to close: the exception goes on
        database.close()
        raise
    return database


def connect_database(settings: Settings) -> Database:
    """Connect to the database without any change to it."""
    if settings.database:
        # Imported here, so that a service on SQLite does not load the driver of PostgreSQL.
        from quantumtask.shared.database.postgresql import Postgresql

        return Postgresql(settings.database, settings.busy_timeout_s)
    from quantumtask.shared.database.sqlite import Sqlite

    return Sqlite(settings.database_file, settings.busy_timeout_s)
