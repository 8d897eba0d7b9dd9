-- name: note_boot
-- Register a boot or move its latest instant forward, in steps (contract.NOTED_EVERY_MS): every page written
-- costs an SD card four kilobytes.
INSERT INTO boot (boot, last_ms) VALUES (:boot, :last_ms)
ON CONFLICT (boot) DO UPDATE SET last_ms = excluded.last_ms WHERE excluded.last_ms >= last_ms + :step_ms;

-- name: trust_boot
-- Time of this boot is trusted from now on.
INSERT INTO boot (boot, last_ms, offset_ms) VALUES (:boot, 0, :offset_ms)
ON CONFLICT (boot) DO UPDATE SET offset_ms = excluded.offset_ms;

-- name: boots
-- Boots that still matter, oldest first.
SELECT ordinal, boot, last_ms, offset_ms FROM boot ORDER BY ordinal;

-- name: forget_boots
-- Boots before the newest trusted one that bounds the unsealed lines from below.
DELETE FROM boot
WHERE ordinal < (SELECT max(ordinal) FROM boot
                 WHERE offset_ms IS NOT NULL
                   AND ordinal <= coalesce((SELECT min(boot) FROM chunk), 9223372036854775807));

-- name: add_chunk
-- Keep the lines of one commit.
INSERT INTO chunk (boot, trusted, first_ms, lines, bytes, body)
VALUES ((SELECT ordinal FROM boot WHERE boot = :boot), :trusted, :first_ms, :lines, :bytes, :body);

-- name: remember
-- Digests of the messages now kept under neighbouring packet ids.
INSERT INTO message (session, shelf, digests) VALUES (?, ?, ?)
ON CONFLICT (session, shelf) DO UPDATE SET digests = excluded.digests;

-- name: remembered
-- Digests of the messages last kept under neighbouring packet ids.
SELECT digests FROM message WHERE session = ? AND shelf = ?;

-- name: forget_session
-- The broker lost this session.
DELETE FROM message WHERE session = ?;

-- name: pending
-- How much waits for sealing.
SELECT coalesce(sum(lines), 0), coalesce(sum(bytes), 0) FROM chunk;

-- name: oldest_chunk
-- Since when something waits for sealing.
SELECT boot, first_ms FROM chunk ORDER BY id LIMIT 1;

-- name: unsealed
-- Chunks in the order in which they were kept.
SELECT id, boot, trusted, lines, bytes FROM chunk ORDER BY id;

-- name: chunk_body
-- Lines of one chunk.
SELECT body FROM chunk WHERE id = ?;

-- name: drop_chunk
-- It is sealed, or had to go.
DELETE FROM chunk WHERE id = ?;

-- name: head
-- End of the newest run.
SELECT run, seq, hash FROM run ORDER BY ordinal DESC LIMIT 1;

-- name: begin_run
-- A new chain.
INSERT INTO run (run, seq, hash) VALUES (:run, 0, :hash);

-- name: move_head
-- The newest run has one more batch.
UPDATE run SET seq = :seq, hash = :hash WHERE run = :run;

-- name: run_ordinal
-- Number of a run within this file.
SELECT ordinal, seq, hash, held FROM run WHERE run = ?;

-- name: note_held
-- The backend's latest word on a run.
UPDATE run SET held = :held WHERE ordinal = :run;

-- name: add_batch
-- A sealed batch.
INSERT INTO batch (run, seq, hash, prev, state, lines, bytes, closed_ms, urgent)
SELECT ordinal, :seq, :hash, hash, 'waiting', :lines, :bytes, :closed_ms, :urgent FROM run WHERE run = :run;

-- name: add_body
-- Its bytes.
INSERT INTO body (id, gzip) VALUES (?, ?);

-- name: add_hole
-- Numbers that will never be sent.
INSERT INTO hole (run, first, last, hash, reason) VALUES (:run, :first, :last, :hash, :reason);

-- name: extend_hole
-- The next number is missing for the same reason and nobody was told yet.
UPDATE hole SET last = :last, hash = :hash
WHERE run = :run AND last = :last - 1 AND reason = :reason AND declared_run IS NULL;

-- name: undeclared
-- Holes that no batch has declared.
SELECT id, run, first, last, hash, reason FROM hole WHERE declared_run IS NULL ORDER BY id;

