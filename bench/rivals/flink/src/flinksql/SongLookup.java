package flinksql;

import java.util.HashMap;
import java.util.Map;
import org.apache.flink.table.annotation.DataTypeHint;
import org.apache.flink.table.annotation.FunctionHint;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.functions.FunctionContext;
import org.apache.flink.table.functions.TableFunction;
import rivals.Progress;
import rivals.Song;

/**
 * The song of a name, from a map: the table function song(name). It speaks Flink's own data structures, so that nothing is
 * converted per record.
 */
@FunctionHint(
    input = @DataTypeHint(value = "STRING", bridgedTo = StringData.class),
    output =
        @DataTypeHint(
            value =
                "ROW<artists STRING, duration_ms INT, album_name STRING, album_release_date STRING, danceability FLOAT, "
                    + "energy FLOAT, musical_key INT, loudness FLOAT, mode FLOAT, speechiness FLOAT, acousticness FLOAT, "
                    + "instrumentalness FLOAT, liveness FLOAT, valence FLOAT, tempo FLOAT>",
            bridgedTo = RowData.class))
public final class SongLookup extends TableFunction<RowData> {
  private static final long serialVersionUID = 1;

  private final String catalogue;
  private transient Map<StringData, RowData> songs;
  private transient Progress.Counter counter;

  public SongLookup(String catalogue) {
    this.catalogue = catalogue;
  }

  @Override
  public void open(FunctionContext context) throws Exception {
    songs = Shared.songs(catalogue, SongLookup::rows);
    counter = Shared.progress.counter();
  }

  public void eval(StringData name) {
    RowData song = songs.get(name);
    if (song != null) collect(song);
    counter.taken();
  }

  private static Map<StringData, RowData> rows(Map<String, Song> songs) {
    Map<StringData, RowData> rows = new HashMap<>(2 * songs.size());
    songs.forEach((name, song) -> rows.put(StringData.fromString(name), row(song)));
    return rows;
  }

  private static RowData row(Song song) {
    return GenericRowData.of(
        StringData.fromString(song.artists()), song.durationMs(), StringData.fromString(song.albumName()),
        StringData.fromString(song.albumReleaseDate()), song.danceability(), song.energy(), song.key(), song.loudness(),
        song.mode(), song.speechiness(), song.acousticness(), song.instrumentalness(), song.liveness(), song.valence(),
        song.tempo());
  }
}
