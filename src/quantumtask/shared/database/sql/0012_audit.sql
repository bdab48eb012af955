-- The audit log: who changed what. Rows are never changed, and removed only after the time that was set when
-- they were written.

CREATE TABLE audit (
  number            INTEGER PRIMARY KEY,
  at                REAL NOT NULL,
  principal         TEXT NOT NULL,
  principal_project TEXT NOT NULL,             -- '' for a user of the operator's terminal
  address           TEXT NOT NULL,
  action            TEXT NOT NULL,
  object_kind       TEXT NOT NULL,
  object_id         TEXT NOT NULL,             -- of a task, a batch or a project, or the prefix of a token
  project           TEXT NOT NULL,             -- of the object
  outcome           TEXT NOT NULL,
  expires_at        REAL                       -- NULL: kept for ever
) STRICT;

CREATE INDEX audit_by_expiry ON audit (expires_at) WHERE expires_at IS NOT NULL;

CREATE TRIGGER audit_unchanged BEFORE UPDATE ON audit
BEGIN
  SELECT raise(ABORT, 'the audit log is append-only');
END;

-- A replacement of a row (INSERT OR REPLACE) fires no trigger of its deletion.
CREATE TRIGGER audit_unreplaced BEFORE INSERT ON audit
WHEN EXISTS (SELECT 1 FROM audit WHERE number = NEW.number)
BEGIN
  SELECT raise(ABORT, 'the audit log is append-only');
END;

CREATE TRIGGER audit_kept BEFORE DELETE ON audit
WHEN OLD.expires_at IS NULL OR OLD.expires_at > unixepoch('now', 'subsec')
BEGIN
  SELECT raise(ABORT, 'the audit log is append-only');
END;
