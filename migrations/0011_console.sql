-- Who is signed in to the console. Of the cookie's secret only a hash is kept. The proof is an HMAC of the API key's hash
-- under that secret: a session ends with its key, and nothing of the key can be learned here.
CREATE TABLE console_session (
  hash BLOB PRIMARY KEY,
  -- NULL for the key of the configuration.
  api_key_id INTEGER REFERENCES api_key (id) ON DELETE CASCADE,
  proof BLOB NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX console_session_by_key ON console_session (api_key_id);
