"""Generated contacts, the same in every run."""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb

_ROWS = """
select
    'c-' || i as contact_id,
    'First' || (i % 5000) as first_name,
    case when i % 50 = 0 then 'O''Neil "the ' || i || '", Jr.' else 'Last' || (i % 90000) end as last_name,
    'user' || i || '@example.com' as email,
    '+1 555 ' || lpad((i % 10000)::varchar, 4, '0') as phone,
    (i % 200000) || ' Main Street' as street,
    'City ' || (i % 3000) as city,
    'Österreich' as country,
    ((i % 100000) * 1.25)::decimal(18, 2) as amount,
    date '1950-01-01' + (i % 20000)::integer as birthdate,
    i % 2 = 0 as active,
    case when i % 10 = 0 then null else 'Contact number ' || i || ', met at a fair' end as description
from range({rows}) numbers(i)
"""

FIELDS = {
    "External_Id__c": "contact_id",
    "FirstName": "first_name",
    "LastName": "last_name",
    "Email": "email",
    "Phone": "phone",
    "MailingStreet": "street",
    "MailingCity": "city",
    "MailingCountry": "country",
    "Amount__c": "amount",
    "Birthdate": "birthdate",
    "Active__c": "active",
    "Description": "description",
}
MAPPED = {field: column for field, column in FIELDS.items() if field != "External_Id__c"}
"""The fields that a sync maps in addition to its match field."""


def parquet(folder: Path, rows: int) -> Path:
    """Return a Parquet file of `rows` contacts with 12 columns, and write it if it does not exist."""
    path = folder / f"contacts-{rows}.parquet"
    if not path.exists():
        duckdb.sql(_ROWS.format(rows=rows)).write_parquet(str(path))
    return path


def csv(folder: Path, rows: int) -> Path:
    """Return the same contacts as a CSV file with the names of the fields, and write it if it does not exist."""
    path = folder / f"contacts-{rows}.csv"
    if not path.exists():
        columns = ", ".join(f'"{column}" as "{field}"' for field, column in FIELDS.items())
        duckdb.sql(f"select {columns} from read_parquet('{parquet(folder, rows)}')").write_csv(str(path))
    return path


def main() -> None:
    """Write both files: `python -m bench.data FOLDER ROWS`.

    This runs in its own process, so that no contender inherits its memory.
    """
    folder, rows = Path(sys.argv[1]), int(sys.argv[2])
    parquet(folder, rows)
    csv(folder, rows)


if __name__ == "__main__":
    main()
