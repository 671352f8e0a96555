# SPDX-License-Identifier: MIT
# bash completion for crashpre(1). Candidates are read from the command itself (--help), so
# that this file contains no list that could become outdated. Requires only bash; with bash-completion, the command
# under "crashpre run" is completed by that command's rules.

# _crashpre_commands PROGRAM: the commands.
_crashpre_commands() {
        "$1" --help 2>/dev/null | sed -n 's/^  \([a-z][a-z]*\)  *[a-z].*/\1/p'
}

# _crashpre_options PROGRAM COMMAND: the options, a line each: "--dir DIR", "--json".
_crashpre_options() {
        "$1" "$2" --help 2>/dev/null | sed -n 's/^  \(-., \|    \)\(--[a-z-]*\( [A-Z]\{1,\}\)\{0,1\}\) .*/\2/p'
}

# _crashpre_takes PROGRAM COMMAND OPTION: the kind of argument an option takes; status 1: none.
_crashpre_takes() {
        local option=$3
        [[ $option == --* ]] || option=$("$1" "$2" --help 2>/dev/null | sed -n "s/^  $option, \(--[a-z-]*\).*/\1/p")
        _crashpre_options "$1" "$2" | sed -n "s/^$option \([A-Z]*\)$/\1/p" | grep .
}

# _crashpre_fill ACTION...: candidates by compgen, one a line, so that names with blanks stay whole.
_crashpre_fill() {
        local line
        while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen "$@" -- "$cur")
}

_crashpre_argument() {
        case $1 in
        DIR) compopt -o filenames && _crashpre_fill -d ;;
        FILE | REPORT | RAW) compopt -o filenames && _crashpre_fill -f ;;
        COMMAND | PROGRAM) compopt -o filenames && _crashpre_fill -c && _crashpre_fill -d ;;
        WHEN) _crashpre_fill -W "auto always never" ;;
        PID) _crashpre_fill -W "$(cd /proc && echo [0-9]*)" ;;
        esac
}

# The kind of what a command takes besides options, from its usage line.
_crashpre_operand() {
        local usage
        usage=$("$1" "$2" --help 2>/dev/null | head -n 1)
        case $usage in
        *"COMMAND"*) echo COMMAND ;;
        *"PROGRAM]"*) echo PROGRAM ;;
        *"PID"*) echo PID ;;
        *"[DIR]"* | *" DIR"*) echo DIR ;;
        *) echo FILE ;;
        esac
}

_crashpre() {
        local program=${COMP_WORDS[0]} cur=${COMP_WORDS[COMP_CWORD]} previous command i kind
        COMPREPLY=()
        program=${program/#\~/$HOME}
        if [ "$COMP_CWORD" -eq 1 ]; then
                _crashpre_fill -W "$(_crashpre_commands "$program") --help --version"
                return
        fi
        command=${COMP_WORDS[1]}
        previous=${COMP_WORDS[COMP_CWORD - 1]}
        # "--dir=x" comes as three words where "=" breaks them.
        if [ "$cur" = = ]; then
                cur=
        elif [ "$previous" = = ]; then
                previous=${COMP_WORDS[COMP_CWORD - 2]}
        fi
        if [ "$command" = run ]; then
                for ((i = 2; i < COMP_CWORD; i++)); do
                        case ${COMP_WORDS[i]} in
                        --) i=$((i + 1)) && break ;;
                        =) i=$((i + 1)) ;;
                        -*) ! _crashpre_takes "$program" run "${COMP_WORDS[i]}" >/dev/null ||
                                [ "${COMP_WORDS[i + 1]}" = = ] || i=$((i + 1)) ;;
                        *) break ;;
                        esac
                done
                if [ $i -lt "$COMP_CWORD" ]; then # the command is complete: complete its arguments
                        if declare -F _command_offset >/dev/null; then _command_offset $i; else _crashpre_argument FILE; fi
                        return
                fi
                if [ "${COMP_WORDS[i - 1]}" = -- ]; then
                        _crashpre_argument COMMAND
                        return
                fi
        fi
        if [[ $previous == -* ]] && kind=$(_crashpre_takes "$program" "$command" "$previous"); then
                _crashpre_argument "$kind"
        elif [[ $cur == -* ]]; then
                _crashpre_fill -W "$(_crashpre_options "$program" "$command" | cut -d ' ' -f 1)"
        else
                _crashpre_argument "$(_crashpre_operand "$program" "$command")"
        fi
}

complete -F _crashpre crashpre
