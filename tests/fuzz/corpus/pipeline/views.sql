CREATE TABLE plays (id int NOT NULL, song text, tempo real, time text);
CREATE TABLE songs ();
CREATE TABLE artists ();
CREATE TABLE slow (id int, song text, kind text);
CREATE TABLE rated (id int, rating real, loud boolean);
CREATE VIEW known (id, song, artist, tempo) AS
SELECT p.id, p.song, s.artists, coalesce(p.tempo, s.tempo)
FROM plays p JOIN songs s ON s.name = p.song AND s.explicit WHERE p.id IS NOT NULL;
INSERT INTO slow (id, song, kind)
SELECT k.id, k.song, CASE k.song WHEN 'a' THEN 'first' WHEN 'b' THEN 'second' ELSE 'other' END
FROM known k WHERE k.tempo BETWEEN 20 AND 80.5 AND k.id NOT IN (1, 2, -2147483648);
INSERT INTO rated
SELECT k.id, nullif(a.rating, 0) AS rating, (a.rating < 3 OR NOT k.id > 5) IS NOT TRUE AS loud
FROM known k LEFT JOIN artists a ON a.artists = k.artist AND a.rating > 1
WHERE k.artist IS DISTINCT FROM 'nobody' OR k.tempo NOT BETWEEN SYMMETRIC 90 AND 80;
