-- faults at 7:21
CREATE TABLE plays (id int NOT NULL, name text NOT NULL, song text NOT NULL, time text NOT NULL)
  WITH (connector = 'ndjson', path = 'plays.ndjson');
CREATE TABLE songs (name text, artists text, tempo double precision) WITH (connector = 'csv', path = 'songs.csv', key = 'name');
CREATE TABLE history (id int, song text, artists text) WITH (connector = 'null');
INSERT INTO history
SELECT p.id, p.song s.artists
FROM plays p JOIN songs s ON s.name = p.song;
