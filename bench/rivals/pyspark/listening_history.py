"""The original listening-history consumer in PySpark, as a rival: it drains a backlog of plays and says how long it took.

The steps are those of the original: the song catalogue is inferred from CSV and cached, plays are parsed with from_json, hour and
date are derived by two Python functions, joined by song name, and flushed per micro-batch, which is counted first. What differs
is where it reads and writes, that it stops at the end of the backlog, that rows carry partition and offset as everyone's do, and
that of several songs with one name only the first counts.

With --tuned=1 it is what Spark's own guides advise instead: built-in functions in the place of the Python ones, a join that is
told to broadcast, no counting beforehand, and more requests under way to Cassandra.

The last line on standard output is one JSON object.
"""

import argparse
import glob
import json
import os
import time
from pathlib import Path

from pyspark.sql import Column, DataFrame, Observation, SparkSession
from pyspark.sql import functions as f
from pyspark.sql.types import IntegerType, StringType, StructField, StructType


@f.udf(returnType=IntegerType())
def derive_hour(datetime_string: str) -> int:
    _, clock = datetime_string.split(" ")
    return int(clock[:2])


@f.udf(returnType=StringType())
def derive_date(datetime_string: str) -> str:
    return datetime_string.split(" ")[0]


def built_in_hour(time_column: Column) -> Column:
    return f.substring(time_column, 12, 2).cast("int")


def built_in_date(time_column: Column) -> Column:
    return f.substring(time_column, 1, 10)


PLAY = StructType(
    [
        StructField("id", IntegerType(), False),
        StructField("name", StringType(), False),
        StructField("song", StringType(), False),
        StructField("time", StringType(), False),
    ]
)
# As Turntable's sink and the other rivals: every row is one request, so many of them under way per task.
TUNED_WRITES = {"spark.cassandra.output.concurrent.writes": "64"}


def process_age() -> float:
    """Seconds since this process was started."""
    started = int(Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19]) / os.sysconf("SC_CLK_TCK")
    return float(Path("/proc/uptime").read_text().split()[0]) - started


def events_in(source: dict) -> int:
    """By offsets: Spark's own count has a record twice where the batch was counted before it was saved."""

    def total(offsets) -> int:
        topics = json.loads(offsets) if isinstance(offsets, str) else offsets or {}
        return sum(sum(partitions.values()) for partitions in topics.values())

    return total(source["endOffset"]) - total(source["startOffset"])


def read_songs(spark: SparkSession, catalogue: str) -> DataFrame:
    # Spark's own escape is the backslash: rows with quotes in them shift, and a shifted row fails in Cassandra.
    inferred = spark.read.csv("file://" + catalogue, header=True, escape='"', inferSchema=True).schema
    for column in inferred.fields:
        # Inferred as a date or a time where all of them look like one; the table keeps the text.
        if column.name == "album_release_date":
            column.dataType = StringType()
    songs = spark.read.csv("file://" + catalogue, header=True, escape='"', schema=inferred)
    songs = songs.withColumnRenamed("name", "song_name").withColumnRenamed("key", "musical_key")
    others = [name for name in songs.columns if name != "song_name"]
    first = songs.withColumn("place", f.monotonically_increasing_id()).groupBy("song_name")
    first = first.agg(f.min_by(f.struct(*others), "place").alias("song"))
    # Kept as it is, as cache() would, but with its plan cut off: a streaming query takes no plan that numbers rows.
    return first.select("song_name", *(f.col(f"song.{name}") for name in others)).localCheckpoint()


