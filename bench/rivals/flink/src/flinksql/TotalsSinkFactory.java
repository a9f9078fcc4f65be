package flinksql;

import java.io.Serializable;
import java.util.Set;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.api.connector.sink2.SinkWriter;
import org.apache.flink.api.connector.sink2.WriterInitContext;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.table.connector.ChangelogMode;
import org.apache.flink.table.connector.sink.DynamicTableSink;
import org.apache.flink.table.connector.sink.SinkV2Provider;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.factories.DynamicTableSinkFactory;
import rivals.Progress;

/** The connector 'totals': as 'blackhole', but it adds up the hour and the duration of the rows that it forgets. */
public class TotalsSinkFactory implements DynamicTableSinkFactory {
  private static final int HOUR = 4; // Columns of the listening history.
  private static final int DURATION_MS = 7;

  /** What a row adds to the sum. */
  interface Sum extends Serializable {
    long of(RowData row);
  }

  private final String name;
  private final Sum sum;

  public TotalsSinkFactory() {
    this("totals", row -> (long) row.getInt(HOUR) + row.getInt(DURATION_MS));
  }

  TotalsSinkFactory(String name, Sum sum) {
    this.name = name;
    this.sum = sum;
  }

  @Override
  public String factoryIdentifier() {
    return name;
  }

  @Override
  public Set<ConfigOption<?>> requiredOptions() {
    return Set.of();
  }

  @Override
  public Set<ConfigOption<?>> optionalOptions() {
    return Set.of();
  }

  @Override
  public DynamicTableSink createDynamicTableSink(Context context) {
    return new Table(sum);
  }

  private record Table(Sum sum) implements DynamicTableSink {
    @Override
    public ChangelogMode getChangelogMode(ChangelogMode requested) {
      return ChangelogMode.insertOnly();
    }

    @Override
    public SinkRuntimeProvider getSinkRuntimeProvider(Context context) {
      return SinkV2Provider.of(new Totals(sum));
    }

    @Override
    public DynamicTableSink copy() {
      return this;
    }

    @Override
    public String asSummaryString() {
      return "totals";
    }
  }

  private record Totals(Sum sum) implements Sink<RowData> {
    @Override
    public SinkWriter<RowData> createWriter(WriterInitContext context) {
      return new Writer(Shared.progress.counter(), sum);
    }
  }

  private record Writer(Progress.Counter counter, Sum sum) implements SinkWriter<RowData> {
    @Override
    public void write(RowData row, Context context) {
      counter.written(sum.of(row));
    }

    @Override
    public void flush(boolean endOfInput) {}

    @Override
    public void close() {}
  }
}
