-- Transcripts in which the topics have not been looked for since they, or the topics, changed. What was announced long ago
-- is no news.
CREATE TABLE transcript_unmatched (
  meeting_id INTEGER PRIMARY KEY REFERENCES transcript (meeting_id) ON DELETE CASCADE
) STRICT;
INSERT INTO transcript_unmatched (meeting_id)
SELECT id FROM meeting
WHERE announced_at > (unixepoch() - 45 * 86400) * 1000
  AND EXISTS (SELECT 1 FROM transcript WHERE transcript.meeting_id = meeting.id);

-- When professional readers heard of it by the transcript, before the summary had the words: 0 when the meeting was
-- announced, NULL when they did not.
ALTER TABLE topic_match ADD COLUMN heard_from INTEGER;
ALTER TABLE query_match ADD COLUMN heard_from INTEGER;

-- How many meetings were summarised in twelve months is asked for each query that somebody tries.
DROP INDEX meeting_by_start;
CREATE INDEX meeting_by_start ON meeting (starts_at, has_summary);

-- Councils that merge give their followers to another.
CREATE INDEX subscription_by_target ON subscription (target);
CREATE INDEX subscription_by_committee ON subscription (committee_id) WHERE committee_id IS NOT NULL;
