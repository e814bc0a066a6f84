-- Transcripts in which the topics have not been looked for since they, or the topics, changed.
ALTER TABLE transcript ADD COLUMN is_unmatched INTEGER NOT NULL DEFAULT 1 CHECK (is_unmatched IN (0, 1));
CREATE INDEX transcript_unmatched ON transcript (meeting_id) WHERE is_unmatched = 1;

-- When professional readers heard of it by the transcript, before the summary had the words: 0 when the meeting was
-- announced, NULL when they did not.
ALTER TABLE topic_match ADD COLUMN heard_from INTEGER;
ALTER TABLE query_match ADD COLUMN heard_from INTEGER;

-- How many meetings were summarised in twelve months is asked for each query that somebody tries.
DROP INDEX meeting_by_start;
CREATE INDEX meeting_by_start ON meeting (starts_at, has_summary);
