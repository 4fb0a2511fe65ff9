
# Terms of filters, where a command takes one: `snaptrace fields` knows them.
function __fish_snaptrace_terms
    set -l token (string trim -l -c '\'"' -- (commandline -ct))
    set -l typed (string replace -r '^.*\s' '' -- $token)
    string match -q -- '-*' $typed; and return
    set -l before (string sub -l (math (string length -- $token) - (string length -- $typed)) -- $token)
    for term in (snaptrace fields $typed 2>/dev/null)
        echo -- "$before$term"
    end
end

for command in ls export 'suite add'
    complete -c snaptrace -f -n "__fish_snaptrace_using_command $command" -a '(__fish_snaptrace_terms)'
end
for command in ls export replay 'suite coverage' 'suite refresh'
    complete -c snaptrace -n "__fish_snaptrace_using_command $command" -l where -x -a '(__fish_snaptrace_terms)'
end
