-- Times are milliseconds since 1970, UTC. "Once" is a unique index, never an if.

-- The moment this installation began: it owes no digest for weeks before it.
CREATE TABLE installation (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  started_at INTEGER NOT NULL
) STRICT;

-- Secrets that sign mailed links. Old ones stay, so that old letters keep working.
CREATE TABLE key (
  id INTEGER PRIMARY KEY,
  secret BLOB NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE api_key (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  role TEXT NOT NULL CHECK (role IN ('reader', 'editor', 'operator')),
  hash BLOB NOT NULL UNIQUE,
  created_at INTEGER NOT NULL,
  revoked_at INTEGER
) STRICT;

CREATE TABLE council (
  id INTEGER PRIMARY KEY,
  slug TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  short_name TEXT,
  website TEXT,
  meetings_url TEXT,
  time_zone TEXT,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;

CREATE TABLE committee (
  id INTEGER PRIMARY KEY,
  council_id INTEGER NOT NULL REFERENCES council (id) ON DELETE CASCADE,
  slug TEXT NOT NULL,
  name TEXT NOT NULL,
  UNIQUE (council_id, slug)
) STRICT;

-- The columns are what is asked for; what is shown stands in the revision that revision_id names.
CREATE TABLE meeting (
  id INTEGER PRIMARY KEY,
  council_id INTEGER NOT NULL REFERENCES council (id) ON DELETE CASCADE,
  committee_id INTEGER NOT NULL REFERENCES committee (id),
  slug TEXT NOT NULL,
  starts_at INTEGER NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('scheduled', 'held', 'cancelled')),
  has_summary INTEGER NOT NULL CHECK (has_summary IN (0, 1)),
  -- What the operator dates its text, and when it counts as announced: both NULL while there is no summary.
  published_at INTEGER,
  announced_at INTEGER,
  -- 0 for archive: shown on the site and never mailed.
  is_mailed INTEGER NOT NULL CHECK (is_mailed IN (0, 1)),
  notify INTEGER CHECK (notify IN (0, 1)),
  revision_id INTEGER REFERENCES meeting_revision (id) DEFERRABLE INITIALLY DEFERRED,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  UNIQUE (council_id, slug)
) STRICT;
CREATE INDEX meeting_by_time ON meeting (council_id, starts_at);
CREATE INDEX meeting_by_committee ON meeting (committee_id, starts_at);
CREATE INDEX meeting_by_revision ON meeting (revision_id);
CREATE INDEX meeting_by_announcement ON meeting (announced_at) WHERE announced_at IS NOT NULL;

-- Immutable: a letter that was queued renders the text it was queued with.
CREATE TABLE meeting_revision (
  id INTEGER PRIMARY KEY,
  meeting_id INTEGER NOT NULL REFERENCES meeting (id) ON DELETE CASCADE,
  number INTEGER NOT NULL,
  content TEXT NOT NULL,
  correction TEXT,
  created_at INTEGER NOT NULL,
  UNIQUE (meeting_id, number)
) STRICT;

-- For professional readers only, so apart from everything that pages, feeds and letters read.
CREATE TABLE transcript (
  meeting_id INTEGER PRIMARY KEY REFERENCES meeting (id) ON DELETE CASCADE,
  text TEXT NOT NULL
) STRICT;

CREATE TABLE subscriber (
  id INTEGER PRIMARY KEY,
  email TEXT NOT NULL,
  email_key TEXT NOT NULL UNIQUE,
  state TEXT NOT NULL CHECK (state IN ('pending', 'active', 'suppressed', 'unsubscribed')),
  density TEXT NOT NULL DEFAULT 'brief' CHECK (density IN ('headlines', 'brief', 'full')),
  -- Exclusive start of what their next digest carries; moves only when a digest was sent, and outlives leaving.
  window_start INTEGER,
  created_at INTEGER NOT NULL,
  confirmed_at INTEGER,
  unsubscribed_at INTEGER
) STRICT;
CREATE INDEX subscriber_by_state ON subscriber (state, id);

-- Who agreed to what, when, told what, and when they took it back.
CREATE TABLE consent (
  id INTEGER PRIMARY KEY,
  subscriber_id INTEGER NOT NULL REFERENCES subscriber (id) ON DELETE CASCADE,
  scope TEXT NOT NULL,
  source TEXT NOT NULL,
  form_version TEXT NOT NULL,
  density TEXT,
  requested_at INTEGER NOT NULL,
  confirmed_at INTEGER,
  withdrawn_at INTEGER
) STRICT;
CREATE INDEX consent_by_subscriber ON consent (subscriber_id, requested_at);

-- target is 'council:ID' or 'committee:ID': one NOT NULL column, because NULLs let duplicates into a unique index.
CREATE TABLE subscription (
  id INTEGER PRIMARY KEY,
  subscriber_id INTEGER NOT NULL REFERENCES subscriber (id) ON DELETE CASCADE,
  consent_id INTEGER NOT NULL REFERENCES consent (id) ON DELETE CASCADE,
  target TEXT NOT NULL,
  council_id INTEGER NOT NULL REFERENCES council (id),
  committee_id INTEGER REFERENCES committee (id),
  state TEXT NOT NULL CHECK (state IN ('pending', 'active', 'ended')),
  started_at INTEGER,
  ended_at INTEGER,
  UNIQUE (consent_id, target)
) STRICT;
CREATE UNIQUE INDEX subscription_once ON subscription (subscriber_id, target) WHERE state = 'active';
CREATE INDEX subscription_by_subscriber ON subscription (subscriber_id, state);
CREATE INDEX subscription_by_council ON subscription (council_id, state);

-- Counts for the caps on sign-ups; the network is a keyed hash and rows live for an hour.
CREATE TABLE signup_attempt (
  id INTEGER PRIMARY KEY,
  network BLOB NOT NULL,
  attempted_at INTEGER NOT NULL
) STRICT;
CREATE INDEX signup_attempt_by_time ON signup_attempt (attempted_at);

CREATE TABLE topic_request (
  id INTEGER PRIMARY KEY,
  email TEXT NOT NULL,
  request TEXT NOT NULL,
  query TEXT,
  state TEXT NOT NULL CHECK (state IN ('unconfirmed', 'open', 'accepted', 'declined')),
  created_at INTEGER NOT NULL,
  confirmed_at INTEGER
) STRICT;
CREATE INDEX topic_request_by_state ON topic_request (state, id);

CREATE TABLE topic_request_council (
  topic_request_id INTEGER NOT NULL REFERENCES topic_request (id) ON DELETE CASCADE,
  council_id INTEGER NOT NULL REFERENCES council (id) ON DELETE CASCADE,
  PRIMARY KEY (topic_request_id, council_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE feedback (
  id INTEGER PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('comment', 'mistake')),
  message TEXT NOT NULL,
  email TEXT,
  meeting_id INTEGER REFERENCES meeting (id) ON DELETE SET NULL,
  state TEXT NOT NULL CHECK (state IN ('open', 'handled')),
  created_at INTEGER NOT NULL
) STRICT;

CREATE INDEX feedback_by_meeting ON feedback (meeting_id);

CREATE TABLE digest_run (
  id INTEGER PRIMARY KEY,
  week TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('planning', 'awaiting_approval', 'sending', 'paused', 'sent', 'cancelled')),
  window_from INTEGER NOT NULL,
  window_to INTEGER NOT NULL,
  started_at INTEGER NOT NULL,
  planned_at INTEGER,
  finished_at INTEGER
) STRICT;
CREATE UNIQUE INDEX digest_run_once ON digest_run (week) WHERE state <> 'cancelled';

-- The bodies of a letter, rendered once; personal links are slots that are filled when it leaves.
CREATE TABLE letter_body (
  id INTEGER PRIMARY KEY,
  subject TEXT NOT NULL,
  text BLOB NOT NULL,
  html BLOB NOT NULL
) STRICT;

-- What is shared by all subscribers for whom every rendered thing is equal; key is a hash of exactly that.
CREATE TABLE edition (
  id INTEGER PRIMARY KEY,
  run_id INTEGER NOT NULL REFERENCES digest_run (id) ON DELETE CASCADE,
  key BLOB NOT NULL,
  address TEXT NOT NULL UNIQUE,
  content TEXT NOT NULL,
  letter_body_id INTEGER REFERENCES letter_body (id),
  UNIQUE (run_id, key)
) STRICT;

CREATE TABLE edition_item (
  edition_id INTEGER NOT NULL REFERENCES edition (id) ON DELETE CASCADE,
  revision_id INTEGER NOT NULL REFERENCES meeting_revision (id) ON DELETE CASCADE,
  PRIMARY KEY (edition_id, revision_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX edition_item_by_revision ON edition_item (revision_id);

CREATE TABLE outgoing_mail (
  id INTEGER PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('confirmation', 'already-following', 'topic-request', 'digest')),
  recipient TEXT NOT NULL,
  subscriber_id INTEGER REFERENCES subscriber (id) ON DELETE SET NULL,
  run_id INTEGER REFERENCES digest_run (id),
  edition_id INTEGER REFERENCES edition (id),
  letter_body_id INTEGER REFERENCES letter_body (id),
  -- What the letter's link acts on: a consent or a topic request.
  reference_id INTEGER,
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
CREATE UNIQUE INDEX outgoing_mail_once ON outgoing_mail (run_id, subscriber_id) WHERE run_id IS NOT NULL;
CREATE INDEX outgoing_mail_by_recipient ON outgoing_mail (lower(recipient), date) WHERE is_urgent = 1;
CREATE INDEX outgoing_mail_waiting ON outgoing_mail (is_urgent, next_attempt_at) WHERE state = 'queued';
CREATE INDEX outgoing_mail_by_run ON outgoing_mail (run_id, state, next_attempt_at) WHERE run_id IS NOT NULL;
CREATE INDEX outgoing_mail_by_subscriber ON outgoing_mail (subscriber_id, state);
CREATE INDEX outgoing_mail_held ON outgoing_mail (state) WHERE state = 'sending';
