-- Logins of browsers. The id of a session is a secret that is not stored: `prefix` finds its row, `hash`
-- proves the rest. A session ends with its row, with its time, or with the token by which it was made.

CREATE TABLE sessions (
  prefix     TEXT PRIMARY KEY,                  -- the first characters of the id
  hash       TEXT NOT NULL,                     -- SHA-256 of the whole id, in hexadecimal digits
  token      TEXT,                              -- the prefix of the token; NULL: an ID token
  name       TEXT NOT NULL,
  project    TEXT NOT NULL,
  role       TEXT NOT NULL CHECK (role IN ('read', 'user', 'admin')),
  created_at REAL NOT NULL,
  expires_at REAL NOT NULL
) STRICT;
