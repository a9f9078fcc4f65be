-- Nexmark's query 21: bids with the number of their channel, which has a name or stands in the url.
-- CASE and a regular expression.
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
  "group.id" = 'nexmark_q21'
);

CREATE TABLE nexmark_q21 (
  auction bigint,
  bidder bigint,
  price bigint,
  channel text,
  channel_id text,
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
       e.bid ->> 'channel' AS channel,
       e.bid ->> 'url' AS url,
       e.kafka_partition,
       e.kafka_offset
FROM events e
WHERE e.event_type = 2;

INSERT INTO nexmark_q21
SELECT b.auction,
       b.bidder,
       b.price,
       b.channel,
       CASE
         WHEN lower(b.channel) = 'apple' THEN '0'
         WHEN lower(b.channel) = 'google' THEN '1'
         WHEN lower(b.channel) = 'facebook' THEN '2'
         WHEN lower(b.channel) = 'baidu' THEN '3'
         ELSE substring(b.url FROM '(?:&|^)channel_id=([^&]*)')
       END AS channel_id,
       b.kafka_partition,
       b.kafka_offset
FROM bid b
WHERE substring(b.url FROM '(?:&|^)channel_id=([^&]*)') IS NOT NULL
   OR lower(b.channel) IN ('apple', 'google', 'facebook', 'baidu');
