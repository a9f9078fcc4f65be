-- Nexmark's query 22: bids with the three folders of their url.
-- Taking texts apart.
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
  "group.id" = 'nexmark_q22'
);

CREATE TABLE nexmark_q22 (
  auction bigint,
  bidder bigint,
  price bigint,
  channel text,
  dir1 text,
  dir2 text,
  dir3 text,
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

INSERT INTO nexmark_q22
SELECT b.auction,
       b.bidder,
       b.price,
       b.channel,
       split_part(b.url, '/', 4) AS dir1,
       split_part(b.url, '/', 5) AS dir2,
       split_part(b.url, '/', 6) AS dir3,
       b.kafka_partition,
       b.kafka_offset
FROM bid b;
