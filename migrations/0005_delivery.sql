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