-- name: declare_hole
-- This batch declares it.
UPDATE hole SET declared_run = :declared_run, declared_seq = :declared_seq
WHERE run = :run AND first = :first AND last = :last AND declared_run IS NULL;

-- name: undeclare_holes
-- The batch that declared them will never be sent.
UPDATE hole SET declared_run = NULL, declared_seq = NULL
WHERE declared_run = :declared_run AND declared_seq = :seq;

-- name: forget_holes
-- Their declaration was acknowledged and has been forgotten since.
DELETE FROM hole
WHERE declared_run IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM batch JOIN run ON run.ordinal = batch.run
                  WHERE run.run = hole.declared_run AND batch.seq = hole.declared_seq);

-- name: waiting
-- Batches to send, oldest first, without their bytes.
SELECT batch.id, run.run, batch.seq, batch.bytes, batch.closed_ms
FROM batch JOIN run ON run.ordinal = batch.run
WHERE batch.state = 'waiting' AND batch.id > ? ORDER BY batch.id LIMIT ?;

-- name: newest
-- The newest batch to send.
SELECT batch.id, run.run, batch.seq, batch.bytes, batch.closed_ms
FROM batch JOIN run ON run.ordinal = batch.run
WHERE batch.state = 'waiting' AND batch.id > ? ORDER BY batch.id DESC LIMIT 1;

-- name: newest_urgent
-- The newest batch that no window holds back.
SELECT batch.id, run.run, batch.seq, batch.bytes, batch.closed_ms
FROM batch JOIN run ON run.ordinal = batch.run
WHERE batch.urgent = 1 AND batch.state = 'waiting' AND batch.id > ? ORDER BY batch.id DESC LIMIT 1;

-- name: sealed_after
-- The next batch that is kept.
SELECT batch.id, run.run, batch.seq, batch.bytes, batch.closed_ms
FROM batch JOIN run ON run.ordinal = batch.run WHERE batch.id > ? ORDER BY batch.id LIMIT 1;

-- name: progress
-- How far a further uplink has come.
SELECT batch FROM progress WHERE uplink = ?;

-- name: proceed
-- It is done with everything up to this batch.
INSERT INTO progress (uplink, batch) VALUES (?, ?) ON CONFLICT (uplink) DO UPDATE SET batch = excluded.batch;

-- name: body
-- Bytes of one batch.
SELECT gzip FROM body WHERE id = ?;

-- name: acknowledge
-- The backend holds it.
UPDATE batch SET state = 'acknowledged', acknowledged_ms = ? WHERE id = ? AND state = 'waiting';

-- name: refuse
-- The backend will never take it.
UPDATE batch SET state = 'refused' WHERE id = ?;

-- name: retry
-- A dead letter is to be sent once more.
UPDATE batch SET state = 'waiting'
WHERE state = 'refused'
  AND (:run IS NULL OR (seq = :seq AND run = (SELECT ordinal FROM run WHERE run.run = :run)));

-- name: batch_name
-- Identity of one batch.
SELECT run.run, batch.seq, batch.hash FROM batch JOIN run ON run.ordinal = batch.run WHERE batch.id = ?;

-- name: newest_acknowledged
-- Highest number of a run that was acknowledged.
SELECT coalesce(max(seq), 0) FROM batch WHERE run = ? AND state = 'acknowledged';

-- name: any_waiting
-- Whether a run still has a backlog.
SELECT EXISTS (SELECT 1 FROM batch WHERE +run = ? AND state = 'waiting');

-- name: unsend
-- What the backend lost is to be sent again.
UPDATE batch SET state = 'waiting', acknowledged_ms = NULL
WHERE id IN (SELECT id FROM batch WHERE run = :run AND seq > :held AND state = 'acknowledged' LIMIT 1000);

-- name: kept_above
-- Numbers of a run that are kept, in order.
SELECT seq, prev FROM batch WHERE run = ? AND seq > ? ORDER BY seq;

-- name: holes_above
-- Numbers of a run that are known as holes.
SELECT first, last FROM hole WHERE run = ? AND last > ?;

-- name: expired
-- Batches acknowledged long ago.
SELECT id FROM batch WHERE state = 'acknowledged' AND acknowledged_ms < ? ORDER BY id LIMIT 500;

-- name: oldest_in_state
-- What goes first under the cap.
SELECT id, bytes FROM batch WHERE state = ? ORDER BY id LIMIT 64;

