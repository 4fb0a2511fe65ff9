
# Terms of filters, where a command takes one: `snaptrace fields` knows them.
_snaptrace_terms() {
  local line="${COMP_LINE:0:COMP_POINT}" typed word term
  case "$line" in
    *--where[[:space:]]*) line="${line##*--where}" ;;
    *" ls "*) line="${line#* ls}" ;;
    *" export "*) line="${line#* export}" ;;
    *" suite add "*) line="${line#* add}" ;;
    *) return ;;
  esac
  typed="${line##*[[:space:]\'\"]}"
  [[ "$typed" == -* ]] && return
  # Readline replaces what stands after the last break; inside quotes, all of it.
  while IFS= read -r term; do
    if [[ "$line" == *[\'\"]* ]]; then
      word="${line##*[\'\"]}"
      COMPREPLY+=("${word%"$typed"}$term")
    else
      word="${typed##*[=<>~:]}"
      COMPREPLY+=("${term#"${typed%"$word"}"}")
    fi
  done < <(snaptrace fields "$typed" 2>/dev/null)
  [[ ${#COMPREPLY[@]} -eq 1 && "${COMPREPLY[0]}" == *= ]] && compopt -o nospace 2>/dev/null
  return 0
}

_snaptrace_all() {
  _snaptrace
  [[ ${#COMPREPLY[@]} -gt 0 ]] || _snaptrace_terms
}

complete -F _snaptrace_all snaptrace
