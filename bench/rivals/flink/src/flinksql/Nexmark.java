package flinksql;

import java.io.PrintStream;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import org.apache.flink.table.api.EnvironmentSettings;
import org.apache.flink.table.api.Schema;
import org.apache.flink.table.api.Table;
import org.apache.flink.table.api.TableDescriptor;
import org.apache.flink.table.api.TableEnvironment;
import org.apache.flink.table.api.TableResult;
import org.apache.flink.types.Row;
import org.apache.flink.util.CloseableIterator;
import rivals.Arguments;
import rivals.Progress;

/**
 * One of Nexmark's queries in Flink SQL on a mini-cluster. With --rows it writes the rows to that file, each as an array in
 * JSON whose times have milliseconds; otherwise it forgets them, and the last line on standard output is one JSON object.
 */
public final class Nexmark {
  private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss.SSS");

  public static void main(String[] words) throws Exception {
    Arguments arguments = new Arguments(words);
    Shared.progress = new Progress(arguments.number("events"));
    TableEnvironment tables =
        TableEnvironment.create(
            EnvironmentSettings.newInstance().inStreamingMode().withConfiguration(Shared.settings(arguments)).build());
    declare(tables, arguments);
    Table query = tables.sqlQuery(Files.readString(Path.of(arguments.text("query"))));
    String rows = arguments.text("rows", "");
    if (!rows.isEmpty()) {
      write(query, rows);
      System.exit(0);
    }
    Schema schema = Schema.newBuilder().fromResolvedSchema(query.getResolvedSchema()).build();
    TableResult job = query.executeInsert(TableDescriptor.forConnector("auctions").schema(schema).build());
    Shared.await(job);
  }

  /** Only what the queries read is declared: of a bid all, of the others nothing. */
  private static void declare(TableEnvironment tables, Arguments arguments) {
    tables.createTemporarySystemFunction("taken", Taken.class);
    tables.createTemporarySystemFunction("count_char", CountChar.class);
    tables.executeSql(
        """
        CREATE TABLE events (
          event_type INT NOT NULL,
          bid ROW<auction BIGINT, bidder BIGINT, price BIGINT, channel STRING, url STRING, `dateTime` TIMESTAMP(3), extra STRING>
        ) WITH (%s)"""
            .formatted(Shared.source(arguments)));
    tables.executeSql(
        """
        CREATE VIEW bid AS
        SELECT bid.auction, bid.bidder, bid.price, bid.channel, bid.url, bid.`dateTime` AS date_time, bid.extra
        FROM events WHERE taken(event_type) = 2""");
    tables.executeSql(
        "CREATE TABLE side_input (key BIGINT, `value` STRING) WITH ('connector' = 'side_input', 'path' = '%s')"
            .formatted(arguments.text("side_input")));
  }

  private static void write(Table query, String path) throws Exception {
    try (PrintStream out = new PrintStream(path, StandardCharsets.UTF_8);
        CloseableIterator<Row> rows = query.execute().collect()) {
      while (rows.hasNext()) out.println(json(rows.next()));
    }
  }

  private static String json(Row row) {
    StringBuilder text = new StringBuilder("[");
    for (int i = 0; i < row.getArity(); i++) {
      if (i > 0) text.append(", ");
      Object value = row.getField(i);
      if (value instanceof LocalDateTime time) value = TIME.format(time);
      if (value instanceof BigDecimal number) value = number.toPlainString();
      if (value instanceof String word) {
        text.append('"').append(word.replace("\\", "\\\\").replace("\"", "\\\"")).append('"');
      } else {
        text.append(value);
      }
    }
    return text.append("]").toString();
  }
}
