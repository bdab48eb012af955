-- Logins of browsers. The id of a session is a secret that is not stored: `prefix` finds its row, `hash`
-- proves the rest. A session ends with its row, with its time, or with the token by which it was made.

CREATE TABLE sessions (
  prefix     text   PRIMARY KEY,                -- the first characters of the id
  hash       text   NOT NULL,                   -- SHA-256 of the whole id, in hexadecimal digits
  token      text,                              -- the prefix of the token; NULL: an ID token
  name       text   NOT NULL,
  project    text   NOT NULL,
  role       text   NOT NULL CHECK (role IN ('read', 'user', 'admin')),
  created_at float8 NOT NULL,
  expires_at float8 NOT NULL
);
