-- Letters that say the same share a body, found by the SHA-256 of its subject and parts.
ALTER TABLE letter_body ADD COLUMN digest BLOB;
CREATE UNIQUE INDEX letter_body_once ON letter_body (digest) WHERE digest IS NOT NULL;

-- A network's attempts are counted at every sign-up.
CREATE INDEX signup_attempt_by_network ON signup_attempt (network, attempted_at);
