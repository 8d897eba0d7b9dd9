-- Format 2: batches that no upload window holds back, and how far each further uplink has come.

-- urgent: a limit was crossed; it is sent although the window is shut.
ALTER TABLE batch ADD COLUMN urgent INTEGER NOT NULL DEFAULT 0;
CREATE INDEX batch_urgent ON batch (id) WHERE urgent = 1;

-- batch: the newest batch that this uplink is done with; ids are never used twice.
CREATE TABLE progress (
    uplink TEXT PRIMARY KEY,
    batch  INTEGER NOT NULL
) WITHOUT ROWID;

-- Covers the numbers of `counts`, so that a week of batches costs status nothing.
DROP INDEX batch_by_state;
CREATE INDEX batch_by_state ON batch (state, id, lines, bytes, closed_ms);
