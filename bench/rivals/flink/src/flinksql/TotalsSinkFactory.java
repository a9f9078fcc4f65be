package flinksql;

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
public final class TotalsSinkFactory implements DynamicTableSinkFactory {
  private static final int HOUR = 4; // Columns of the listening history.
  private static final int DURATION_MS = 7;

  @Override
  public String factoryIdentifier() {
    return "totals";
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
    return new Table();
  }

  private static final class Table implements DynamicTableSink {
    @Override
    public ChangelogMode getChangelogMode(ChangelogMode requested) {
      return ChangelogMode.insertOnly();
    }

    @Override
    public SinkRuntimeProvider getSinkRuntimeProvider(Context context) {
      return SinkV2Provider.of(new Totals());
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

  private static final class Totals implements Sink<RowData> {
    private static final long serialVersionUID = 1;

    @Override
    public SinkWriter<RowData> createWriter(WriterInitContext context) {
      return new Writer(Shared.progress.counter());
    }
  }

  private record Writer(Progress.Counter counter) implements SinkWriter<RowData> {
    @Override
    public void write(RowData row, Context context) {
      counter.written(row.getInt(HOUR), row.getInt(DURATION_MS));
    }

    @Override
    public void flush(boolean endOfInput) {}

    @Override
    public void close() {}
  }
}
