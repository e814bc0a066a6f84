-- What is searched: the words of each meeting's newest revision, without its transcript. The rowid is the meeting's id.
-- Whoever deletes a meeting deletes its row here: a trigger may not, because the schema is not trusted. Meetings from
-- before are indexed when the service starts.
CREATE VIRTUAL TABLE meeting_text USING fts5(
  title, summary, attendees, documents, tokenize = "porter unicode61 remove_diacritics 2");

-- A curated subject.
CREATE TABLE topic (
  id INTEGER PRIMARY KEY,
  slug TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  description TEXT NOT NULL,
  query TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;

-- Found when a meeting's text or a topic's query changes; the extract has the words that matched between STX and ETX.
CREATE TABLE topic_match (
  topic_id INTEGER NOT NULL REFERENCES topic (id) ON DELETE CASCADE,
  meeting_id INTEGER NOT NULL REFERENCES meeting (id) ON DELETE CASCADE,
  extract TEXT NOT NULL,
  PRIMARY KEY (topic_id, meeting_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX topic_match_by_meeting ON topic_match (meeting_id);

-- People's own queries, each once, as the language prints them.
CREATE TABLE topic_query (
  id INTEGER PRIMARY KEY,
  text TEXT NOT NULL UNIQUE
) STRICT;

-- target is 'council:ID', 'committee:ID', 'topic:ID' or 'query:ID'.
CREATE TABLE subscription_with_topics (
  id INTEGER PRIMARY KEY,
  subscriber_id INTEGER NOT NULL REFERENCES subscriber (id) ON DELETE CASCADE,
  consent_id INTEGER NOT NULL REFERENCES consent (id) ON DELETE CASCADE,
  target TEXT NOT NULL,
  council_id INTEGER REFERENCES council (id),
  committee_id INTEGER REFERENCES committee (id),
  topic_id INTEGER REFERENCES topic (id),
  topic_query_id INTEGER REFERENCES topic_query (id),
  state TEXT NOT NULL CHECK (state IN ('pending', 'active', 'ended')),
  started_at INTEGER,
  ended_at INTEGER,
  UNIQUE (consent_id, target),
  CHECK ((council_id IS NOT NULL) + (topic_id IS NOT NULL) + (topic_query_id IS NOT NULL) = 1),
  CHECK (committee_id IS NULL OR council_id IS NOT NULL)
) STRICT;
INSERT INTO subscription_with_topics
  (id, subscriber_id, consent_id, target, council_id, committee_id, state, started_at, ended_at)
SELECT id, subscriber_id, consent_id, target, council_id, committee_id, state, started_at, ended_at FROM subscription;
DROP TABLE subscription;
ALTER TABLE subscription_with_topics RENAME TO subscription;
CREATE UNIQUE INDEX subscription_once ON subscription (subscriber_id, target) WHERE state = 'active';
CREATE INDEX subscription_by_subscriber ON subscription (subscriber_id, state);
CREATE INDEX subscription_by_council ON subscription (council_id, state) WHERE council_id IS NOT NULL;
CREATE INDEX subscription_by_topic ON subscription (topic_id, state) WHERE topic_id IS NOT NULL;
CREATE INDEX subscription_by_topic_query ON subscription (topic_query_id, state) WHERE topic_query_id IS NOT NULL;

-- Corrections are looked for by when they were made.
CREATE INDEX meeting_revision_correction ON meeting_revision (created_at) WHERE correction IS NOT NULL;
