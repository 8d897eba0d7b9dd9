-- The outbox of a gateway, format 1. One writer. Times: *_ms with "boot" before it are CLOCK_BOOTTIME
-- milliseconds within that boot, all others UTC milliseconds.

-- A kernel boot in which something was kept. offset_ms = UTC − CLOCK_BOOTTIME once time was trusted.
CREATE TABLE boot (
    ordinal   INTEGER PRIMARY KEY AUTOINCREMENT,
    boot      TEXT NOT NULL UNIQUE,
    last_ms   INTEGER NOT NULL,
    offset_ms INTEGER
);

-- Lines of one commit, not yet dated: "<line without time> <boot ms>[s<source ms>]\n" each.
CREATE TABLE chunk (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    boot     INTEGER NOT NULL REFERENCES boot (ordinal),
    trusted  INTEGER NOT NULL,
    first_ms INTEGER NOT NULL,
    lines    INTEGER NOT NULL,
    bytes    INTEGER NOT NULL,
    body     BLOB NOT NULL
);

-- QoS 1 messages kept, until their packet id comes again without DUP or the broker lost the session.
CREATE TABLE message (
    session   INTEGER NOT NULL,
    packet_id INTEGER NOT NULL,
    digest    INTEGER NOT NULL,
    PRIMARY KEY (session, packet_id)
) WITHOUT ROWID;

-- A chain of sealed batches of one key; the newest goes on, the others only drain.
-- held: what the backend said last.
CREATE TABLE run (
    ordinal INTEGER PRIMARY KEY AUTOINCREMENT,
    run     TEXT NOT NULL UNIQUE,
    seq     INTEGER NOT NULL,
    hash    TEXT NOT NULL,
    held    INTEGER NOT NULL DEFAULT 0
);

-- state: waiting, acknowledged, refused (kept as dead letter).
CREATE TABLE batch (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    run       INTEGER NOT NULL REFERENCES run (ordinal),
    seq       INTEGER NOT NULL,
    hash      TEXT NOT NULL,
    prev      TEXT NOT NULL,
    state     TEXT NOT NULL,
    lines     INTEGER NOT NULL,
    bytes     INTEGER NOT NULL,
    closed_ms INTEGER NOT NULL,
    acknowledged_ms INTEGER,
    UNIQUE (run, seq)
);
CREATE INDEX batch_by_state ON batch (state, id);

-- The encoded batch, gzip; apart from `batch`, so that a change of state does not rewrite it.
CREATE TABLE body (
    id   INTEGER PRIMARY KEY REFERENCES batch (id),
    gzip BLOB NOT NULL
);

-- Numbers that will never be sent. declared_*: the batch that says so; NULL until one is sealed.
CREATE TABLE hole (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    run          TEXT NOT NULL,
    first        INTEGER NOT NULL,
    last         INTEGER NOT NULL,
    hash         TEXT NOT NULL,
    reason       TEXT NOT NULL,
    declared_run TEXT,
    declared_seq INTEGER
);
