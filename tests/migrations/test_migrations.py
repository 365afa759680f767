from tests.database import Database
import psycopg
def test_it(database: Database, app: psycopg.Connection, owner: psycopg.Connection) -> None:
    print(owner.execute("select rolname, rolconfig from pg_roles where rolname like 'frontdesk%'").fetchall())
    print(app.execute("select current_setting('search_path') as sp, current_setting('statement_timeout') as s, has_database_privilege(current_database(),'TEMP') t").fetchall())
