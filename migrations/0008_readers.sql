-- Ids that mailed links name are never given again: the link of somebody who was erased must not open the row of
-- somebody who came later.
CREATE TABLE subscriber_for_good (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  email TEXT NOT NULL,
  email_key TEXT NOT NULL UNIQUE,
  state TEXT NOT NULL CHECK (state IN ('pending', 'active', 'suppressed', 'unsubscribed')),
  density TEXT NOT NULL DEFAULT 'brief' CHECK (density IN ('headlines', 'brief', 'full')),
  -- Exclusive start of what their next digest carries; moves only when a digest was sent, and outlives leaving.
  window_start INTEGER,
  created_at INTEGER NOT NULL,
  confirmed_at INTEGER,
  unsubscribed_at INTEGER,
  -- A reader's holiday: no digest leaves before, and the next one reaches back over it.
  paused_until INTEGER,
  -- Why nothing is sent to them, while they are suppressed.
  suppressed_because TEXT,
  -- Until when somebody may read transcripts.
  professional_until INTEGER
) STRICT;
INSERT INTO subscriber_for_good
  (id, email, email_key, state, density, window_start, created_at, confirmed_at, unsubscribed_at, paused_until,
   suppressed_because, professional_until)
SELECT
  id, email, email_key, state, density, window_start, created_at, confirmed_at, unsubscribed_at, paused_until,
  suppressed_because, professional_until
FROM subscriber;
DROP TABLE subscriber;
ALTER TABLE subscriber_for_good RENAME TO subscriber;
CREATE INDEX subscriber_by_state ON subscriber (state, id);

-- Who agreed to what, when, told what, and when and how they took it back.
CREATE TABLE consent_for_good (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  subscriber_id INTEGER NOT NULL REFERENCES subscriber (id) ON DELETE CASCADE,
  scope TEXT NOT NULL,
  source TEXT NOT NULL,
  -- Of one that was given elsewhere: where and how, as the operator says.
  evidence TEXT,
  form_version TEXT NOT NULL,
  notice_version TEXT NOT NULL,
  density TEXT,
  requested_at INTEGER NOT NULL,
  confirmed_at INTEGER,
  withdrawn_at INTEGER,
  withdrawn_how TEXT
) STRICT;
INSERT INTO consent_for_good
  (id, subscriber_id, scope, source, form_version, notice_version, density, requested_at, confirmed_at, withdrawn_at)
SELECT id, subscriber_id, scope, source, form_version, form_version, density, requested_at, confirmed_at, withdrawn_at
FROM consent;
DROP TABLE consent;
ALTER TABLE consent_for_good RENAME TO consent;
CREATE INDEX consent_by_subscriber ON consent (subscriber_id, requested_at);
CREATE INDEX consent_unconfirmed ON consent (requested_at) WHERE confirmed_at IS NULL;

CREATE TABLE topic_request_for_good (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  email TEXT NOT NULL,
  request TEXT NOT NULL,
  query TEXT,
  state TEXT NOT NULL CHECK (state IN ('unconfirmed', 'open', 'accepted', 'declined')),
  created_at INTEGER NOT NULL,
  confirmed_at INTEGER,
  reply TEXT,
  decided_at INTEGER,
  suggestion TEXT,
  accepted_query TEXT
) STRICT;
INSERT INTO topic_request_for_good
  (id, email, request, query, state, created_at, confirmed_at, reply, decided_at, suggestion, accepted_query)
SELECT id, email, request, query, state, created_at, confirmed_at, reply, decided_at, suggestion, accepted_query
FROM topic_request;
DROP TABLE topic_request;
ALTER TABLE topic_request_for_good RENAME TO topic_request;
CREATE INDEX topic_request_by_state ON topic_request (state, id);

-- One subscription of a consent may end before the others.
ALTER TABLE subscription ADD COLUMN ended_how TEXT;

-- What people are told, word for word, by the version that their consents name; one of each kind is in use.
CREATE TABLE consent_text (
  kind TEXT NOT NULL CHECK (kind IN ('form', 'notice')),
  version TEXT NOT NULL,
  text TEXT NOT NULL,
  first_used_at INTEGER NOT NULL,
  is_in_use INTEGER NOT NULL CHECK (is_in_use IN (0, 1)),
  PRIMARY KEY (kind, version)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX consent_text_in_use ON consent_text (kind) WHERE is_in_use = 1;

-- A new address that waits for its own answer.
CREATE TABLE address_change (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  subscriber_id INTEGER NOT NULL REFERENCES subscriber (id) ON DELETE CASCADE,
  -- Empty once it is done or stopped.
  email TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('waiting', 'done', 'stopped', 'replaced')),
  requested_at INTEGER NOT NULL,
  ended_at INTEGER
) STRICT;
CREATE INDEX address_change_by_subscriber ON address_change (subscriber_id, requested_at);
CREATE UNIQUE INDEX address_change_once ON address_change (subscriber_id) WHERE state = 'waiting';

-- Who had two addresses and moved to one of them: links in old letters go on working.
CREATE TABLE moved_subscriber (
  id INTEGER PRIMARY KEY,
  subscriber_id INTEGER NOT NULL REFERENCES subscriber (id) ON DELETE CASCADE
) STRICT;
CREATE INDEX moved_subscriber_to ON moved_subscriber (subscriber_id);

-- Of a digest that went to the other of two addresses: whose it was. Each of them had a letter of the run.
ALTER TABLE outgoing_mail ADD COLUMN joined_from INTEGER NOT NULL DEFAULT 0;
DROP INDEX outgoing_mail_once;
CREATE UNIQUE INDEX outgoing_mail_once ON outgoing_mail (run_id, subscriber_id, joined_from) WHERE run_id IS NOT NULL;

-- What is left of somebody who was erased and whose address had refused our letters: a keyed hash of it.
CREATE TABLE suppression (
  address BLOB PRIMARY KEY,
  reason TEXT NOT NULL,
  since INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- A professional reader who asked for a link to sign in; it works once.
CREATE TABLE sign_in (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  subscriber_id INTEGER NOT NULL REFERENCES subscriber (id) ON DELETE CASCADE,
  -- The transcript they came from.
  next TEXT,
  requested_at INTEGER NOT NULL,
  used_at INTEGER
) STRICT;
CREATE INDEX sign_in_by_subscriber ON sign_in (subscriber_id);

-- Of its secret only a hash is kept.
CREATE TABLE session (
  hash BLOB PRIMARY KEY,
  subscriber_id INTEGER NOT NULL REFERENCES subscriber (id) ON DELETE CASCADE,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX session_by_subscriber ON session (subscriber_id);

-- What is left of a run's letters when their rows are old; those that were sent are counted in taken.
ALTER TABLE digest_run ADD COLUMN past_failed INTEGER NOT NULL DEFAULT 0;
ALTER TABLE digest_run ADD COLUMN past_uncertain INTEGER NOT NULL DEFAULT 0;
ALTER TABLE digest_run ADD COLUMN past_cancelled INTEGER NOT NULL DEFAULT 0;

-- Bodies that no letter has any more are found by these.
CREATE INDEX outgoing_mail_by_body ON outgoing_mail (letter_body_id) WHERE letter_body_id IS NOT NULL;
CREATE INDEX edition_by_body ON edition (letter_body_id) WHERE letter_body_id IS NOT NULL;
