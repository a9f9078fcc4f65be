package kafkastreams;

import rivals.Song;

/** The 23 columns of the table. */
public record Row(
    int id, String name, String song, String time, int hour, String date, String artists, int durationMs, String albumName,
    String albumReleaseDate, float danceability, float energy, int musicalKey, float loudness, float mode, float speechiness,
    float acousticness, float instrumentalness, float liveness, float valence, float tempo, int kafkaPartition,
    long kafkaOffset) {

  static Row of(Play play, Song song, int partition, long offset) {
    String time = play.time();
    return new Row(
        play.id(), play.name(), play.song(), time, Integer.parseInt(time, 11, 13, 10), time.substring(0, 10), song.artists(),
        song.durationMs(), song.albumName(), song.albumReleaseDate(), song.danceability(), song.energy(), song.key(),
        song.loudness(), song.mode(), song.speechiness(), song.acousticness(), song.instrumentalness(), song.liveness(),
        song.valence(), song.tempo(), partition, offset);
  }
}
