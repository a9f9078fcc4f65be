"""The original listening-history consumer in PySpark, as a rival: it drains a backlog of plays and says how long it took.

The steps are those of the original: the song catalogue is inferred from CSV and cached, plays are parsed with from_json,
hour and date are derived by two Python functions, joined by song name, and flushed per micro-batch. Only where it reads
and writes, and that it stops at the end of the backlog, are arguments here.

The last line on standard output is one JSON object.
"""

import argparse
import glob
import json
import time

from pyspark.sql import SparkSession
from pyspark.sql.functions import col, from_json, udf
from pyspark.sql.types import IntegerType, StringType, StructField, StructType


@udf(returnType=IntegerType())
def derive_hour(datetime_string: str) -> int:
    _, clock = datetime_string.split(" ")
    return int(clock[:2])


@udf(returnType=StringType())
def derive_date(datetime_string: str) -> str:
    return datetime_string.split(" ")[0]


PLAY = StructType(
    [
        StructField("id", IntegerType(), False),
        StructField("name", StringType(), False),
        StructField("song", StringType(), False),
        StructField("time", StringType(), False),
    ]
)


def events_in(source: dict) -> int:
    """By offsets: Spark's own count has a record twice where the batch was counted before it was saved."""

    def total(offsets) -> int:
        topics = json.loads(offsets) if isinstance(offsets, str) else offsets or {}
        return sum(sum(partitions.values()) for partitions in topics.values())

    return total(source["endOffset"]) - total(source["startOffset"])


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--bootstrap", required=True)
    parser.add_argument("--topic", required=True)
    parser.add_argument("--catalogue", required=True)
    parser.add_argument("--sink", choices=["null", "cassandra"], required=True)
    parser.add_argument("--cassandra", default="127.0.0.1")
    parser.add_argument("--keyspace", default="spotify")
    parser.add_argument("--jars", required=True)
    parser.add_argument("--batch", type=int, default=500_000, help="events per micro-batch")
    arguments = parser.parse_args()

    started = time.monotonic()
    spark = (
        SparkSession.builder.master("local[2]")
        .appName("listening_history")
        .config("spark.jars", ",".join(sorted(glob.glob(arguments.jars + "/*.jar"))))
        .config("spark.driver.memory", "4g")
        .config("spark.sql.shuffle.partitions", "4")
        .config("spark.cassandra.connection.host", arguments.cassandra)
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .getOrCreate()
    )
    spark.sparkContext.setLogLevel("ERROR")
    songs = (
        spark.read.option("header", True)
        # Spark's own escape is the backslash: rows with quotes in them shift, and a shifted row fails in Cassandra.
        .option("escape", '"')
        .option("inferSchema", True)
        .csv("file://" + arguments.catalogue)
        .withColumnRenamed("name", "song_name")
        .withColumnRenamed("key", "musical_key")
        .cache()
    )
    plays = (
        spark.readStream.format("kafka")
        .option("kafka.bootstrap.servers", arguments.bootstrap)
        .option("subscribe", arguments.topic)
        .option("startingOffsets", "earliest")
        .option("maxOffsetsPerTrigger", arguments.batch)
        .load()
        .selectExpr("CAST(value AS STRING)")
        .select(from_json(col("value"), PLAY).alias("data"))
        .select("data.*")
        .withColumn("hour", derive_hour(col("time")))
        .withColumn("date", derive_date(col("time")))
    )
    rows = plays.join(songs, plays.song == songs.song_name, "inner").drop("song_name")

    def flush(batch, _) -> None:
        if arguments.sink == "null":
            batch.write.format("noop").mode("overwrite").save()
            return
        print(f"Flushing {batch.count()} records to database...", flush=True)
        batch.write.format("org.apache.spark.sql.cassandra").mode("append").options(
            table="listening_history", keyspace=arguments.keyspace
        ).save()

    startup_seconds = time.monotonic() - started
    begun = time.monotonic()
    query = rows.writeStream.foreachBatch(flush).outputMode("update").trigger(availableNow=True).start()
    query.awaitTermination()
    seconds = time.monotonic() - begun
    consumed = sum(events_in(progress["sources"][0]) for progress in query.recentProgress)
    print(json.dumps({"consumed": consumed, "seconds": seconds, "startup_seconds": startup_seconds}), flush=True)
    # Waiting for the JVM makes its CPU time and memory part of this process's.
    gateway = spark.sparkContext._gateway
    spark.stop()
    gateway.proc.stdin.close()
    gateway.proc.wait(60)


if __name__ == "__main__":
    main()
