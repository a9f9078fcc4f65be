package rivals;

import java.util.HashMap;
import java.util.Map;

/** The words after a program's name: --name=value. */
public final class Arguments {
  private final Map<String, String> values = new HashMap<>();

  public Arguments(String[] words) {
    for (String word : words) {
      int equals = word.indexOf('=');
      if (!word.startsWith("--") || equals < 0) throw new IllegalArgumentException("arguments are --name=value, not " + word);
      values.put(word.substring(2, equals), word.substring(equals + 1));
    }
  }

  public String text(String name) {
    String value = values.get(name);
    if (value == null) throw new IllegalArgumentException("--" + name + " is missing");
    return value;
  }

  public String text(String name, String otherwise) {
    return values.getOrDefault(name, otherwise);
  }

  public long number(String name) {
    return Long.parseLong(text(name));
  }

  public int number(String name, int otherwise) {
    return values.containsKey(name) ? Integer.parseInt(text(name)) : otherwise;
  }
}
