-- How many letters a run has, from when it was planned: what still waits is what is left of them. To count those that wait
-- costs as much as there are, and somebody who watches a run asks each second. NULL while it is being planned.
ALTER TABLE digest_run ADD COLUMN letters INTEGER;
UPDATE digest_run SET letters = taken + past_failed + past_uncertain + past_cancelled
  + (SELECT count(*) FROM outgoing_mail WHERE run_id = digest_run.id AND state = 'queued')
  + (SELECT count(*) FROM outgoing_mail
     WHERE run_id = digest_run.id AND state IN ('failed', 'uncertain', 'cancelled'))
WHERE planned_at IS NOT NULL AND state <> 'planning';
