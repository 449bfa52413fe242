"""What each caller's tasks come to, by kind of work, kept by the database itself.

Triggers, so that gateways of the version before count too while they are still there.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

COUNT_ALL = """
INSERT INTO task_totals (owner, work, tasks, stored_bytes)
SELECT owner, work, count(*), sum(stored_bytes) FROM tasks GROUP BY owner, work
"""
ADDED = """
INSERT INTO task_totals (owner, work, tasks, stored_bytes)
VALUES (NEW.owner, NEW.work, 1, NEW.stored_bytes)
ON CONFLICT (owner, work) DO UPDATE SET
    tasks = task_totals.tasks + 1,
    stored_bytes = task_totals.stored_bytes + excluded.stored_bytes;
"""
CHANGED = """
UPDATE task_totals SET stored_bytes = stored_bytes + NEW.stored_bytes - OLD.stored_bytes
WHERE owner = NEW.owner AND work = NEW.work;
"""
SQLITE = (
    f"CREATE TRIGGER count_task AFTER INSERT ON tasks BEGIN {ADDED} END",
    f"CREATE TRIGGER weigh_task AFTER UPDATE OF stored_bytes ON tasks BEGIN {CHANGED} END",
    """
    CREATE TRIGGER discount_task AFTER DELETE ON tasks BEGIN
        UPDATE task_totals SET tasks = tasks - 1, stored_bytes = stored_bytes - OLD.stored_bytes
        WHERE owner = OLD.owner AND work = OLD.work;
        DELETE FROM task_totals WHERE owner = OLD.owner AND work = OLD.work AND tasks = 0;
    END
    """,
)
# A sweep deletes tasks of many callers: in one order, or two sweeps would wait for each other.
POSTGRESQL = (
    f"""
    CREATE FUNCTION count_task() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN {ADDED} RETURN NULL; END $$
    """,
    f"""
    CREATE FUNCTION weigh_task() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN {CHANGED} RETURN NULL; END $$
    """,
    """
    CREATE FUNCTION discount_tasks() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM 1 FROM task_totals AS total
        WHERE (owner, work) IN (SELECT owner, work FROM gone)
        ORDER BY owner, work FOR UPDATE;
        UPDATE task_totals AS total
        SET tasks = total.tasks - less.tasks,
            stored_bytes = total.stored_bytes - less.stored_bytes
        FROM (
            SELECT owner, work, count(*) AS tasks, sum(stored_bytes) AS stored_bytes
            FROM gone GROUP BY owner, work
        ) AS less
        WHERE total.owner = less.owner AND total.work = less.work;
        DELETE FROM task_totals
        WHERE tasks = 0 AND (owner, work) IN (SELECT owner, work FROM gone);
        RETURN NULL;
    END $$
    """,
    """
    CREATE TRIGGER count_task AFTER INSERT ON tasks
    FOR EACH ROW EXECUTE FUNCTION count_task()
    """,
    """
    CREATE TRIGGER weigh_task AFTER UPDATE OF stored_bytes ON tasks
    FOR EACH ROW WHEN (OLD.stored_bytes <> NEW.stored_bytes) EXECUTE FUNCTION weigh_task()
    """,
    """
    CREATE TRIGGER discount_tasks AFTER DELETE ON tasks REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION discount_tasks()
    """,
)


def upgrade() -> None:
    op.create_table(
        "task_totals",
        sa.Column("owner", sa.Text, primary_key=True),
        sa.Column("work", sa.String(64), primary_key=True),
        sa.Column("tasks", sa.BigInteger, nullable=False),
        sa.Column("stored_bytes", sa.BigInteger, nullable=False),
    )
    is_server = op.get_bind().dialect.name == "postgresql"
    if is_server:  # On SQLite nobody else writes meanwhile.
        op.execute("LOCK TABLE tasks IN SHARE ROW EXCLUSIVE MODE")
    op.execute(COUNT_ALL)
    for statement in POSTGRESQL if is_server else SQLITE:
        op.execute(statement)
