package flinksql;

import org.apache.flink.table.functions.FunctionContext;
import org.apache.flink.table.functions.ScalarFunction;
import rivals.Progress;

/** taken(event_type): its argument, and the record is counted. It stands in the filter that every event goes through first. */
public final class Taken extends ScalarFunction {
  private static final long serialVersionUID = 1;

  private transient Progress.Counter counter;

  @Override
  public void open(FunctionContext context) {
    counter = Shared.progress.counter();
  }

  public int eval(int eventType) {
    counter.taken();
    return eventType;
  }
}
