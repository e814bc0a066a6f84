-- A reader's holiday: no digest leaves before, and the next one reaches back over it.
ALTER TABLE subscriber ADD COLUMN paused_until INTEGER;

-- The first letters of a run may go ahead alone: how many are left to take, then until when the others wait.
ALTER TABLE digest_run ADD COLUMN canary_left INTEGER NOT NULL DEFAULT 0;
ALTER TABLE digest_run ADD COLUMN canary_until INTEGER;
-- Why the service itself paused a run.
ALTER TABLE digest_run ADD COLUMN paused_because TEXT;

-- While its row is there no digest leaves and none is started by the schedule.
CREATE TABLE hold (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  since INTEGER NOT NULL,
  reason TEXT NOT NULL
) STRICT;

-- The kinds are those of OutgoingMail.Kind, checked when a row is read: a list here would have to be rebuilt with the
-- table each time a kind of letter is added.
CREATE TABLE outgoing_mail_of_any_kind (
  id INTEGER PRIMARY KEY,
  kind TEXT NOT NULL,
  recipient TEXT NOT NULL,
  subscriber_id INTEGER REFERENCES subscriber (id) ON DELETE SET NULL,
  run_id INTEGER REFERENCES digest_run (id),
  edition_id INTEGER REFERENCES edition (id),
  letter_body_id INTEGER REFERENCES letter_body (id),
  -- What the letter's link acts on: a consent or a topic request.
  reference_id INTEGER,
  -- Of a digest: the exclusive start of what it carries.
  window_from INTEGER,
  -- Fixed when queued, so that every attempt is the same bytes.
  date INTEGER NOT NULL,
  key_id INTEGER NOT NULL REFERENCES key (id),
  -- Transactional letters overtake digests.
  is_urgent INTEGER NOT NULL CHECK (is_urgent IN (0, 1)),
  state TEXT NOT NULL CHECK (state IN ('queued', 'sending', 'sent', 'failed', 'uncertain', 'cancelled')),
  attempts INTEGER NOT NULL DEFAULT 0,
  unread_replies INTEGER NOT NULL DEFAULT 0,
  next_attempt_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  reply_code INTEGER,
  reply_status TEXT,
  diagnostic TEXT,
  finished_at INTEGER
) STRICT;
INSERT INTO outgoing_mail_of_any_kind
  (id, kind, recipient, subscriber_id, run_id, edition_id, letter_body_id, reference_id, date, key_id, is_urgent, state,
   attempts, unread_replies, next_attempt_at, expires_at, reply_code, reply_status, diagnostic, finished_at)
SELECT
  id, kind, recipient, subscriber_id, run_id, edition_id, letter_body_id, reference_id, date, key_id, is_urgent, state,
  attempts, unread_replies, next_attempt_at, expires_at, reply_code, reply_status, diagnostic, finished_at
FROM outgoing_mail;
DROP TABLE outgoing_mail;
ALTER TABLE outgoing_mail_of_any_kind RENAME TO outgoing_mail;
CREATE UNIQUE INDEX outgoing_mail_once ON outgoing_mail (run_id, subscriber_id) WHERE run_id IS NOT NULL;
CREATE INDEX outgoing_mail_by_recipient ON outgoing_mail (lower(recipient), date) WHERE is_urgent = 1;
CREATE INDEX outgoing_mail_waiting ON outgoing_mail (is_urgent, next_attempt_at) WHERE state = 'queued';
CREATE INDEX outgoing_mail_by_run ON outgoing_mail (run_id, state, next_attempt_at) WHERE run_id IS NOT NULL;
CREATE INDEX outgoing_mail_by_subscriber ON outgoing_mail (subscriber_id, state);
CREATE INDEX outgoing_mail_held ON outgoing_mail (state) WHERE state = 'sending';
CREATE INDEX outgoing_mail_by_kind ON outgoing_mail (kind, date) WHERE is_urgent = 1;

-- The id of a revision is never given again: editions that are stored point at it, also after its meeting was deleted.
CREATE TABLE meeting_revision_for_good (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  meeting_id INTEGER NOT NULL REFERENCES meeting (id) ON DELETE CASCADE,
  number INTEGER NOT NULL,
  content TEXT NOT NULL,
  correction TEXT,
  created_at INTEGER NOT NULL,
  UNIQUE (meeting_id, number)
) STRICT;
INSERT INTO meeting_revision_for_good (id, meeting_id, number, content, correction, created_at)
SELECT id, meeting_id, number, content, correction, created_at FROM meeting_revision;
DROP TABLE meeting_revision;
ALTER TABLE meeting_revision_for_good RENAME TO meeting_revision;
CREATE INDEX meeting_revision_correction ON meeting_revision (created_at) WHERE correction IS NOT NULL;
