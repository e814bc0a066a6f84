-- Searched with our own tokenizer now, which knows stems, beginnings and capitals, and with the council's slug as one
-- token. It is filled again when the service starts.
DROP TABLE meeting_text;
CREATE VIRTUAL TABLE meeting_text USING fts5(council, title, summary, attendees, documents, tokenize = "words");

-- Meetings from here down have not been looked at since the topic's query changed; NULL when all have.
ALTER TABLE topic ADD COLUMN unmatched_below INTEGER;

-- counts_from: when a correction or a transcript brought the match later than the meeting was announced; else NULL.
-- in_transcript: only the transcript has the words, so only professional readers hear of it.
ALTER TABLE topic_match ADD COLUMN in_transcript INTEGER NOT NULL DEFAULT 0 CHECK (in_transcript IN (0, 1));
ALTER TABLE topic_match ADD COLUMN counts_from INTEGER;
CREATE INDEX topic_match_late ON topic_match (counts_from) WHERE counts_from IS NOT NULL;

-- What people's own queries match, found when a run is planned.
CREATE TABLE query_match (
  topic_query_id INTEGER NOT NULL REFERENCES topic_query (id) ON DELETE CASCADE,
  meeting_id INTEGER NOT NULL REFERENCES meeting (id) ON DELETE CASCADE,
  extract TEXT NOT NULL,
  in_transcript INTEGER NOT NULL CHECK (in_transcript IN (0, 1)),
  counts_from INTEGER,
  found_at INTEGER NOT NULL,
  PRIMARY KEY (topic_query_id, meeting_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX query_match_by_meeting ON query_match (meeting_id);

CREATE INDEX query_match_late ON query_match (counts_from) WHERE counts_from IS NOT NULL;

-- When the transcript came; one that comes late may bring a match.
ALTER TABLE transcript ADD COLUMN put_at INTEGER NOT NULL DEFAULT 0;

-- Until when somebody may read transcripts.
ALTER TABLE subscriber ADD COLUMN professional_until INTEGER;

-- What the operator answered to a request, and when; what they gave the person to follow.
ALTER TABLE topic_request ADD COLUMN reply TEXT;
ALTER TABLE topic_request ADD COLUMN decided_at INTEGER;
-- In the person's words: what the service suggested to look for, and what they were given.
ALTER TABLE topic_request ADD COLUMN suggestion TEXT;
ALTER TABLE topic_request ADD COLUMN accepted_query TEXT;

-- The last twelve months of all councils.
CREATE INDEX meeting_by_start ON meeting (starts_at);
