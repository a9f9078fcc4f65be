package flinksql;

import org.apache.flink.table.annotation.DataTypeHint;
import org.apache.flink.table.functions.ScalarFunction;

/** count_char(text, c): how often the character c stands in the text. */
public final class CountChar extends ScalarFunction {
  private static final long serialVersionUID = 1;

  public @DataTypeHint("BIGINT") Long eval(String text, String character) {
    if (text == null || character == null) return null;
    char wanted = character.charAt(0);
    long count = 0;
    for (int i = 0; i < text.length(); i++) {
      if (text.charAt(i) == wanted) count++;
    }
    return count;
  }
}
