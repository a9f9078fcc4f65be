package flinksql;

import java.io.IOException;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.table.api.TableResult;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.StringData;
import rivals.Arguments;
import rivals.Progress;
import rivals.Song;

/** What the jobs, and the tasks of the mini-cluster, which all run in this process, have in common. */
final class Shared {
  static Progress progress;
  private static Map<StringData, RowData> songs;

  private Shared() {}

  /** The catalogue, read once for all tasks. */
  static synchronized Map<StringData, RowData> songs(
      String catalogue, Function<Map<String, Song>, Map<StringData, RowData>> rows) throws IOException {
    if (songs == null) songs = rows.apply(Song.catalogue(catalogue));
    return songs;
  }

  static Configuration settings(Arguments arguments) {
    Configuration settings = new Configuration();
    settings.setString("parallelism.default", arguments.text("parallelism", "2"));
    settings.setString("pipeline.object-reuse", "true");
    settings.setString("execution.checkpointing.interval", arguments.text("checkpoints", "10 s"));
    settings.setString("execution.checkpointing.mode", "AT_LEAST_ONCE");
    // A rival that fails is to say so, not to start anew.
    settings.setString("restart-strategy.type", "none");
    return settings;
  }

  /** The options of a table of the topic, up to what is its end now. */
  static String source(Arguments arguments) {
    return """
        'connector' = 'kafka', 'format' = 'json', 'topic' = '%s', 'properties.bootstrap.servers' = '%s',
        'properties.group.id' = '%s', 'scan.startup.mode' = 'earliest-offset', 'scan.bounded.mode' = 'latest-offset',
        'properties.max.poll.records' = '10000', 'properties.max.partition.fetch.bytes' = '8388608'"""
        .formatted(arguments.text("topic"), arguments.text("bootstrap"), arguments.text("group"));
  }

  /**
   * Waits for the job, prints the result and ends the program. The job ends by itself at what was the end of the topic; one
   * that fails, or that has another number of records than was said, must not be waited for.
   */
  static void await(TableResult job) throws InterruptedException {
    AtomicLong nothing = new AtomicLong();
    AtomicBoolean ended = new AtomicBoolean();
    Thread watch =
        new Thread(
            () -> {
              try {
                job.await();
                ended.set(true);
              } catch (Exception failure) {
                failure.printStackTrace();
                Runtime.getRuntime().halt(1);
              }
            });
    watch.start();
    progress.await(nothing, ended);
    watch.join();
    System.out.println(progress.result());
    System.exit(0); // The mini-cluster's threads need not be waited for.
  }
}
