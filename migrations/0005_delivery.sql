-- Who holds a letter is known to the one process that owns the store; its row stays queued until the outcome is known.
UPDATE outgoing_mail SET state = 'queued' WHERE state = 'sending';
DROP INDEX outgoing_mail_held;

-- Each index on the state costs every letter twice.
DROP INDEX outgoing_mail_waiting;
CREATE INDEX outgoing_mail_urgent ON outgoing_mail (next_attempt_at) WHERE state = 'queued' AND is_urgent = 1;
DROP INDEX outgoing_mail_by_run;
CREATE INDEX outgoing_mail_by_run ON outgoing_mail (run_id, state) WHERE run_id IS NOT NULL;
DROP INDEX outgoing_mail_by_subscriber;
CREATE INDEX outgoing_mail_by_subscriber ON outgoing_mail (subscriber_id);
-- Letters leave edition by edition: what they share is then prepared once.
CREATE INDEX outgoing_mail_next ON outgoing_mail (run_id, edition_id, id, next_attempt_at)
  WHERE state = 'queued' AND run_id IS NOT NULL;

-- Digests that left on a day of the site's calendar, for caps and charts.
CREATE TABLE digests_by_day (
  day TEXT PRIMARY KEY,
  sent INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What came back about letters, and what was refused at once.
CREATE TABLE bounce (
  id INTEGER PRIMARY KEY,
  outgoing_mail_id INTEGER REFERENCES outgoing_mail (id) ON DELETE SET NULL,
  subscriber_id INTEGER REFERENCES subscriber (id) ON DELETE CASCADE,
  kind TEXT NOT NULL CHECK (kind IN ('hard', 'soft', 'complaint')),
  status TEXT,
  diagnostic TEXT NOT NULL,
  -- How it was recognised: 'reply', 'verp', 'message-id', 'recipient' or 'operator'.
  evidence TEXT NOT NULL,
  received_at INTEGER NOT NULL
) STRICT;
CREATE INDEX bounce_by_subscriber ON bounce (subscriber_id, received_at);
CREATE INDEX bounce_by_time ON bounce (received_at);
-- A report that comes twice counts once.
CREATE UNIQUE INDEX bounce_once ON bounce (outgoing_mail_id, kind) WHERE outgoing_mail_id IS NOT NULL;

-- Runs in a row whose letters came back, and the last of them.
ALTER TABLE subscriber ADD COLUMN bounces INTEGER NOT NULL DEFAULT 0;
ALTER TABLE subscriber ADD COLUMN bounced_run INTEGER;
-- Why nothing is sent to them, while they are suppressed.
ALTER TABLE subscriber ADD COLUMN suppressed_because TEXT;
