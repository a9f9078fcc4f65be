-- A LEFT JOIN with defaults: every reading becomes a row, whether its sensor is registered or not. What is not known of a sensor
-- gets a default by COALESCE, and CASE says whether the value is within the sensor's limits. Readings without a value and those
-- of a test are filtered out.
-- Try it: turntable schema apply pipelines/sensor_readings.sql
--         turntable run pipelines/sensor_readings.sql
-- Without Cassandra: --set readings_by_station.connector=sqlite --set readings_by_station.path=readings.db
-- A reading: {"sensor": "T-07", "read_at": "2024-03-03T10:15:00.250Z", "value": "21.5", "mode": "live"}

CREATE TABLE readings (
  sensor text NOT NULL,
  read_at timestamptz NOT NULL,
  value text,                 -- as the device sends it: a number, or nothing; anything else is a dead letter
  mode text
) WITH (
  connector = 'kafka',
  topic = 'readings',
  format = 'json',
  start = 'earliest',
  "bootstrap.servers" = '${KAFKA:-localhost:29092}',
  "group.id" = 'sensor_readings'
);

CREATE TABLE sensors (
  id text,
  station text,
  kind text,
  lowest double precision,    -- limits of its values; a sensor may have one, both or none
  highest double precision,
  active boolean
) WITH (
  connector = 'csv',
  path = 'data/sensors.csv',
  duplicate_key = 'error'
);

CREATE TABLE readings_by_station (
  station text,
  day text,
  read_at timestamptz,
  sensor text,
  kind text,
  value double precision,
  verdict text,
  kafka_partition int,        -- with the offset: closes the key, so that no reading writes over another
  kafka_offset bigint
) WITH (
  connector = 'cassandra',
  contact_points = '${CASSANDRA:-localhost:9042}',
  keyspace = 'weather',
  primary_key = '((station, day), read_at, kafka_partition, kafka_offset)',
  clustering_order = 'read_at DESC'
);

INSERT INTO readings_by_station
SELECT COALESCE(s.station, 'unknown') AS station,
       to_char(r.read_at, 'YYYY-MM-DD') AS day,
       r.read_at,
       r.sensor,
       COALESCE(s.kind, 'unknown') AS kind,
       cast(r.value AS double precision) AS value,
       CASE WHEN s.id IS NULL THEN 'not registered'
            WHEN s.active IS NOT TRUE THEN 'not in use'
            WHEN cast(r.value AS double precision) < s.lowest THEN 'too low'
            WHEN cast(r.value AS double precision) > s.highest THEN 'too high'
            ELSE 'good'
       END AS verdict,
       r.kafka_partition,
       r.kafka_offset
FROM readings r
LEFT JOIN sensors s ON s.id = r.sensor
WHERE r.value <> '' AND r.mode IS DISTINCT FROM 'test';
