
# Terms of filters, where a command takes one: `snaptrace fields` knows them.
_snaptrace_takes_terms() {
  local before="${words[CURRENT-1]}"
  [[ "$before" == --where ]] && return 0
  [[ "$before" == -* || "${words[CURRENT]}" == -* ]] && return 1
  [[ "${words[2]}" == (ls|export) && $CURRENT -gt 2 ]] && return 0
  [[ "${words[2]} ${words[3]}" == 'suite add' && $CURRENT -gt 3 ]]
}

_snaptrace_terms() {
  local -a terms
  compset -q  # within quotes, each term is a word
  terms=("${(@f)$(snaptrace fields "$PREFIX" 2>/dev/null)}")
  if [[ ${#terms} -eq 1 && "${terms[1]}" == *= ]]; then
    compadd -S '' -- $terms
  else
    compadd -- $terms
  fi
}

_snaptrace() {
  if _snaptrace_takes_terms; then
    _snaptrace_terms
  else
    _cyclopts_snaptrace "$@"
  fi
}

# As a file of `fpath` this is the function's own body, at its first call.
if [[ "${funcstack[1]}" == _snaptrace ]]; then
  _snaptrace "$@"
else
  compdef _snaptrace snaptrace
fi