-- name: drop_batch
-- It expired or had to go.
DELETE FROM batch WHERE id = ?;

-- name: drop_body
-- Likewise its bytes.
DELETE FROM body WHERE id = ?;

-- name: counts
-- Batches by state.
SELECT state, count(*), coalesce(sum(lines), 0), coalesce(sum(bytes), 0), min(closed_ms)
FROM batch GROUP BY state;

-- name: newest_bodies
-- The newest batches, for the last time of each sensor.
SELECT body.gzip FROM body ORDER BY body.id DESC LIMIT ?;

-- name: remains_run
-- Chains in a range of ids.
SELECT ordinal, run, seq, hash, held FROM run WHERE ordinal BETWEEN ? AND ? ORDER BY ordinal;

-- name: remains_boot
-- Boots in a range of ids.
SELECT ordinal, boot, last_ms, offset_ms FROM boot WHERE ordinal BETWEEN ? AND ? ORDER BY ordinal;

-- name: remains_hole
-- Holes in a range of ids.
SELECT id, run, first, last, hash, reason, declared_run FROM hole WHERE id BETWEEN ? AND ? ORDER BY id;

-- name: remains_batch
-- Batches in a range of ids.
SELECT id, run, seq, hash, state, lines, closed_ms, urgent FROM batch WHERE id BETWEEN ? AND ? ORDER BY id;

-- name: remains_batch_of_format_1
-- Likewise, where no batch was urgent yet.
SELECT id, run, seq, hash, state, lines, closed_ms, 0 FROM batch WHERE id BETWEEN ? AND ? ORDER BY id;

-- name: remains_body
-- Which batches have their bytes, in a range of ids.
SELECT id FROM body WHERE id BETWEEN ? AND ? ORDER BY id;

-- name: remains_first_body
-- Where to begin.
SELECT min(id) FROM body;

-- name: remains_last_body
-- Where to end.
SELECT max(id) FROM body;

-- name: remains_chunk
-- Unsealed lines in a range of ids.
SELECT id, boot, trusted, first_ms, lines FROM chunk WHERE id BETWEEN ? AND ? ORDER BY id;

-- name: remains_message
-- Remembered messages, as they are stored.
SELECT session, shelf, digests FROM message;

-- name: remains_message_of_format_2
-- Likewise, where each had a row of its own.
SELECT session, packet_id / 16, shelved(packet_id % 16, digest) FROM message GROUP BY session, packet_id / 16;

-- name: remains_first_run
-- Where to begin.
SELECT min(ordinal) FROM run;

-- name: remains_last_run
-- Where to end.
SELECT max(ordinal) FROM run;

-- name: remains_first_boot
-- Where to begin.
SELECT min(ordinal) FROM boot;

-- name: remains_last_boot
-- Where to end.
SELECT max(ordinal) FROM boot;

-- name: remains_first_hole
-- Where to begin.
SELECT min(id) FROM hole;

-- name: remains_last_hole
-- Where to end.
SELECT max(id) FROM hole;

-- name: remains_first_batch
-- Where to begin.
SELECT min(id) FROM batch NOT INDEXED;

-- name: remains_last_batch
-- Where to end.
SELECT max(id) FROM batch NOT INDEXED;

-- name: remains_first_chunk
-- Where to begin.
SELECT min(id) FROM chunk;

-- name: remains_last_chunk
-- Where to end.
SELECT max(id) FROM chunk;

-- name: remains_given_out
-- The newest id that a table ever gave out.
SELECT seq FROM sqlite_sequence WHERE name = ?;

-- name: salvage_run
-- A chain of the file that was put aside.
INSERT INTO run (run, seq, hash, held) VALUES (:run, :seq, :hash, :held) ON CONFLICT (run) DO NOTHING;

-- name: salvage_batch
-- A batch of it, still to be sent.
INSERT INTO batch (run, seq, hash, prev, state, lines, bytes, closed_ms, urgent)
SELECT ordinal, :seq, :hash, :prev, 'waiting', :lines, :bytes, :closed_ms, :urgent FROM run WHERE run = :run;

-- name: salvage_boot
-- A boot of it.
INSERT INTO boot (boot, last_ms, offset_ms) VALUES (?, ?, ?);

-- name: salvage_message
-- Messages of it, so that a redelivery is not taken twice.
INSERT INTO message (session, shelf, digests) VALUES (?, ?, ?) ON CONFLICT DO NOTHING;
