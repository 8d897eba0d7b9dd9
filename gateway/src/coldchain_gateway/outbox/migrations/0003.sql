-- Format 3: the digests of sixteen neighbouring packet ids stand in one row. Brokers count upwards, so a commit of
-- many messages changes few rows.

ALTER TABLE message RENAME TO message_by_id;

-- shelf: packet id / 16. digests: eight bytes for each packet id of the shelf, zeros where none is remembered.
CREATE TABLE message (
    session INTEGER NOT NULL,
    shelf   INTEGER NOT NULL,
    digests BLOB NOT NULL,
    PRIMARY KEY (session, shelf)
) WITHOUT ROWID;

INSERT INTO message (session, shelf, digests)
SELECT session, packet_id / 16, shelved(packet_id % 16, digest)
FROM message_by_id GROUP BY session, packet_id / 16;

DROP TABLE message_by_id;
