"""Clocks of their own, in place of dates computed when asked for."""

from alembic import op
from zhengshu_chassis.migrate import grants

revision = "0002"
down_revision = "0001"

STATEMENTS = (
    """
    CREATE TABLE clocks (
        id text CONSTRAINT pk_clocks PRIMARY KEY,
        term text NOT NULL,
        matter text NOT NULL,
        "case" text NOT NULL,
        party text NOT NULL,
        received date NOT NULL,
        days int NOT NULL,
        extended int NOT NULL,
        set_for date,
        stood jsonb NOT NULL,
        paused_on date,
        closed_on date,
        due date,
        provisional boolean NOT NULL,
        calendar text NOT NULL
    )
    """,
    "CREATE UNIQUE INDEX uq_clocks_running ON clocks (matter, term) WHERE closed_on IS NULL",
    'CREATE INDEX ix_clocks_case ON clocks ("case")',
    "CREATE INDEX ix_clocks_calendar ON clocks (calendar) WHERE closed_on IS NULL",
    """
    CREATE TABLE extensions (
        clock text CONSTRAINT pk_extensions PRIMARY KEY
            CONSTRAINT fk_extensions_clock REFERENCES clocks (id),
        days int NOT NULL,
        reason text NOT NULL,
        asked_by text NOT NULL,
        asked_at timestamptz NOT NULL,
        outcome text,
        opinion text,
        decided_by text,
        decided_at timestamptz
    )
    """,
    # What is waited for already gets its clock; the worker computes its day (the calendar is not this one).
    """
    INSERT INTO clocks
    SELECT 'k-' || a.id, 'endorsement', a.id, a.id, 'competent',
           (a.submitted_at AT TIME ZONE 'Asia/Shanghai')::date, 2, 0, NULL,
           CASE WHEN a.supplemented_at IS NULL THEN '[]'::jsonb ELSE jsonb_build_array(
               jsonb_build_array((a.returned_at AT TIME ZONE 'Asia/Shanghai')::date,
                                 (a.supplemented_at AT TIME ZONE 'Asia/Shanghai')::date)) END,
           CASE WHEN a.supplemented_at IS NULL
               THEN (a.returned_at AT TIME ZONE 'Asia/Shanghai')::date END,
           NULL, NULL, false, ''
      FROM applications a
     WHERE EXISTS (SELECT FROM parts p WHERE p.application = a.id
                    AND p.state IN ('submitted', 'supplementing'))
    """,
    """
    INSERT INTO clocks
    SELECT 'k-' || o.id, 'reply_conditional', o.id, o.application, o.provider,
           (o.requested_at AT TIME ZONE 'Asia/Shanghai')::date, 10, 0, p.asked_due,
           '[]', NULL, NULL, NULL, false, ''
      FROM opinions o JOIN parts p ON p.id = o.part WHERE o.state = 'requested'
    """,
    "ALTER TABLE parts DROP COLUMN asked_at, DROP COLUMN asked_due",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
    grants(op, "clocks, extensions")
