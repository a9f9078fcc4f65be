-- Nexmark's query 13: every bid with a value of a bounded side input.
-- The side input has 10,000 rows, and every bid finds one.
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
  "group.id" = 'nexmark_q13'
);

CREATE TABLE side_input (
  key bigint,
  value text
) WITH (
  connector = 'csv',
  path = 'side_input.csv'
);

CREATE TABLE nexmark_q13 (
  auction bigint,
  bidder bigint,
  price bigint,
  date_time timestamp,
  value text,
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
       e.kafka_partition,
       e.kafka_offset
FROM events e
WHERE e.event_type = 2;

INSERT INTO nexmark_q13
SELECT b.auction,
       b.bidder,
       b.price,
       b.date_time,
       s.value,
       b.kafka_partition,
       b.kafka_offset
FROM bid b
JOIN side_input s ON s.key = mod(b.auction, 10000);