class Flush:
    """What is done with each micro-batch, and what came of all of them."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        self.arguments = arguments
        self.matched = self.checksum = 0

    def __call__(self, batch: DataFrame, _: int) -> None:
        if self.arguments.sink == "cassandra" and not self.arguments.tuned:
            print(f"Flushing {batch.count()} records to database...", flush=True)
        totals = Observation()
        observed = batch.observe(
            totals, f.count(f.lit(1)).alias("rows"), f.sum(f.col("hour") + f.col("duration_ms")).alias("sum")
        )
        if self.arguments.sink == "null":
            observed.write.format("noop").mode("overwrite").save()
        else:
            observed.write.format("org.apache.spark.sql.cassandra").mode("append").options(
                table="listening_history", keyspace=self.arguments.keyspace
            ).save()
        self.matched += totals.get["rows"]
        self.checksum += totals.get["sum"] or 0


def main() -> None:
    age, started = process_age(), time.monotonic()
    parser = argparse.ArgumentParser()
    for name in ("bootstrap", "topic", "catalogue", "jars", "group"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--sink", choices=["null", "cassandra"], required=True)
    parser.add_argument("--cassandra", default="127.0.0.1:9042")
    parser.add_argument("--keyspace", default="spotify")
    parser.add_argument("--events", type=int, required=True)
    parser.add_argument("--batch", type=int, default=500_000, help="events per micro-batch")
    parser.add_argument("--tuned", type=int, default=0)
    arguments = parser.parse_args()

    host, _, port = arguments.cassandra.partition(":")
    settings = {
        "spark.jars": ",".join(sorted(glob.glob(arguments.jars + "/*.jar"))),
        "spark.driver.memory": "4g",
        "spark.sql.shuffle.partitions": "4",
        "spark.sql.streaming.numRecentProgressUpdates": "100000",
        "spark.cassandra.connection.host": host,
        "spark.cassandra.connection.port": port,
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        **(TUNED_WRITES if arguments.tuned else {}),
    }
    spark = SparkSession.builder.master("local[2]").appName("listening_history").config(map=settings).getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    songs = read_songs(spark, arguments.catalogue)
    hour, date = (built_in_hour, built_in_date) if arguments.tuned else (derive_hour, derive_date)
    plays = (
        spark.readStream.format("kafka")
        .option("kafka.bootstrap.servers", arguments.bootstrap)
        .option("subscribe", arguments.topic)
        .option("startingOffsets", "earliest")
        .option("maxOffsetsPerTrigger", arguments.batch)
        .load()
        .selectExpr("CAST(value AS STRING)", "partition AS kafka_partition", "offset AS kafka_offset")
        .select(f.from_json(f.col("value"), PLAY).alias("data"), "kafka_partition", "kafka_offset")
        .select("data.*", "kafka_partition", "kafka_offset")
        .withColumn("hour", hour(f.col("time")))
        .withColumn("date", date(f.col("time")))
    )
    joined = f.broadcast(songs) if arguments.tuned else songs
    rows = plays.join(joined, plays.song == songs.song_name, "inner").drop("song_name")

    flush = Flush(arguments)
    writer = rows.writeStream.foreachBatch(flush).outputMode("update").trigger(availableNow=True)
    begun = time.monotonic()
    query = writer.option("checkpointLocation", "file://" + os.path.abspath("checkpoint")).start()
    query.awaitTermination()
    seconds = time.monotonic() - begun

    # Spark does not say when it had the first record or half of them: batches are what can be told apart.
    consumed, steady_events, steady_seconds = 0, 0, 0.0
    for progress in query.recentProgress:
        count = events_in(progress["sources"][0])
        if consumed >= arguments.events / 2:
            steady_events += count
            steady_seconds += progress["durationMs"]["triggerExecution"] / 1000
        consumed += count
    result = {
        "consumed": consumed,
        "matched": flush.matched,
        "seconds": seconds,
        "startup_seconds": age + begun - started,
        "steady_seconds": steady_seconds,
        "steady_events": steady_events,
        "checksum": flush.checksum,
    }
    # Waiting for the JVM makes its CPU time and memory part of this process's.
    gateway = spark.sparkContext._gateway
    spark.stop()
    gateway.proc.stdin.close()
    gateway.proc.wait(60)
    print(json.dumps(result), flush=True)


if __name__ == "__main__":
    main()
