-- The audit log: who changed what. Rows are never changed, and removed only after the time that was set when
-- they were written.

CREATE TABLE audit (
  number            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at                float8 NOT NULL,
  principal         text NOT NULL,
  principal_project text NOT NULL,             -- '' for a user of the operator's terminal
  address           text NOT NULL,
  action            text NOT NULL,
  object_kind       text NOT NULL,
  object_id         text NOT NULL,             -- of a task, a batch or a project, or the prefix of a token
  project           text NOT NULL,             -- of the object
  outcome           text NOT NULL,
  expires_at        float8                     -- NULL: kept for ever
);

CREATE INDEX audit_by_expiry ON audit (expires_at) WHERE expires_at IS NOT NULL;

CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the audit log is append-only' USING ERRCODE = 'check_violation';
END $$;

CREATE TRIGGER audit_unchanged BEFORE UPDATE ON audit
FOR EACH ROW EXECUTE FUNCTION refuse_audit_change();

CREATE TRIGGER audit_kept BEFORE DELETE ON audit
FOR EACH ROW WHEN (OLD.expires_at IS NULL OR OLD.expires_at > extract(epoch FROM clock_timestamp()))
EXECUTE FUNCTION refuse_audit_change();

CREATE TRIGGER audit_whole BEFORE TRUNCATE ON audit
FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change();
