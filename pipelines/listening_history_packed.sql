-- The listening history with each song's features packed into one value: half of the work for Cassandra.
-- docs/PACKED_ROWS.md says when that pays. A field is read as features.tempo.
-- Try it: turntable run pipelines/listening_history_packed.sql

CREATE TYPE features AS (
  artists text,
  duration_ms int,
  album_name text,
  album_release_date text,
  danceability real,
  energy real,
  musical_key int,            -- the catalogue's "key", a reserved word in CQL
  loudness real,
  mode real,
  speechiness real,
  acousticness real,
  instrumentalness real,
  liveness real,
  valence real,
  tempo real
);

CREATE TABLE plays (
  id int NOT NULL,
  name text NOT NULL,
  song text NOT NULL,
  time text NOT NULL          -- minutes: 2024-03-03 10:15
) WITH (
  connector = 'kafka',
  topic = 'test',
  format = 'json',
  start = 'latest',           -- where a new consumer group begins: latest, earliest or a time
  "bootstrap.servers" = '${KAFKA:-localhost:29092}',
  "group.id" = 'listening_history_packed'
);

CREATE TABLE songs () WITH (  -- no columns: names come from the header, types are inferred
  connector = 'csv',
  path = 'data/spotify-songs.csv',
  key = 'name',
  duplicate_key = 'first'
);

CREATE TABLE listening_history_packed (
  id int,
  name text,
  song text,
  time text,
  hour int,                   -- separate, for the partition key
  date text,                  -- separate, for the partition key
  features features,          -- all that comes from the catalogue: one cell
  kafka_partition int,        -- with the offset: closes the key, so that two plays in a minute stay two rows
  kafka_offset bigint
) WITH (
  connector = 'cassandra',
  contact_points = '${CASSANDRA:-localhost:9042}',
  keyspace = 'spotify',
  primary_key = '((name, date, hour), time, kafka_partition, kafka_offset)',
  clustering_order = 'time DESC',
  flush_interval = '30s'
);

INSERT INTO listening_history_packed
SELECT p.id,
       p.name,
       p.song,
       p.time,
       cast(extract(hour FROM to_timestamp(p.time, 'YYYY-MM-DD HH24:MI')) AS int) AS hour,
       to_char(to_timestamp(p.time, 'YYYY-MM-DD HH24:MI'), 'YYYY-MM-DD') AS date,
       ROW(s.artists, s.duration_ms, s.album_name, s.album_release_date, s.danceability, s.energy, s.key,
           s.loudness, s.mode, s.speechiness, s.acousticness, s.instrumentalness, s.liveness, s.valence,
           s.tempo)::features AS features,
       p.kafka_partition,
       p.kafka_offset
FROM plays p
JOIN songs s ON s.name = p.song;
