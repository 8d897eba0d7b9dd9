-- insert: append packed readings of one sensor
INSERT INTO series_block (sensor, first_ms, last_ms, count, rank, layout, data)
VALUES (?, ?, ?, ?, ?, ?, ?);

-- overlapping: blocks of a sensor that reach into a time; the longest block bounds how far back to look
SELECT sensor, first_ms, last_ms, count, rank, layout, data FROM series_block
WHERE sensor = :sensor AND first_ms < :to_ms AND last_ms >= :from_ms
  AND first_ms >= :from_ms - (SELECT longest_ms FROM series_sensor WHERE sensor = :sensor)
ORDER BY first_ms, id;

-- note_sensor: remember the longest block of a sensor and how much its small blocks weigh
INSERT INTO series_sensor (sensor, longest_ms, small) VALUES (:sensor, :longest_ms, :small)
ON CONFLICT (sensor) DO UPDATE SET longest_ms = max(longest_ms, excluded.longest_ms), small = small + excluded.small;

-- scattered: sensors with the most to join
SELECT sensor FROM series_sensor WHERE small >= :least ORDER BY small DESC LIMIT :limit;

-- small_blocks: blocks of a sensor that are still worth joining, or of the head, oldest first
SELECT id, sensor, first_ms, last_ms, count, rank, layout, data FROM series_block
WHERE sensor = :sensor AND (count < :small OR layout LIKE '~%') ORDER BY first_ms, id LIMIT :limit;

-- around: blocks of a sensor within a time, with their row numbers
SELECT id, sensor, first_ms, last_ms, count, rank, layout, data FROM series_block
WHERE sensor = :sensor AND first_ms <= :to_ms AND last_ms >= :from_ms
  AND first_ms >= :from_ms - (SELECT longest_ms FROM series_sensor WHERE sensor = :sensor)
ORDER BY first_ms, id;

-- delete: one block that was joined into others
DELETE FROM series_block WHERE id = ?;

-- joined: how many small blocks remain
UPDATE series_sensor SET small = :small, longest_ms = max(longest_ms, :longest_ms) WHERE sensor = :sensor;

-- next_block: where the next readings of a sensor begin
SELECT min(first_ms) FROM series_block WHERE sensor = :sensor AND first_ms >= :from_ms;

-- outlines: blocks of a sensor that reach into a time, with the summary of one quantity instead of the readings
SELECT b.first_ms, b.last_ms, b.rank, b.layout, s.data FROM series_block b
LEFT JOIN series_summary s ON s.block = b.id AND s.quantity = :quantity
WHERE b.sensor = :sensor AND b.first_ms < :to_ms AND b.last_ms >= :from_ms
  AND b.first_ms >= :from_ms - (SELECT longest_ms FROM series_sensor WHERE sensor = :sensor)
ORDER BY b.first_ms, b.id;

-- summarised: the summary of one quantity of a block
INSERT INTO series_summary (block, quantity, data) VALUES (?, ?, ?);

-- forget_summary: the summaries of a block that was joined into others or has expired
DELETE FROM series_summary WHERE block = ?;
