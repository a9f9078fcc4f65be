package rivals;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVRecord;

/** What the catalogue knows of a song. */
public record Song(
    String artists, int durationMs, String albumName, String albumReleaseDate, float danceability, float energy, int key,
    float loudness, float mode, float speechiness, float acousticness, float instrumentalness, float liveness, float valence,
    float tempo) {

  /** The songs of a CSV file with a header, by name. Of songs with one name, the first counts. */
  public static Map<String, Song> catalogue(String path) throws IOException {
    CSVFormat format = CSVFormat.RFC4180.builder().setHeader().setSkipHeaderRecord(true).get();
    Map<String, Song> songs = new HashMap<>();
    try (var reader = Files.newBufferedReader(Path.of(path), StandardCharsets.UTF_8);
        var rows = format.parse(reader)) {
      for (CSVRecord row : rows) songs.putIfAbsent(row.get("name"), of(row));
    }
    return songs;
  }

  private static Song of(CSVRecord row) {
    return new Song(
        row.get("artists"), Integer.parseInt(row.get("duration_ms")), row.get("album_name"), row.get("album_release_date"),
        real(row, "danceability"), real(row, "energy"), Integer.parseInt(row.get("key")), real(row, "loudness"),
        real(row, "mode"), real(row, "speechiness"), real(row, "acousticness"), real(row, "instrumentalness"),
        real(row, "liveness"), real(row, "valence"), real(row, "tempo"));
  }

  private static float real(CSVRecord row, String column) {
    return Float.parseFloat(row.get(column));
  }
}
