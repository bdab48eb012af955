-- The version of the server, and the settings on which the service relies.
SELECT
  current_setting('server_version_num')::int,
  json_build_object(
    'fsync', current_setting('fsync'),
    'full_page_writes', current_setting('full_page_writes'),
    'synchronous_commit', current_setting('synchronous_commit'),
    'encoding', current_setting('server_encoding'),
    'only_reads', pg_is_in_recovery() OR current_setting('transaction_read_only')::bool,
    'may_create', coalesce(has_schema_privilege(current_schema(), 'CREATE'), false),
    'most_connections', current_setting('max_connections')::int
                        - current_setting('superuser_reserved_connections')::int,
    'connections', (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'),
    'our_connections', (SELECT count(*) FROM pg_stat_activity
                        WHERE application_name = 'quantumtask' AND pid <> pg_backend_pid())
  );
