-- Who changed what by the API. No address stands here, so an erased subscriber leaves nothing in it; what became of a
-- text is told by its hash. AUTOINCREMENT: a line's number is never given again.
CREATE TABLE audit (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL,
  api_key_id INTEGER REFERENCES api_key (id) ON DELETE SET NULL,
  -- The key's name when it was used, or how else the operator was known.
  who TEXT NOT NULL,
  request TEXT NOT NULL,
  action TEXT NOT NULL,
  -- The path of the call that shows it, below /api/v1/.
  subject TEXT NOT NULL,
  -- JSON objects of the members that differ.
  before TEXT,
  after TEXT
) STRICT;
CREATE INDEX audit_by_subject ON audit (subject, id);

ALTER TABLE api_key ADD COLUMN last_used_at INTEGER;

ALTER TABLE feedback ADD COLUMN reply TEXT;
ALTER TABLE feedback ADD COLUMN handled_at INTEGER;

-- Addresses of councils that were merged or renamed lead to the one that took their place.
CREATE TABLE replaced_council (
  slug TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  council_id INTEGER NOT NULL REFERENCES council (id) ON DELETE CASCADE,
  replaced_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX replaced_council_by_council ON replaced_council (council_id);

-- Of their meetings only those that could not keep their slug, because the other council had one of that name.
CREATE TABLE renamed_meeting (
  council_slug TEXT NOT NULL,
  slug TEXT NOT NULL,
  meeting_id INTEGER NOT NULL REFERENCES meeting (id) ON DELETE CASCADE,
  PRIMARY KEY (council_slug, slug)
) STRICT, WITHOUT ROWID;
CREATE INDEX renamed_meeting_by_meeting ON renamed_meeting (meeting_id);

-- Where a meeting was first shown, 'council/meeting', when it is elsewhere now: readers' feeds and calendars know it by that.
ALTER TABLE meeting ADD COLUMN first_shown_at TEXT;

-- Of a copy: when it was taken. NULL in a store that is in use.
ALTER TABLE installation ADD COLUMN backed_up_at INTEGER;
