#compdef turntable
# Completions of turntable for zsh, printed by `turntable completions zsh`.

_turntable() {
  if (( CURRENT == 2 )) && [[ ${words[2]} != -* ]]; then
    local -a commands=(
      'run:Stream records through a pipeline into its table'
      'schema:Print, make or check the pipeline'\''s table'
      'config:Show the options of a pipeline that count in the end, and where they come from'
      'produce:Emulate people who play songs, and send the plays to Kafka'
      'dead-letters:Look at records that did not become rows, run them again'
      'query:Run CQL on Cassandra or on a SQLite file, and print or export the rows'
      'history:Report on a listening history: what was played last and most, and how it was'
      'demo:See it work with no server: broker in the process, SQLite as the table'
      'completions:Print completions of the command line for a shell'
      'man:Print a manual page'
    )
    _describe -t commands command commands
    return
  fi
  case ${words[2]} in
    run) shift words; (( CURRENT-- )); _turntable_run ;;
    schema) shift words; (( CURRENT-- )); _turntable_schema ;;
    config) shift words; (( CURRENT-- )); _turntable_config ;;
    produce) shift words; (( CURRENT-- )); _turntable_produce ;;
    dead-letters) shift words; (( CURRENT-- )); _turntable_dead-letters ;;
    query) shift words; (( CURRENT-- )); _turntable_query ;;
    history) shift words; (( CURRENT-- )); _turntable_history ;;
    demo) shift words; (( CURRENT-- )); _turntable_demo ;;
    completions) shift words; (( CURRENT-- )); _turntable_completions ;;
    man) shift words; (( CURRENT-- )); _turntable_man ;;
    *)
    _arguments -s -S \
    '--version[Print the version and exit]' \
    '(-h --help)-h[Print this help and exit]' \
    '(-h --help)--help[Print this help and exit]'
    ;;
  esac
}

_turntable_run() {
  _arguments -s -S \
    '*--set=[Override an option of the pipeline]:TABLE.OPTION=VALUE: ' \
    '--until-end[Stop at the end offsets seen at start]' \
    '--stats-json=[Write the run'\''s figures to this file]:FILE:_files' \
    '--lanes=[Threads that each read, join and write]:N: ' \
    '--http=[Show the run there\: a page for browsers, /metrics, /healthz, /readyz]:\[ADDR\:\]PORT: ' \
    '--http-token=[What clients of --http must know; or in TURNTABLE_HTTP_TOKEN]:file\:PATH: ' \
    '--http-cert=[PEM file, for TLS]:FILE:_files' \
    '--http-key=[PEM file of its private key]:FILE:_files' \
    '--log-format=[How messages on standard error are written\: JSON has an object a line]:value:(text json)' \
    '(-h --help)-h[Print this help and exit]' \
    '(-h --help)--help[Print this help and exit]' \
    '1:PIPELINE.sql:_files -g "*.sql(-.)"'
}

_turntable_schema() {
  if (( CURRENT == 2 )) && [[ ${words[2]} != -* ]]; then
    local -a commands=(
      'print:Print the DDL of the pipeline'\''s table'
      'apply:Make the keyspace and the table where they are missing'
      'check:Compare the live table with the pipeline'\''s'
    )
    _describe -t commands command commands
    return
  fi
  case ${words[2]} in
    print) shift words; (( CURRENT-- )); _turntable_schema_print ;;
    apply) shift words; (( CURRENT-- )); _turntable_schema_apply ;;
    check) shift words; (( CURRENT-- )); _turntable_schema_check ;;
    *)
    _arguments -s -S \
    '(-h --help)-h[Print this help and exit]' \
    '(-h --help)--help[Print this help and exit]'
    ;;
  esac
}

_turntable_schema_print() {
  _arguments -s -S \
    '*--set=[Override an option of the pipeline]:TABLE.OPTION=VALUE: ' \
    '--log-format=[How messages on standard error are written\: JSON has an object a line]:value:(text json)' \
    '(-h --help)-h[Print this help and exit]' \
    '(-h --help)--help[Print this help and exit]' \
    '1:PIPELINE.sql:_files -g "*.sql(-.)"'
}

