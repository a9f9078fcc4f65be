package kafkastreams;

import com.datastax.oss.driver.api.core.CqlSession;
import com.datastax.oss.driver.api.core.cql.BoundStatement;
import com.datastax.oss.driver.api.core.cql.PreparedStatement;
import java.net.InetSocketAddress;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;

/** Inserts each row by itself, asynchronously; each thread that writes has a bounded number of them under way. */
final class CassandraSink implements Sink {
  private static final String INSERT =
      "INSERT INTO listening_history (id, name, song, time, hour, date, artists, duration_ms, album_name, album_release_date, "
          + "danceability, energy, musical_key, loudness, mode, speechiness, acousticness, instrumentalness, liveness, valence, "
          + "tempo, kafka_partition, kafka_offset) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

  private final CqlSession session;
  private final PreparedStatement insert;
  private final int windowSize;
  private final ThreadLocal<Semaphore> window;
  private final AtomicLong underWay = new AtomicLong();
  private final AtomicReference<Throwable> failure = new AtomicReference<>();

  /** The driver's settings are in application.conf. */
  CassandraSink(String address, String keyspace, String datacenter, int windowSize) {
    int colon = address.lastIndexOf(':');
    session =
        CqlSession.builder()
            .addContactPoint(new InetSocketAddress(address.substring(0, colon), Integer.parseInt(address.substring(colon + 1))))
            .withLocalDatacenter(datacenter)
            .withKeyspace(keyspace)
            .build();
    insert = session.prepare(INSERT);
    this.windowSize = windowSize;
    window = ThreadLocal.withInitial(() -> new Semaphore(windowSize));
  }

  @Override
  public void write(Row row) {
    Semaphore mine = window.get();
    mine.acquireUninterruptibly();
    check();
    underWay.incrementAndGet();
    session
        .executeAsync(bound(row))
        .whenComplete(
            (result, fault) -> {
              if (fault != null) failure.compareAndSet(null, fault);
              else underWay.decrementAndGet();
              mine.release();
            });
  }

  @Override
  public void drain() {
    Semaphore mine = window.get();
    mine.acquireUninterruptibly(windowSize);
    mine.release(windowSize);
    check();
  }

  @Override
  public AtomicLong underWay() {
    return underWay;
  }

  @Override
  public void close() {
    session.close();
  }

  private void check() {
    if (failure.get() != null) throw new IllegalStateException("Cassandra refused a row", failure.get());
  }

  private BoundStatement bound(Row row) {
    return insert
        .boundStatementBuilder()
        .setInt(0, row.id())
        .setString(1, row.name())
        .setString(2, row.song())
        .setString(3, row.time())
        .setInt(4, row.hour())
        .setString(5, row.date())
        .setString(6, row.artists())
        .setInt(7, row.durationMs())
        .setString(8, row.albumName())
        .setString(9, row.albumReleaseDate())
        .setFloat(10, row.danceability())
        .setFloat(11, row.energy())
        .setInt(12, row.musicalKey())
        .setFloat(13, row.loudness())
        .setFloat(14, row.mode())
        .setFloat(15, row.speechiness())
        .setFloat(16, row.acousticness())
        .setFloat(17, row.instrumentalness())
        .setFloat(18, row.liveness())
        .setFloat(19, row.valence())
        .setFloat(20, row.tempo())
        .setInt(21, row.kafkaPartition())
        .setLong(22, row.kafkaOffset())
        .build();
  }
}
