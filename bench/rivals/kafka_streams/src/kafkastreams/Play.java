package kafkastreams;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;

/** An event. */
public record Play(int id, String name, String song, String time) {

  static Serde<Play> serde() {
    return Serdes.serdeFrom(
        (topic, play) -> {
          throw new UnsupportedOperationException("plays are only read");
        },
        new Json());
  }

  /** Reads JSON token by token, which is Jackson's fastest way. */
  public static final class Json implements Deserializer<Play> {
    private final JsonFactory factory = new JsonFactory();

    @Override
    public Play deserialize(String topic, byte[] data) {
      Integer id = null;
      String name = null, song = null, time = null;
      try (JsonParser parser = factory.createParser(data)) {
        if (parser.nextToken() != JsonToken.START_OBJECT) throw new SerializationException("not a JSON object");
        for (String field = parser.nextFieldName(); field != null; field = parser.nextFieldName()) {
          parser.nextToken();
          switch (field) {
            case "id" -> id = parser.getIntValue();
            case "name" -> name = parser.getText();
            case "song" -> song = parser.getText();
            case "time" -> time = parser.getText();
            default -> parser.skipChildren();
          }
        }
      } catch (IOException fault) {
        throw new SerializationException(fault);
      }
      if (id == null || name == null || song == null || time == null) throw new SerializationException("a field is missing");
      return new Play(id, name, song, time);
    }
  }
}
