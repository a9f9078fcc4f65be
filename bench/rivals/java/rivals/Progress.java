package rivals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/**
 * How far a run is. Whoever processes records counts them in a Counter of its own, so that threads share nothing; one more
 * thread looks every millisecond, which is how exact the times are.
 */
public final class Progress {
  /** Written by one thread, read by any. */
  public static final class Counter {
    private final AtomicLong consumed = new AtomicLong();
    private final AtomicLong matched = new AtomicLong();
    private final AtomicLong checksum = new AtomicLong();

    /** A record was taken. */
    public void taken() {
      consumed.lazySet(consumed.getPlain() + 1);
    }

    /** A row was written, which adds so much to the sum. */
    public void written(long sum) {
      matched.lazySet(matched.getPlain() + 1);
      checksum.lazySet(checksum.getPlain() + sum);
    }

    /** A row of the listening history was written. */
    public void written(int hour, int durationMs) {
      written((long) hour + durationMs);
    }
  }

  private static final double TICKS_PER_SECOND = 100; // USER_HZ, the unit of /proc/self/stat.

  private final List<Counter> counters = new CopyOnWriteArrayList<>();
  private final double ageAtStart = processAge();
  private final long started = System.nanoTime();
  private final long events;
  private long first;
  private long half;
  private long halfCount;
  private double halfCpu;
  private long last;

  public Progress(long events) {
    this.events = events;
  }

  public Counter counter() {
    Counter counter = new Counter();
    counters.add(counter);
    return counter;
  }

  /** Waits until all records are taken and nothing is under way any more, or until the run has ended for another reason. */
  public void await(AtomicLong underWay, AtomicBoolean ended) throws InterruptedException {
    while (true) {
      boolean over = ended.get();
      if (look() >= events && underWay.get() == 0 || over) break;
      Thread.sleep(1);
    }
    last = System.nanoTime();
  }

  /** Takes the times of the first record and of the half; how many there are by now. */
  private long look() {
    long consumed = 0;
    for (Counter counter : counters) consumed += counter.consumed.get();
    if (consumed > 0 && first == 0) first = System.nanoTime();
    if (consumed >= events / 2 && half == 0) {
      half = System.nanoTime();
      halfCount = consumed;
      halfCpu = cpuSeconds();
    }
    return consumed;
  }

  /** The last line of a rival's output. */
  public String result() {
    long consumed = 0, matched = 0, checksum = 0;
    for (Counter counter : counters) {
      consumed += counter.consumed.get();
      matched += counter.matched.get();
      checksum += counter.checksum.get();
    }
    return String.format(
        Locale.ROOT,
        "{\"consumed\": %d, \"matched\": %d, \"seconds\": %.6f, \"startup_seconds\": %.6f, \"steady_seconds\": %.6f, "
            + "\"steady_events\": %d, \"steady_cpu_seconds\": %.2f, \"checksum\": %d}",
        consumed, matched, (last - first) / 1e9, ageAtStart + (first - started) / 1e9, (last - half) / 1e9,
        consumed - halfCount, cpuSeconds() - halfCpu, checksum);
  }

  /** What this process has used so far, user and system. */
  private static double cpuSeconds() {
    return ProcessHandle.current().info().totalCpuDuration().orElseThrow().toMillis() / 1e3;
  }

  /** Seconds since this process was started, the virtual machine's own start included. */
  private static double processAge() {
    try {
      String stat = Files.readString(Path.of("/proc/self/stat"));
      String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
      double uptime = Double.parseDouble(Files.readString(Path.of("/proc/uptime")).split(" ")[0]);
      return uptime - Double.parseDouble(fields[19]) / TICKS_PER_SECOND;
    } catch (IOException failure) {
      throw new IllegalStateException(failure);
    }
  }
}
