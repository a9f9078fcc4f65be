-- Nexmark's query 10: every bid with its day and its hour and minute, which are the table's partition key.
-- Times as texts.
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
  "group.id" = 'nexmark_q10'
);

CREATE TABLE nexmark_q10 (
  auction bigint,
  bidder bigint,
  price bigint,
  date_time timestamp,
  extra text,
  dt text,
  hm text,
  kafka_partition int,        -- these two make the key whole: a bid has none of its own
  kafka_offset bigint
) WITH (
  connector = 'sqlite',
  path = 'nexmark.db',
  primary_key = '((dt, hm), kafka_partition, kafka_offset)'
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

INSERT INTO nexmark_q10
SELECT b.auction,
       b.bidder,
       b.price,
       b.date_time,
       b.extra,
       to_char(b.date_time, 'YYYY-MM-DD') AS dt,
       to_char(b.date_time, 'HH24:MI') AS hm,
       b.kafka_partition,
       b.kafka_offset
FROM bid b;
