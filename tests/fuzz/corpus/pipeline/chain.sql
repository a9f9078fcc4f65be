CREATE TABLE plays (id int, song text, n bigint, t timestamptz); CREATE TABLE songs (); CREATE TABLE artists (); CREATE TABLE a (); CREATE TABLE b (); CREATE TABLE c ();
INSERT INTO a SELECT p.id, s.tempo, s.plays, r.since FROM plays p LEFT JOIN songs s ON s.name = p.song AND s.plays > p.id LEFT JOIN artists r USING (artists) WHERE s.plays < 5 OR s.tempo > 1.5 OR s.tempo IS NULL;
INSERT INTO b SELECT id, cast(song AS int) AS n FROM plays WHERE cast(song AS int) = 10 OR id < 0;
INSERT INTO c SELECT p.n, s.tempo, CASE WHEN p.n > 0 THEN s.duration_ms ELSE cast(p.song AS int) END AS d FROM plays p JOIN songs s ON s.name = p.song AND s.plays > p.id AND s.explicit;
