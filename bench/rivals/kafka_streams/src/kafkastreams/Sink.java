package kafkastreams;

import java.util.concurrent.atomic.AtomicLong;

/** Where rows go. */
interface Sink extends AutoCloseable {
  /** May return before the row is written. */
  void write(Row row);

  /** Waits until all that the calling thread has written is acknowledged; throws if anything of it is not. */
  void drain();

  /** How many rows are written and not yet acknowledged. */
  AtomicLong underWay();

  @Override
  void close();

  /** Forgets what it is given, but for the last row: or the compiler would see that none need be made. */
  final class Null implements Sink {
    private final AtomicLong none = new AtomicLong();
    Row last;

    @Override
    public void write(Row row) {
      last = row;
    }

    @Override
    public void drain() {}

    @Override
    public AtomicLong underWay() {
      return none;
    }

    @Override
    public void close() {}
  }
}