_turntable_schema_apply() {
  _arguments -s -S \
    '*--set=[Override an option of the pipeline]:TABLE.OPTION=VALUE: ' \
    '--add-columns[Add columns that a table lacks]' \
    '--log-format=[How messages on standard error are written\: JSON has an object a line]:value:(text json)' \
    '(-h --help)-h[Print this help and exit]' \
    '(-h --help)--help[Print this help and exit]' \
    '1:PIPELINE.sql:_files -g "*.sql(-.)"'
}

_turntable_schema_check() {
  _arguments -s -S \
    '*--set=[Override an option of the pipeline]:TABLE.OPTION=VALUE: ' \
    '--log-format=[How messages on standard error are written\: JSON has an object a line]:value:(text json)' \
    '(-h --help)-h[Print this help and exit]' \
    '(-h --help)--help[Print this help and exit]' \
    '1:PIPELINE.sql:_files -g "*.sql(-.)"'
}

_turntable_config() {
  _arguments -s -S \
    '*--set=[Override an option of the pipeline]:TABLE.OPTION=VALUE: ' \
    '--format=[How it is written]:value:(text json)' \
    '--log-format=[How messages on standard error are written\: JSON has an object a line]:value:(text json)' \
    '(-h --help)-h[Print this help and exit]' \
    '(-h --help)--help[Print this help and exit]' \
    '1:PIPELINE.sql:_files -g "*.sql(-.)"'
}

_turntable_produce() {
  _arguments -s -S \
    '--catalogue=[CSV file with a column '\''name'\''\: the songs]:CSV:_files -g "*.csv(-.)"' \
    '--topic=[Where plays go]:TOPIC: ' \
    '--bootstrap=[Kafka'\''s address]:HOST\:PORT: ' \
    '--count=[How many plays]:N: ' \
    '--rate=[Plays a second; 0 is as fast as the broker acknowledges]:N: ' \
    '--people=[How many people play]:N: ' \
    '--name=[The name of one of them]:NAME: ' \
    '--seed=[The same seed, catalogue and options give the same plays]:N: ' \
    '--compression=[Of the batches]:value:(none gzip snappy lz4 zstd)' \
    '--time-format=[Of the field '\''time'\'', as strftime(3) has it]:FORMAT: ' \
    '--start-time=[The first play'\''s time; each play is a second later]:'\''YYYY-MM-DD HH\:MI'\'': ' \
    '--key=[The field that is the records'\'' key]:value:(none name song)' \
    '*--set=[An option of Kafka'\''s client, such as security.protocol=SSL]:NAME=VALUE: ' \
    '--log-format=[How messages on standard error are written\: JSON has an object a line]:value:(text json)' \
    '(-h --help)-h[Print this help and exit]' \
    '(-h --help)--help[Print this help and exit]'
}

_turntable_dead-letters() {
  if (( CURRENT == 2 )) && [[ ${words[2]} != -* ]]; then
    local -a commands=(
      'list:One line each, and how many of each reason'
      'show:All of each, as lines of JSON'
      'replay:Run them through the pipeline again'
    )
    _describe -t commands command commands
    return
  fi
  case ${words[2]} in
    list) shift words; (( CURRENT-- )); _turntable_dead-letters_list ;;
    show) shift words; (( CURRENT-- )); _turntable_dead-letters_show ;;
    replay) shift words; (( CURRENT-- )); _turntable_dead-letters_replay ;;
    *)
    _arguments -s -S \
    '(-h --help)-h[Print this help and exit]' \
    '(-h --help)--help[Print this help and exit]'
    ;;
  esac
}

_turntable_dead-letters_list() {
  _arguments -s -S \
    '*--set=[Override an option of the pipeline]:TABLE.OPTION=VALUE: ' \
    '--reason=[Only those with this reason]:REASON: ' \
    '--log-format=[How messages on standard error are written\: JSON has an object a line]:value:(text json)' \
    '(-h --help)-h[Print this help and exit]' \
    '(-h --help)--help[Print this help and exit]' \
    '1:PIPELINE.sql:_files -g "*.sql(-.)"'
}

_turntable_dead-letters_show() {
  _arguments -s -S \
    '*--set=[Override an option of the pipeline]:TABLE.OPTION=VALUE: ' \
    '--reason=[Only those with this reason]:REASON: ' \
    '--log-format=[How messages on standard error are written\: JSON has an object a line]:value:(text json)' \
    '(-h --help)-h[Print this help and exit]' \
    '(-h --help)--help[Print this help and exit]' \
    '1:PIPELINE.sql:_files -g "*.sql(-.)"'
}

