# Completions of turntable for bash, printed by `turntable completions bash`.

# Files that begin with a word and end in something, and folders on the way to them.
_turntable_files() {
  local name
  compopt -o filenames 2>/dev/null
  while IFS= read -r name; do
    if [[ -d $name || $name == *"$2" ]]; then COMPREPLY+=("$name"); fi
  done < <(compgen -f -- "$1")
}

_turntable_words() {
  local word
  while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen -W "$2" -- "$1")
}

_turntable() {
  local word command="" option=${COMP_WORDS[COMP_CWORD - 1]} current=${COMP_WORDS[COMP_CWORD]} i
  COMPREPLY=()
  # bash takes --option=value apart at the equals sign.
  if [[ $current == "=" ]]; then
    current=""
  elif [[ $option == "=" ]]; then
    option=${COMP_WORDS[COMP_CWORD - 2]}
  fi
  for ((i = 1; i < COMP_CWORD; ++i)); do
    word=${COMP_WORDS[i]}
    case "$command $word" in
      " run") command="run" ;;
      " schema") command="schema" ;;
      "schema print") command="schema print" ;;
      "schema apply") command="schema apply" ;;
      "schema check") command="schema check" ;;
      " config") command="config" ;;
      " produce") command="produce" ;;
      " dead-letters") command="dead-letters" ;;
      "dead-letters list") command="dead-letters list" ;;
      "dead-letters show") command="dead-letters show" ;;
      "dead-letters replay") command="dead-letters replay" ;;
      " query") command="query" ;;
      " history") command="history" ;;
      " demo") command="demo" ;;
      " completions") command="completions" ;;
      " man") command="man" ;;
    esac
  done
  case "$command:$option" in
    "run:--set") return ;;
    "run:--stats-json") _turntable_files "$current" ""; return ;;
    "run:--lanes") return ;;
    "run:--http") return ;;
    "run:--http-token") return ;;
    "run:--http-cert") _turntable_files "$current" ""; return ;;
    "run:--http-key") _turntable_files "$current" ""; return ;;
    "run:--log-format") _turntable_words "$current" "text json"; return ;;
    "schema print:--set") return ;;
    "schema print:--log-format") _turntable_words "$current" "text json"; return ;;
    "schema apply:--set") return ;;
    "schema apply:--log-format") _turntable_words "$current" "text json"; return ;;
    "schema check:--set") return ;;
    "schema check:--log-format") _turntable_words "$current" "text json"; return ;;
    "config:--set") return ;;
    "config:--format") _turntable_words "$current" "text json"; return ;;
    "config:--log-format") _turntable_words "$current" "text json"; return ;;
    "produce:--catalogue") _turntable_files "$current" ".csv"; return ;;
    "produce:--topic") return ;;
    "produce:--bootstrap") return ;;
    "produce:--count") return ;;
    "produce:--rate") return ;;
    "produce:--people") return ;;
    "produce:--name") return ;;
    "produce:--seed") return ;;
    "produce:--compression") _turntable_words "$current" "none gzip snappy lz4 zstd"; return ;;
    "produce:--time-format") return ;;
    "produce:--start-time") return ;;
    "produce:--key") _turntable_words "$current" "none name song"; return ;;
    "produce:--set") return ;;
    "produce:--log-format") _turntable_words "$current" "text json"; return ;;
    "dead-letters list:--set") return ;;
    "dead-letters list:--reason") return ;;
    "dead-letters list:--log-format") _turntable_words "$current" "text json"; return ;;
    "dead-letters show:--set") return ;;
    "dead-letters show:--reason") return ;;
    "dead-letters show:--log-format") _turntable_words "$current" "text json"; return ;;
    "dead-letters replay:--set") return ;;
    "dead-letters replay:--reason") return ;;
    "dead-letters replay:--log-format") _turntable_words "$current" "text json"; return ;;
    "query:--cassandra") return ;;
    "query:--sqlite") _turntable_files "$current" ""; return ;;
    "query:--file" | "query:-f") _turntable_files "$current" ".cql"; return ;;
    "query:--execute" | "query:-e") return ;;
    "query:--format") _turntable_words "$current" "table csv json ndjson"; return ;;
    "query:--output" | "query:-o") _turntable_files "$current" ""; return ;;
    "query:--keyspace") return ;;
    "query:--set") return ;;
    "query:--log-format") _turntable_words "$current" "text json"; return ;;
    "history:--cassandra") return ;;
    "history:--sqlite") _turntable_files "$current" ""; return ;;
    "history:--person") return ;;
    "history:--date") return ;;
    "history:--hour") return ;;
    "history:--table") return ;;
    "history:--output" | "history:-o") _turntable_files "$current" ".html"; return ;;
    "history:--set") return ;;
    "history:--log-format") _turntable_words "$current" "text json"; return ;;
    "demo:--dir") _turntable_files "$current" /; return ;;
    "demo:--count") return ;;
    "demo:--http") return ;;
    "demo:--log-format") _turntable_words "$current" "text json"; return ;;
    "completions:--log-format") _turntable_words "$current" "text json"; return ;;
    "man:--format") _turntable_words "$current" "roff markdown"; return ;;
    "man:--log-format") _turntable_words "$current" "text json"; return ;;
  esac
  case "$command:$current" in
    ":-"*) _turntable_words "$current" "--version -h --help" ;;
    "run:-"*) _turntable_words "$current" "--set --until-end --stats-json --lanes --http --http-token --http-cert --http-key --log-format -h --help" ;;
    "schema:-"*) _turntable_words "$current" "-h --help" ;;
    "schema print:-"*) _turntable_words "$current" "--set --log-format -h --help" ;;
    "schema apply:-"*) _turntable_words "$current" "--set --add-columns --log-format -h --help" ;;
    "schema check:-"*) _turntable_words "$current" "--set --log-format -h --help" ;;
    "config:-"*) _turntable_words "$current" "--set --format --log-format -h --help" ;;
    "produce:-"*) _turntable_words "$current" "--catalogue --topic --bootstrap --count --rate --people --name --seed --compression --time-format --start-time --key --set --log-format -h --help" ;;
    "dead-letters:-"*) _turntable_words "$current" "-h --help" ;;
    "dead-letters list:-"*) _turntable_words "$current" "--set --reason --log-format -h --help" ;;
    "dead-letters show:-"*) _turntable_words "$current" "--set --reason --log-format -h --help" ;;
    "dead-letters replay:-"*) _turntable_words "$current" "--set --reason --dry-run --log-format -h --help" ;;
    "query:-"*) _turntable_words "$current" "--cassandra --sqlite -f --file -e --execute --format -o --output --keyspace --set --log-format -h --help" ;;
    "history:-"*) _turntable_words "$current" "--cassandra --sqlite --person --date --hour --table -o --output --set --log-format -h --help" ;;
    "demo:-"*) _turntable_words "$current" "--dir --count --keep --http --log-format -h --help" ;;
    "completions:-"*) _turntable_words "$current" "--log-format -h --help" ;;
    "man:-"*) _turntable_words "$current" "--format --log-format -h --help" ;;
    ":"*) _turntable_words "$current" "run schema config produce dead-letters query history demo completions man" ;;
    "run:"*) _turntable_files "$current" ".sql" ;;
    "schema:"*) _turntable_words "$current" "print apply check" ;;
    "schema print:"*) _turntable_files "$current" ".sql" ;;
    "schema apply:"*) _turntable_files "$current" ".sql" ;;
    "schema check:"*) _turntable_files "$current" ".sql" ;;
    "config:"*) _turntable_files "$current" ".sql" ;;
    "dead-letters:"*) _turntable_words "$current" "list show replay" ;;
    "dead-letters list:"*) _turntable_files "$current" ".sql" ;;
    "dead-letters show:"*) _turntable_files "$current" ".sql" ;;
    "dead-letters replay:"*) _turntable_files "$current" ".sql" ;;
    "completions:"*) _turntable_words "$current" "bash zsh fish" ;;
  esac
}

complete -F _turntable turntable
