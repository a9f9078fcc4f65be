package flinksql;

import org.apache.flink.table.api.EnvironmentSettings;
import org.apache.flink.table.api.TableEnvironment;
import rivals.Arguments;
import rivals.Progress;

/**
 * The listening history in Flink SQL on a mini-cluster: a Kafka table, a table function that looks songs up, and an INSERT. The
 * last line on standard output is one JSON object.
 */
public final class ListeningHistory {
  public static void main(String[] words) throws Exception {
    Arguments arguments = new Arguments(words);
    Shared.progress = new Progress(arguments.number("events"));
    TableEnvironment tables =
        TableEnvironment.create(
            EnvironmentSettings.newInstance().inStreamingMode().withConfiguration(Shared.settings(arguments)).build());

    tables.createTemporarySystemFunction("song", new SongLookup(arguments.text("catalogue")));
    tables.executeSql(
        """
        CREATE TABLE plays (
          id INT, name STRING, song STRING, `time` STRING,
          kafka_partition INT METADATA FROM 'partition' VIRTUAL, kafka_offset BIGINT METADATA FROM 'offset' VIRTUAL
        ) WITH (%s)"""
            .formatted(Shared.source(arguments)));
    tables.executeSql(
        """
        CREATE TABLE listening_history (
          id INT, name STRING, song STRING, `time` STRING, `hour` INT, `date` STRING, artists STRING, duration_ms INT,
          album_name STRING, album_release_date STRING, danceability FLOAT, energy FLOAT, musical_key INT, loudness FLOAT,
          mode FLOAT, speechiness FLOAT, acousticness FLOAT, instrumentalness FLOAT, liveness FLOAT, valence FLOAT,
          tempo FLOAT, kafka_partition INT, kafka_offset BIGINT
        ) WITH ('connector' = 'totals')""");
    var job =
        tables.executeSql(
            """
            INSERT INTO listening_history
            SELECT p.id, p.name, p.song, p.`time`, CAST(SUBSTRING(p.`time` FROM 12 FOR 2) AS INT),
                   SUBSTRING(p.`time` FROM 1 FOR 10), s.artists, s.duration_ms, s.album_name, s.album_release_date,
                   s.danceability, s.energy, s.musical_key, s.loudness, s.mode, s.speechiness, s.acousticness,
                   s.instrumentalness, s.liveness, s.valence, s.tempo, p.kafka_partition, p.kafka_offset
            FROM plays p, LATERAL TABLE(song(p.song)) s""");

    Shared.await(job);
  }
}
