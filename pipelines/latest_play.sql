-- The latest play of every person: one row each, which every later play of that person replaces as a whole.
-- All plays of a person have to be in one partition of the topic, so that there is an order among them: let producers use the
-- person as the key. kafka_partition and kafka_offset are ordinary columns here, and say which record the row is of.
-- Try it: turntable run pipelines/latest_play.sql

CREATE TABLE plays (
  id int NOT NULL,
  name text NOT NULL,
  song text NOT NULL,
  time text NOT NULL,         -- minutes: 2024-03-03 10:15
  device text,                -- these two may be null or missing; then they are NULL in the row,
  rating int                  -- whatever the person's play before had
) WITH (
  connector = 'kafka',
  topic = 'test',
  format = 'json',
  start = 'earliest',
  "bootstrap.servers" = '${KAFKA:-localhost:29092}',
  "group.id" = 'latest_play'
);

CREATE TABLE songs () WITH (  -- no columns: names come from the header, types are inferred
  connector = 'csv',
  path = 'data/spotify-songs.csv',
  key = 'name',
  duplicate_key = 'first'
);

CREATE TABLE latest_play (
  name text,
  id int,
  song text,
  time text,
  date text,
  device text,
  rating int,
  artists text,
  duration_ms int,
  tempo real,
  kafka_partition int,
  kafka_offset bigint
) WITH (
  connector = 'cassandra',
  contact_points = '${CASSANDRA:-localhost:9042}',
  keyspace = 'spotify',
  primary_key = '((name))'
);

INSERT INTO latest_play
SELECT p.name,
       p.id,
       p.song,
       p.time,
       to_char(to_timestamp(p.time, 'YYYY-MM-DD HH24:MI'), 'YYYY-MM-DD') AS date,
       p.device,
       p.rating,
       s.artists,
       s.duration_ms,
       s.tempo,
       p.kafka_partition,
       p.kafka_offset
FROM plays p
JOIN songs s ON s.name = p.song;
