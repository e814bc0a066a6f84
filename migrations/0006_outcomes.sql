-- Digests that the relay took stand in a journal beside the store until they are brought over in batches. Its lines count
-- while they are of this generation.
CREATE TABLE sent_journal (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  generation INTEGER NOT NULL
) STRICT;
INSERT INTO sent_journal (id, generation) VALUES (1, random() & 0x3fffffffffffffff);
-- Those that are being brought over; empty outside of that transaction.
CREATE TABLE sent_letter (
  outgoing_mail_id INTEGER PRIMARY KEY,
  sent_at INTEGER NOT NULL
) STRICT;

-- Who has waited longest is served first, then edition by edition.
DROP INDEX outgoing_mail_next;
UPDATE outgoing_mail SET window_from = 0 WHERE run_id IS NOT NULL AND window_from IS NULL;
CREATE INDEX outgoing_mail_next ON outgoing_mail (run_id, window_from, edition_id, id, next_attempt_at)
  WHERE state = 'queued' AND run_id IS NOT NULL;

-- A name in a message that anybody may have written stands in the way of no real report.
DROP INDEX bounce_once;
CREATE UNIQUE INDEX bounce_once ON bounce (outgoing_mail_id, kind)
  WHERE outgoing_mail_id IS NOT NULL AND evidence <> 'recipient';
CREATE INDEX bounce_by_letter ON bounce (outgoing_mail_id) WHERE outgoing_mail_id IS NOT NULL;

-- Runs in a row are counted from what became of their letters.
ALTER TABLE subscriber DROP COLUMN bounces;
ALTER TABLE subscriber DROP COLUMN bounced_run;
-- How many letters of a run the relay took, and how many came back for what they are or where they come from.
ALTER TABLE digest_run ADD COLUMN taken INTEGER NOT NULL DEFAULT 0;
UPDATE digest_run SET taken = (
  SELECT count(*) FROM outgoing_mail WHERE run_id = digest_run.id AND outgoing_mail.state = 'sent');
ALTER TABLE digest_run ADD COLUMN policy_refusals INTEGER NOT NULL DEFAULT 0;
-- Of these, when the operator was last told.
ALTER TABLE digest_run ADD COLUMN policy_refusals_told INTEGER NOT NULL DEFAULT 0;

-- With the number of those that were taken at hand, only the others need to be found by their state.
DROP INDEX outgoing_mail_by_run;
CREATE INDEX outgoing_mail_not_sent ON outgoing_mail (run_id, state)
  WHERE run_id IS NOT NULL AND state IN ('failed', 'uncertain', 'cancelled');
