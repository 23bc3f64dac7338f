"""Lets the serving role drop usage records whose time is over, never before the law's three years."""

from alembic import op
from zhengshu_chassis.migrate import grants

revision = "0017"
down_revision = "0016"

PURGE = """
CREATE FUNCTION drop_usage_records(years integer) RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path FROM CURRENT AS $$
    WITH today AS (SELECT (now() AT TIME ZONE 'Asia/Shanghai')::date AS day),
    gone AS (
        DELETE FROM usage_records USING today
        WHERE make_date(
            extract(year FROM recorded_at AT TIME ZONE 'Asia/Shanghai')::integer
                + greatest(years, 3), 12, 31
        ) < today.day
        RETURNING 1
    )
    SELECT count(*) FROM gone
$$
"""


def upgrade() -> None:
    op.execute(PURGE)
    op.execute("REVOKE ALL ON FUNCTION drop_usage_records(integer) FROM PUBLIC")
    grants(op, "FUNCTION drop_usage_records(integer)", "EXECUTE")
