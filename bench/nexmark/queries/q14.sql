-- Nexmark's query 14: bids within a range of prices, with the time of day in words and a count of characters.
-- Expressions that occur twice, and a function of the user's own.
-- After https://github.com/nexmark/nexmark (Apache License 2.0), which has it for Flink SQL; written anew for Turntable.

CREATE TABLE events (
  event_type int NOT NULL,    -- 0: a person, 1: an auction, 2: a bid; the field of the event's kind has it, the others are null
  bid jsonb
) WITH (
  connector = 'kafka',
  topic = 'nexmark',
  format = 'json',
  start = 'earliest',
  "bootstrap.servers" = '${KAFKA:-localhost:29092}',
  "group.id" = 'nexmark_q14'
);

CREATE TABLE nexmark_q14 (
  auction bigint,
  bidder bigint,
  price numeric,
  bid_time_type text,
  date_time timestamp,
  extra text,
  c_counts bigint,
  kafka_partition int,        -- these two make the key whole: a bid has none of its own
  kafka_offset bigint
) WITH (
  connector = 'sqlite',
  path = 'nexmark.db',
  primary_key = '(kafka_partition, kafka_offset)'
);

CREATE VIEW bid AS
SELECT cast(e.bid ->> 'auction' AS bigint) AS auction,
       cast(e.bid ->> 'bidder' AS bigint) AS bidder,
       cast(e.bid ->> 'price' AS bigint) AS price,
       cast(e.bid ->> 'dateTime' AS timestamp) AS date_time,
       e.bid ->> 'extra' AS extra,
       e.kafka_partition,
       e.kafka_offset
FROM events e
WHERE e.event_type = 2;

CREATE FUNCTION count_char(whole text, part text) RETURNS bigint LANGUAGE sql AS $$
  SELECT length(whole) - length(replace(whole, part, ''))
$$;

INSERT INTO nexmark_q14
SELECT b.auction,
       b.bidder,
       0.908 * b.price AS price,
       CASE
         WHEN extract(hour FROM b.date_time) >= 8 AND extract(hour FROM b.date_time) <= 18 THEN 'dayTime'
         WHEN extract(hour FROM b.date_time) <= 6 OR extract(hour FROM b.date_time) >= 20 THEN 'nightTime'
         ELSE 'otherTime'
       END AS bid_time_type,
       b.date_time,
       b.extra,
       count_char(b.extra, 'c') AS c_counts,
       b.kafka_partition,
       b.kafka_offset
FROM bid b
WHERE 0.908 * b.price > 1000000 AND 0.908 * b.price < 50000000;
