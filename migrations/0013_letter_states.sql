-- SQLite makes a table of the names behind IN for each row that it checks; a letter that left paid for three. Compared
-- one by one, the frequent ones first, they cost next to nothing. A check can't be changed without its table.
CREATE TABLE outgoing_mail_checked_by_name (
  id INTEGER PRIMARY KEY,
  -- Of OutgoingMail.Kind.
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
  state TEXT NOT NULL CHECK (
    state = 'sent' OR state = 'queued' OR state = 'failed' OR state = 'uncertain' OR state = 'cancelled'),
  attempts INTEGER NOT NULL DEFAULT 0,
  unread_replies INTEGER NOT NULL DEFAULT 0,
  next_attempt_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  reply_code INTEGER,
  reply_status TEXT,
  diagnostic TEXT,
  finished_at INTEGER,
  -- Of a digest that went to the other of two addresses: whose it was.
  joined_from INTEGER NOT NULL DEFAULT 0
) STRICT;
INSERT INTO outgoing_mail_checked_by_name
  (id, kind, recipient, subscriber_id, run_id, edition_id, letter_body_id, reference_id, window_from, date, key_id,
   is_urgent, state, attempts, unread_replies, next_attempt_at, expires_at, reply_code, reply_status, diagnostic,
   finished_at, joined_from)
SELECT
  id, kind, recipient, subscriber_id, run_id, edition_id, letter_body_id, reference_id, window_from, date, key_id,
  is_urgent, state, attempts, unread_replies, next_attempt_at, expires_at, reply_code, reply_status, diagnostic,
  finished_at, joined_from
FROM outgoing_mail ORDER BY id;
DROP TABLE outgoing_mail;
ALTER TABLE outgoing_mail_checked_by_name RENAME TO outgoing_mail;
CREATE INDEX outgoing_mail_by_recipient ON outgoing_mail (lower(recipient), date) WHERE is_urgent = 1;
CREATE INDEX outgoing_mail_by_kind ON outgoing_mail (kind, date) WHERE is_urgent = 1;
CREATE INDEX outgoing_mail_urgent ON outgoing_mail (next_attempt_at) WHERE state = 'queued' AND is_urgent = 1;
CREATE INDEX outgoing_mail_by_subscriber ON outgoing_mail (subscriber_id);
CREATE INDEX outgoing_mail_next ON outgoing_mail (run_id, window_from, edition_id, id, next_attempt_at)
  WHERE state = 'queued' AND run_id IS NOT NULL;
CREATE INDEX outgoing_mail_not_sent ON outgoing_mail (run_id, state)
  WHERE run_id IS NOT NULL AND (state = 'failed' OR state = 'uncertain' OR state = 'cancelled');
CREATE UNIQUE INDEX outgoing_mail_once ON outgoing_mail (run_id, subscriber_id, joined_from) WHERE run_id IS NOT NULL;
CREATE INDEX outgoing_mail_by_body ON outgoing_mail (letter_body_id) WHERE letter_body_id IS NOT NULL;

-- Letters that were taken are read from the journal's list, not copied into a table first.
DROP TABLE sent_letter;
