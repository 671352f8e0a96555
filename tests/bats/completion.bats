# SPDX-License-Identifier: MIT
# Completion for bash and zsh.
bats_require_minimum_version 1.5.0

setup() {
        load helpers
        unset "${!CRASHPRE_@}" LD_PRELOAD
        mkdir "$T/work"
        cd "$T/work" || return
}

# completed WORD...: bash's candidates for the last word, sorted, one a line. Runs a separate shell with only crashpre's
# file.
completed() {
        PATH=$build/bin:$PATH bash --norc --noprofile -c '
                source "$0"
                compopt() { :; } # works only in a running completion
                COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
                $(complete -p crashpre | sed "s/.*-F \([^ ]*\) .*/\1/")
                printf "%s\n" "${COMPREPLY[@]}"' "$build/share/bash-completion/completions/crashpre" "$@" | sort -u
}

# offers EXPECTED WORD...
offers() {
        local got
        got=$(completed "${@:2}")
        [ "$got" = "$1" ] || fail "'${*:2}' gives:" "$got" "expected:" "$1"
}

help_of() {
        "$build/bin/crashpre" "$1" --help
}

@test "bash completion: every command, and every option that its manual names" {
        offers "$("$build/bin/crashpre" --help | sed -n '/^commands:/,/^$/s/^  \([a-z]*\) .*/\1/p' | cat - <(printf '%s\n' --help --version) | sort)" crashpre ''
        offers list crashpre li
        for page in "$root"/man/crashpre-*.1; do
                command=${page##*/crashpre-} command=${command%.1}
                grep -q '^\.It Fl' "$page" || fail "no options in $page" || return 1
                offers "$(grep '^\.It Fl' "$page" | grep -oE ' -[a-z-]{2,}' | sed 's/^ /-/' | sort -u)" crashpre "$command" -- || fail "$command" || return 1
        done
}

@test "bash completion: directories and files as arguments require, names with blanks as one word" {
        mkdir "a dir" another
        touch "a file" crash-x-1.json
        offers $'a dir\nanother' crashpre run --dir a
        offers $'a dir\nanother' crashpre run -d a
        offers $'a dir\nanother' crashpre run --dir = a
        offers $'a dir\nanother' crashpre list a
        offers crash-x-1.json crashpre show crash
        offers always crashpre show --color al
        offers $'always\nauto\nnever' crashpre doctor --color = ''
        offers $'a dir\na file\nanother' crashpre show a
}

@test "bash completion: run completes the command, then uses the command's completion" {
        touch here
        printf '#!/bin/sh\n' >a-program
        chmod +x a-program
        offers ./a-program crashpre run ./a
        offers ./a-program crashpre run -- ./a
        offers ./a-program crashpre run --dir x ./a
        offers ./a-program crashpre run --dir = x ./a
        completed crashpre run mktem | grep -qx mktemp || fail "no commands of PATH"
        offers here crashpre run cat he
        offers here crashpre run --dir x -- cat he
        offers "" crashpre run cat --d
        offers ./a-program crashpre doctor ./a
}

@test "zsh completion is well-formed and offers the commands and options" {
        need zsh
        zsh -fn "$build/share/zsh/site-functions/_crashpre"
        cat >try <<'END'
zmodload zsh/zpty
zpty z zsh -f -i
zpty -w z "PROMPT=; fpath=($1 \$fpath); path=($2 \$path); autoload -Uz compinit; compinit -u -d $PWD/dump; bindkey '^I' complete-word; LISTMAX=1000; stty -echo; print REA''DY"
repeat 200 { zpty -r -t z line && [[ $line == *READY* ]] && break; sleep 0.05 }
zpty -w -n z $3$'\t\t'
output=
repeat 100 { while zpty -r -t z line; do output+=$line; done; [[ $output == *$4* ]] && break; sleep 0.05 }
print -r -- "$output"
END
        run -0 timeout 60 zsh -f try "$build/share/zsh/site-functions" "$build/bin" "crashpre " doctor
        for command in run show list doctor; do [[ $output == *"$command"* ]] || fail "$output" || return 1; done
        run -0 timeout 60 zsh -f try "$build/share/zsh/site-functions" "$build/bin" "crashpre list --" paths
        [[ $output == *--json*--paths* ]] || fail "$output"
        run -0 timeout 60 zsh -f try "$build/share/zsh/site-functions" "$build/bin" "crashpre run --d" --dir
        [[ $output == *--dir* ]] || fail "$output"
}
