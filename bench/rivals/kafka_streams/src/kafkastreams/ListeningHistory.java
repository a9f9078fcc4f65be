package kafkastreams;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.internals.DefaultKafkaClientSupplier;
import rivals.Arguments;
import rivals.Progress;
import rivals.Song;

/**
 * The listening history in Kafka Streams: plays are deserialised from JSON, joined with a map in memory, and given to a sink
 * by a processor. The last line on standard output is one JSON object.
 */
public final class ListeningHistory {
  /** Joins a play with its song and writes the row. */
  private static final class Join implements Processor<byte[], Play, Void, Void> {
    private final Map<String, Song> songs;
    private final Sink sink;
    private final Progress.Counter counter;
    private ProcessorContext<Void, Void> context;

    Join(Map<String, Song> songs, Sink sink, Progress.Counter counter) {
      this.songs = songs;
      this.sink = sink;
      this.counter = counter;
    }

    @Override
    public void init(ProcessorContext<Void, Void> context) {
      this.context = context;
    }

    @Override
    public void process(Record<byte[], Play> record) {
      Play play = record.value();
      Song song = songs.get(play.song());
      if (song != null) {
        var place = context.recordMetadata().orElseThrow();
        Row row = Row.of(play, song, place.partition(), place.offset());
        sink.write(row);
        counter.written(row.hour(), row.durationMs());
      }
      counter.taken(); // After the row, so that a run does not seem to be over before it is.
    }
  }

  /** Lets every commit wait for the rows behind it. Kafka Streams commits on the thread that processes. */
  private static final class CommitAfterAcknowledgements extends DefaultKafkaClientSupplier {
    private final Sink sink;

    CommitAfterAcknowledgements(Sink sink) {
      this.sink = sink;
    }

    @Override
    public Consumer<byte[], byte[]> getConsumer(Map<String, Object> config) {
      return new KafkaConsumer<>(config, new ByteArrayDeserializer(), new ByteArrayDeserializer()) {
        @Override
        public void commitSync(Map<TopicPartition, OffsetAndMetadata> offsets) {
          sink.drain();
          super.commitSync(offsets);
        }

        @Override
        public void commitSync(Map<TopicPartition, OffsetAndMetadata> offsets, Duration timeout) {
          sink.drain();
          super.commitSync(offsets, timeout);
        }
      };
    }
  }

  public static void main(String[] words) throws Exception {
    Arguments arguments = new Arguments(words);
    Progress progress = new Progress(arguments.number("events"));
    Map<String, Song> songs = Song.catalogue(arguments.text("catalogue"));
    int threads = arguments.number("threads", 2);
    Sink sink =
        arguments.text("sink").equals("cassandra")
            ? new CassandraSink(
                arguments.text("cassandra"), arguments.text("keyspace"), arguments.text("datacenter", "datacenter1"),
                arguments.number("window", 1024) / threads)
            : new Sink.Null();

    StreamsBuilder builder = new StreamsBuilder();
    builder.stream(arguments.text("topic"), Consumed.with(Serdes.ByteArray(), Play.serde()))
        .process(() -> new Join(songs, sink, progress.counter()));

    Properties settings = new Properties();
    settings.put(StreamsConfig.APPLICATION_ID_CONFIG, arguments.text("group"));
    settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, arguments.text("bootstrap"));
    settings.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, threads);
    settings.put(StreamsConfig.BUFFERED_RECORDS_PER_PARTITION_CONFIG, arguments.number("buffered", 10_000));
    settings.put(StreamsConfig.STATE_DIR_CONFIG, Files.createTempDirectory(Path.of("."), "state").toString());
    settings.put(StreamsConfig.consumerPrefix(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG), "earliest");
    settings.put(StreamsConfig.consumerPrefix(ConsumerConfig.MAX_POLL_RECORDS_CONFIG), arguments.number("max-poll-records", 10_000));
    settings.put(StreamsConfig.consumerPrefix(ConsumerConfig.MAX_PARTITION_FETCH_BYTES_CONFIG), arguments.number("partition-fetch", 8 << 20));

    KafkaStreams streams = new KafkaStreams(builder.build(), settings, new CommitAfterAcknowledgements(sink));
    streams.setUncaughtExceptionHandler(
        failure -> {
          failure.printStackTrace();
          Runtime.getRuntime().halt(1); // A clean shutdown would commit.
          return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
        });
    streams.start();
    progress.await(sink.underWay(), new AtomicBoolean());
    streams.close();
    sink.close();
    System.out.println(progress.result());
  }
}