_turntable_dead-letters_replay() {
  _arguments -s -S \
    '*--set=[Override an option of the pipeline]:TABLE.OPTION=VALUE: ' \
    '--reason=[Only those with this reason]:REASON: ' \
    '--dry-run[Write nothing\: see what would become rows]' \
    '--log-format=[How messages on standard error are written\: JSON has an object a line]:value:(text json)' \
    '(-h --help)-h[Print this help and exit]' \
    '(-h --help)--help[Print this help and exit]' \
    '1:PIPELINE.sql:_files -g "*.sql(-.)"'
}

_turntable_query() {
  _arguments -s -S \
    '--cassandra=[Cassandra'\''s address]:HOST\:PORT: ' \
    '--sqlite=[A SQLite file that a pipeline wrote]:FILE:_files' \
    '(-f --file)-f[A file of CQL statements]:FILE.cql:_files -g "*.cql(-.)"' \
    '(-f --file)--file=[A file of CQL statements]:FILE.cql:_files -g "*.cql(-.)"' \
    '(-e --execute)-e[CQL statements]:CQL: ' \
    '(-e --execute)--execute=[CQL statements]:CQL: ' \
    '--format=[How the rows are written]:value:(table csv json ndjson)' \
    '(-o --output)-o[Write here instead of to the terminal, all or nothing]:FILE:_files' \
    '(-o --output)--output=[Write here instead of to the terminal, all or nothing]:FILE:_files' \
    '--keyspace=[SQLite\: the schema under which the file is attached]:NAME: ' \
    '*--set=[Cassandra\: an option of the sink, such as username, password or ca_file]:NAME=VALUE: ' \
    '--log-format=[How messages on standard error are written\: JSON has an object a line]:value:(text json)' \
    '(-h --help)-h[Print this help and exit]' \
    '(-h --help)--help[Print this help and exit]'
}

_turntable_history() {
  _arguments -s -S \
    '--cassandra=[Cassandra'\''s address]:HOST\:PORT: ' \
    '--sqlite=[A SQLite file that a pipeline wrote]:FILE:_files' \
    '--person=[Only what this person played]:NAME: ' \
    '--date=[Only what was played on this day]:YYYY-MM-DD: ' \
    '--hour=[Only what was played in this hour, 0 to 23]:H: ' \
    '--table=[The table]:KEYSPACE.TABLE: ' \
    '(-o --output)-o[Write a page for a browser, all or nothing]:FILE.html:_files -g "*.html(-.)"' \
    '(-o --output)--output=[Write a page for a browser, all or nothing]:FILE.html:_files -g "*.html(-.)"' \
    '*--set=[Cassandra\: an option of the sink, such as username, password or ca_file]:NAME=VALUE: ' \
    '--log-format=[How messages on standard error are written\: JSON has an object a line]:value:(text json)' \
    '(-h --help)-h[Print this help and exit]' \
    '(-h --help)--help[Print this help and exit]'
}

_turntable_demo() {
  _arguments -s -S \
    '--dir=[Where the outputs go]:DIR:_files -/' \
    '--count=[How many plays]:N: ' \
    '--keep[Go on afterwards with ten plays a second, which the page shows]' \
    '--http=[Where the page is, with --keep]:\[ADDR\:\]PORT: ' \
    '--log-format=[How messages on standard error are written\: JSON has an object a line]:value:(text json)' \
    '(-h --help)-h[Print this help and exit]' \
    '(-h --help)--help[Print this help and exit]'
}

_turntable_completions() {
  _arguments -s -S \
    '--log-format=[How messages on standard error are written\: JSON has an object a line]:value:(text json)' \
    '(-h --help)-h[Print this help and exit]' \
    '(-h --help)--help[Print this help and exit]' \
    '1:value:(bash zsh fish)'
}

_turntable_man() {
  _arguments -s -S \
    '--format=[How it is written]:value:(roff markdown)' \
    '--log-format=[How messages on standard error are written\: JSON has an object a line]:value:(text json)' \
    '(-h --help)-h[Print this help and exit]' \
    '(-h --help)--help[Print this help and exit]' \
    '1:COMMAND: '
}

# Read from fpath this file is the function itself; sourced it only defines it.
if [[ ${funcstack[1]} == _turntable ]]; then
  _turntable "$@"
else
  compdef _turntable turntable
fi
