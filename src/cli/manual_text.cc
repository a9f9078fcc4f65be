#include "cli/manual_text.h"

#include <algorithm>

namespace turntable {
namespace {

const std::vector<ManualText>& manual_texts() {
  static const std::vector<ManualText> texts{
      {"turntable",
       {"Turntable reads events from Kafka or a file, joins each with tables that it holds in "
        "memory, derives columns, writes the rows to Cassandra or SQLite, and accounts for every "
        "record. A pipeline is one SQL file.",
        "Results go to standard output; messages, the log and progress go to standard error. "
        "Progress is drawn only on a terminal. SIGINT and SIGTERM end a command in order; a second "
        "one that comes more than a second later ends it at once."},
       {{"See it work without any server:", "turntable demo"},
        {"Check a pipeline, make its table, and run it:",
         "turntable config pipeline.sql && turntable schema apply pipeline.sql && turntable run "
         "pipeline.sql"}}},
      {"turntable run",
       {"Reads the pipeline's stream, joins each record with its lookups and writes the rows. All "
        "faults of the file are told in one pass, before anything is connected. Servers that are "
        "away are waited for.",
        "Offsets are committed after the tables have acknowledged the rows, so a run that was "
        "stopped or killed goes on where it was. Records that become no row are counted and kept "
        "as dead letters, with the reason.",
        "It ends with the books: consumed = written + deleted + filtered + tombstones + unmatched "
        "+ rejected + returned."},
       {{"Read what is in the topic now, then end:",
         "turntable run pipeline.sql --until-end --set plays.start=earliest"},
        {"Show the rows instead of writing them:",
         "turntable run pipeline.sql --set listening_history.connector=console"}}},
      {"turntable schema",
       {"print shows the statements that make the pipeline's tables. apply makes what is missing, "
        "and compares what is there. check only compares, and fails where a live table is not as "
        "the pipeline needs it."},
       {{"Make the tables, then compare them:",
         "turntable schema apply pipeline.sql && turntable schema check pipeline.sql"}}},
      {"turntable config",
       {"Shows every option of every table of the pipeline with the value that counts in the end "
        "and where it comes from: its default, the file with line and column, a variable of the "
        "environment, or --set. Nothing is connected. Secrets are masked, also in JSON."},
       {{"What would this run read, and where would it begin?",
         "turntable config pipeline.sql --set plays.start=earliest"},
        {"For a program:", "turntable config pipeline.sql --format json"}}},
      {"turntable produce",
       {"Emulates people who play songs: sends events in JSON to a topic, at a rate, until there "
        "are as many as asked for. Brokers that are away are waited for."},
       {{"20,000 plays, as fast as the broker acknowledges:",
         "turntable produce --catalogue data/spotify-songs.csv --topic test --bootstrap "
         "localhost:29092 --count 20000 --rate 0"}}},
      {"turntable dead-letters",
       {"Dead letters are the records that did not become rows. list shows one line for each and "
        "how many there are of each reason. show prints them whole, as lines of JSON. replay runs "
        "them through the pipeline again, once it or its lookup is mended: a replayed record keeps "
        "its topic, partition and offset, so that it cannot become a second row."},
       {{"Look at what found no row in the lookup, then try those again:",
         "turntable dead-letters list pipeline.sql --reason unmatched && turntable dead-letters "
         "replay pipeline.sql --reason unmatched"}}},
      {"turntable query",
       {"Runs statements of CQL, one after another, on Cassandra or on a SQLite file that a "
        "pipeline wrote, and prints the rows as cqlsh does, or as CSV or JSON. A file that is "
        "named by --output appears only when all of it is there."},
       {{"Export a table:",
         "turntable query --cassandra localhost:9042 -e 'SELECT * FROM spotify.listening_history' "
         "--format csv -o history.csv"}}},
      {"turntable history",
       {"Asks a table of the listening history three questions: what was played last, which songs "
        "were played how often, and how the music was on average. A person, a day and an hour make "
        "the answer one partition of the table; with fewer of them more of it is read, without any "
        "of them all.",
        "The table needs the columns name, date, hour, time, song and artists, and the features "
        "danceability, energy, valence, acousticness and tempo, as in "
        "pipelines/listening_history.sql. A feature that is NULL is no part of its average."},
       {{"What did one person play in one hour?",
         "turntable history --cassandra localhost:9042 --person 'Dimitris Tsirmpas' --date "
         "2024-03-03 --hour 10"},
        {"The same as a page for a browser:",
         "turntable history --sqlite output/listening_history.db --person 'Dimitris Tsirmpas' -o "
         "history.html"}}},
      {"turntable demo",
       {"Plays are produced into a broker inside the process, streamed, joined with the catalogue "
        "of songs, kept in a SQLite file and queried. It needs no server."},
       {{"Leave the outputs in a folder:", "turntable demo --dir output"}}},
      {"turntable completions",
       {"Prints what the shell needs to complete commands, options, their values and file names."},
       {{"bash, for this session:", "source <(turntable completions bash)"},
        {"zsh, in a folder of fpath:", "turntable completions zsh > ~/.zfunc/_turntable"},
        {"fish:", "turntable completions fish > ~/.config/fish/completions/turntable.fish"}}},
      {"turntable man",
       {"Prints a manual page, of one command or of all. With --format markdown it prints the help "
        "of all commands as one page."},
       {{"Read the page of run:", "turntable man run | man -l -"}}},
  };
  return texts;
}

}  // namespace

const ManualText& manual_text(std::string_view words) {
  static const ManualText none;
  const auto& texts = manual_texts();
  const auto found = std::find_if(texts.begin(), texts.end(),
                                  [&](const ManualText& text) { return text.words == words; });
  return found == texts.end() ? none : *found;
}

}  // namespace turntable
