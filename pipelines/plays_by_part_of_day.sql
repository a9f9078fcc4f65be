-- What is played at which part of the day: each play with its song, with the part of the day that its hour belongs to, and with what
-- can be computed from all three. Two lookups, of which one is joined by a value that is computed; filters on both sides of a join.
-- Try it: turntable schema apply pipelines/plays_by_part_of_day.sql
--         turntable run pipelines/plays_by_part_of_day.sql
-- Without Cassandra: --set plays_by_part_of_day.connector=sqlite --set plays_by_part_of_day.path=plays.db

CREATE TABLE plays (
  id int NOT NULL,
  name text NOT NULL,
  song text NOT NULL,
  time text NOT NULL          -- minutes: 2024-03-03 10:15
) WITH (
  connector = 'kafka',
  topic = 'test',
  format = 'json',
  start = 'earliest',
  "bootstrap.servers" = '${KAFKA:-localhost:29092}',
  "group.id" = 'plays_by_part_of_day'
);

CREATE TABLE songs () WITH (  -- no columns: names come from the header, types are inferred
  connector = 'csv',
  path = 'data/spotify-songs.csv',
  duplicate_key = 'first'
);

CREATE TABLE parts_of_day (
  hour int,
  part text,
  fast_from double precision  -- from which tempo on a song is a fast one for this hour
) WITH (
  connector = 'csv',
  path = 'data/parts-of-day.csv',
  duplicate_key = 'error'
);

CREATE TABLE plays_by_part_of_day (
  date text,
  part text,
  heard_at timestamptz,
  hour_began timestamptz,
  first_name text,
  initial text,
  title text,
  title_length int,
  label text,
  minutes double precision,
  drive real,
  pace text,
  kafka_partition int,        -- with the offset: closes the key, so that two plays in a minute stay two rows
  kafka_offset bigint
) WITH (
  connector = 'cassandra',
  contact_points = '${CASSANDRA:-localhost:9042}',
  keyspace = 'spotify',
  primary_key = '((date, part), heard_at, kafka_partition, kafka_offset)',
  clustering_order = 'heard_at DESC'
);

CREATE VIEW heard AS
SELECT p.name,
       p.song,
       to_timestamp(p.time, 'YYYY-MM-DD HH24:MI') AS heard_at,
       p.kafka_partition,
       p.kafka_offset
FROM plays p;

INSERT INTO plays_by_part_of_day
SELECT to_char(h.heard_at, 'YYYY-MM-DD') AS date,
       d.part,
       h.heard_at,
       date_trunc('hour', h.heard_at) AS hour_began,
       initcap(split_part(h.name, ' ', 1)) AS first_name,
       upper(left(h.song, 1)) AS initial,
       replace(h.song, '&', 'and') AS title,
       length(h.song) AS title_length,
       concat_ws(' – ', s.artists, h.song) AS label,
       cast(round(s.duration_ms / 60000.0, 1) AS double precision) AS minutes,
       greatest(s.energy, s.danceability) AS drive,
       CASE WHEN s.tempo >= d.fast_from THEN 'fast'
            WHEN s.tempo >= 90 THEN 'medium'
            ELSE 'slow'
       END AS pace,
       h.kafka_partition,
       h.kafka_offset
FROM heard h
JOIN songs s ON s.name = h.song
JOIN parts_of_day d ON d.hour = cast(extract(hour FROM h.heard_at) AS int)
WHERE h.name NOT LIKE 'Test%' AND s.duration_ms >= 60000;
