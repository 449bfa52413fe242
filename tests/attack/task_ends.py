"""How often tasks end: a trigger of the database notes each change that a finished task sees."""

from collections import Counter

from sqlalchemy import Engine

_TABLE = "CREATE TABLE task_ends (task_id TEXT NOT NULL)"
_IS_END = "WHEN (coalesce(OLD.finished_at, NEW.finished_at) IS NOT NULL)"
_NOTE = "BEGIN INSERT INTO task_ends VALUES (NEW.id);"
_TRIGGER = {
    "sqlite": (f"CREATE TRIGGER note_end AFTER UPDATE ON tasks {_IS_END} {_NOTE} END",),
    "postgresql": (
        f"CREATE FUNCTION note_end() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ {_NOTE} RETURN NEW; END $$",
        f"CREATE TRIGGER note_end AFTER UPDATE ON tasks FOR EACH ROW {_IS_END} "
        "EXECUTE FUNCTION note_end()",
    ),
}


def note_ends(database: Engine) -> None:
    """Begin to count."""
    with database.begin() as connection:
        for statement in (_TABLE, *_TRIGGER[database.dialect.name]):
            connection.exec_driver_sql(statement)


def ends(database: Engine) -> Counter[str]:
    """How often each task has ended, or was changed after its end; by id."""
    with database.begin() as connection:
        return Counter(connection.exec_driver_sql("SELECT task_id FROM task_ends").scalars())
