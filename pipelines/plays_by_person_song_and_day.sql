-- One stream, three tables. In Cassandra a question is answered by the table that was made for it: what did a person listen to in
-- one hour, who played a song, what was played on a day? Each question has its table, and every play is read once for all three.
-- An INSERT is named by its table and has its own outcome for each play: a play of a song that is not in the catalogue is
-- unmatched for the first two tables and still a row of the third. Its dead letter names those two; a replay writes those alone.
-- Try it: turntable schema apply pipelines/plays_by_person_song_and_day.sql
--         turntable run pipelines/plays_by_person_song_and_day.sql
-- Without Cassandra: for each of the three tables --set TABLE.connector=sqlite --set TABLE.path=plays.db

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
  "group.id" = 'plays_by_person_song_and_day'
);

CREATE TABLE songs () WITH (  -- no columns: names come from the header, types are inferred
  connector = 'csv',
  path = 'data/spotify-songs.csv',
  duplicate_key = 'first',    -- a song on several albums: its first line counts
  missing_key = 'dead_letter' -- a play of another song becomes a dead letter; 'drop' would only count it
);

-- Who listened to what in an hour: one partition for each person and hour, the latest play first.
CREATE TABLE plays_by_person (
  name text,
  date text,                  -- date and hour are columns of their own, for the partition key
  hour int,
  time text,
  song text,
  artists text,
  duration_ms int,
  kafka_partition int,        -- with the offset: closes the key, so that two plays in a minute stay two rows
  kafka_offset bigint
) WITH (
  connector = 'cassandra',
  contact_points = '${CASSANDRA:-localhost:9042}',
  keyspace = 'spotify',
  primary_key = '((name, date, hour), time, kafka_partition, kafka_offset)',
  clustering_order = 'time DESC'
);

-- Who played a song: one partition for each song.
CREATE TABLE plays_by_song (
  song text,
  time text,
  name text,
  artists text,
  kafka_partition int,
  kafka_offset bigint
) WITH (
  connector = 'cassandra',
  contact_points = '${CASSANDRA:-localhost:9042}',
  keyspace = 'spotify',
  primary_key = '((song), time, kafka_partition, kafka_offset)',
  clustering_order = 'time DESC'
);

-- What was played on a day, songs that nobody has catalogued included.
CREATE TABLE plays_by_day (
  date text,
  time text,
  name text,
  song text,
  kafka_partition int,
  kafka_offset bigint
) WITH (
  connector = 'cassandra',
  contact_points = '${CASSANDRA:-localhost:9042}',
  keyspace = 'spotify',
  primary_key = '((date), time, kafka_partition, kafka_offset)',
  clustering_order = 'time DESC'
);

-- What all three need, written once. A time that is not in this form rejects the play, in all tables that use it.
CREATE VIEW heard AS
SELECT p.name,
       p.song,
       p.time,
       to_timestamp(p.time, 'YYYY-MM-DD HH24:MI') AS heard_at,
       p.kafka_partition,
       p.kafka_offset
FROM plays p;

INSERT INTO plays_by_person
SELECT h.name,
       to_char(h.heard_at, 'YYYY-MM-DD') AS date,
       cast(extract(hour FROM h.heard_at) AS int) AS hour,
       h.time,
       h.song,
       s.artists,
       s.duration_ms,
       h.kafka_partition,
       h.kafka_offset
FROM heard h
JOIN songs s ON s.name = h.song;

INSERT INTO plays_by_song
SELECT h.song,
       h.time,
       h.name,
       s.artists,
       h.kafka_partition,
       h.kafka_offset
FROM heard h
JOIN songs s ON s.name = h.song;

INSERT INTO plays_by_day
SELECT to_char(h.heard_at, 'YYYY-MM-DD') AS date,
       h.time,
       h.name,
       h.song,
       h.kafka_partition,
       h.kafka_offset
FROM heard h;
