package flinksql;

import java.io.IOException;
import java.util.Map;
import java.util.function.Function;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.StringData;
import rivals.Progress;
import rivals.Song;

/** What the tasks of the mini-cluster, which all run in this process, have in common. */
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
}
