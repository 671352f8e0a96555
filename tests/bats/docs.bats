# SPDX-License-Identifier: MIT
# README and manual pages: every example prints what it shows; options, settings, fields
# and words are those of the program.
bats_require_minimum_version 1.5.0

setup() {
        load helpers
        unset "${!CRASHPRE_@}" LD_PRELOAD NO_COLOR ASAN_OPTIONS MAKEFLAGS MFLAGS MAKELEVEL
        export PATH=$build/bin:$PATH LC_ALL=C.UTF-8
        pages=("$root"/man/*.?)
}

# the_text PAGE: a manual page as plain words, for grep.
the_text() {
        sed -e 's/\\&//g; s/\\-/-/g' "$root/man/$1"
}

# a_place: the directory called /tmp/try in the documents: a build tree, a program that crashes, its report, and two
# older ones.
a_place() {
        mkdir -p "$T/try"
        rm -rf "$T/try"/*
        cd "$T/try" || return
        ln -s "$build" build
        cp "$tools/zoo-O2/inlined" app
        printf 'check:\n\t./app\n' >Makefile
        crashpre run -- ./app 2>first || true
        crashpre run -- bash -c 'kill -ABRT $$' 2>second || true
        CRASHPRE_STDERR=none LD_PRELOAD=$preload ./app 2>third || true
        [ "$(find . -name 'crash-*.json' | wc -l)" = 3 ] || fail "$(cat first second third)" "$(ls -R)"
}

examples() {
        run timeout 300 /usr/bin/python3 "$root/tests/tools/examples.py" --root "$root" --build "$build" "$@"
        [ "$status" = 0 ] && [ -z "$output" ] || fail "status $status" "$output"
}

@test "manual pages: every example gives what it shows" {
        need jq addr2line make
        need_preloadable
        tried=0
        # GNU addr2line does not find the innermost of clang's inlined calls
        ! made_by_clang || without=(--skip addr2line)
        for page in "${pages[@]}"; do
                sed -n '/^\.Sh EXAMPLES/,/^\.Sh SEE/p' "$page" | lacks -E '^\.Dl.*(crashpre |jq |LD_PRELOAD)' ||
                        fail "${page##*/}: an example that cannot be run" || return 1
                ! grep -q '^\$ ' "$page" || { a_place && examples ${without[@]+"${without[@]}"} "$page" && tried=$((tried + 1)); } || return 1
        done
        [ $tried -ge 6 ] || fail "only $tried pages have examples"
}

@test "README: every example gives what it shows" {
        ! made_by_clang || skip "README shows programs that gcc made"
        need_preloadable
        mkdir "$T/try"
        cd "$T/try"
        ln -s "$build" build
        PATH=${PATH#"$build/bin:"} # nothing is installed yet
        # commands that need a network or change the system run on the bare machine of check-all
        examples --skip '^(apt-get|make|crashpre)\b' "$root/README.md"
}

@test "README: short, and what it points to is there" {
        [ "$(wc -l <"$root/README.md")" -le 173 ] || fail "$(wc -l <"$root/README.md") lines"
        targets=$(grep -oE '\]\([^)]*\)' "$root/README.md" | tr -d ']()')
        suites=$(grep -oE 'TESTS="[^"]*"|TESTS=[a-z_]+' "$root/README.md" | sed 's/TESTS=//' | tr -d '"')
        goals=$(grep -oE '(^    |`)make [a-z-]+' "$root/README.md" | sed 's/.*make //')
        for list in "$targets" "$suites" "$goals"; do [ -n "$list" ] || fail "no more of a kind" "$targets" "$suites" "$goals" || return 1; done
        for target in $targets; do
                [ -e "$root/$target" ] || fail "no $target" || return 1
        done
        for suite in $suites; do
                [ -e "$root/tests/bats/$suite.bats" ] || [ -e "$root/tests/unit/$suite.c" ] || fail "no tests '$suite'" || return 1
        done
        for goal in $goals; do
                grep -qE "^$goal:" "$root/Makefile" || fail "no make $goal" || return 1
        done
}

@test "every command has its manual page, in which crashpre(1) leads to every other" {
        commands=$(crashpre --help | sed -n '/^commands:/,/^$/s/^  \([a-z]*\) .*/\1/p')
        [ "$(wc -w <<<"$commands")" -ge 4 ] || fail "$commands"
        for command in $commands; do
                grep -qx ".Xr crashpre-$command 1 ,*" "$root/man/crashpre.1" || fail "crashpre(1) does not lead to crashpre-$command(1)" || return 1
                [ -f "$root/man/crashpre-$command.1" ] || fail "no page for $command" || return 1
        done
        for page in "${pages[@]}"; do
                name=${page##*/}
                [ "$name" = crashpre.1 ] || grep -q "^.Xr ${name%.*} ${name##*.}" "$root/man/crashpre.1" || fail "crashpre(1) does not lead to $name" || return 1
                [ -f "$build/share/man/man${name##*.}/$name" ] || fail "$name is not installed" || return 1
        done
}

# options_of_help COMMAND: "-d" and "--dir", one a line, as --help has them.
options_of_help() {
        crashpre "$@" --help | sed -n 's/^  \(-., \|    \)\(--[a-z-]*\).*/\1\n\2/p' | tr -d ', ' | grep . | sort -u
}

# options_of_page PAGE: the same, as the manual has them: each ".It Fl" line.
options_of_page() {
        sed -n '/^\.It Fl/p' "$root/man/$1" | sed -E 's/ Ar [a-z]+//g; s/ , / /g; s/ Ns / /g' |
                sed 's/^\.It //' | awk '{ for (i = 1; i <= NF; i++) if ($i == "Fl") { i++; print "-" ($i == "-" ? "-" : $i) } else print "-" $i }' |
                tr -d ',' | sed 's/^---/--/' | sort -u
}

@test "the options of --help are those of the manual, and the other way round" {
        for page in "$root"/man/crashpre-*.1; do
                command=${page##*/crashpre-} command=${command%.1}
                [ "$(options_of_help "$command")" = "$(options_of_page "crashpre-$command.1")" ] ||
                        fail "$command: --help (left), manual (right):" "$(diff -y <(options_of_help "$command") <(options_of_page "crashpre-$command.1"))" || return 1
                [ -n "$(options_of_help "$command")" ] || fail "$command --help names no option" || return 1
                codes=$(crashpre "$command" --help | sed -n '/^exit status:/,$p' | grep -oE '\b[0-9]+\b')
                for code in $codes; do
                        sed -n '/^\.Sh EXIT STATUS/,/^\.Sh/p' "$page" | grep -qE "\b$code\b" || fail "$command: exit status $code is not in the manual" || return 1
                done
        done
        [ "$(options_of_help)" = "$(options_of_page crashpre.1)" ] || fail "$(diff -y <(options_of_help) <(options_of_page crashpre.1))"
}

@test "every command takes -h and --help, help COMMAND too; wrong usage names it" {
        commands=$(crashpre --help | sed -n '/^commands:/,/^$/s/^  \([a-z]*\) .*/\1/p')
        [ "$(wc -w <<<"$commands")" -ge 4 ] || fail "$commands"
        for command in $commands; do
                [ "$(crashpre "$command" -h)" = "$(crashpre "$command" --help)" ] || fail "$command -h" || return 1
                [ "$(crashpre help "$command")" = "$(crashpre "$command" --help)" ] || fail "help $command" || return 1
                [[ $(crashpre "$command" --help) == *"  -h, --help "*"exit status: "* ]] || fail "$command --help" || return 1
                run crashpre "$command" --bogus
                [[ $status == @(2|125) && $output == *"usage: crashpre $command "* ]] || fail "$output" || return 1
        done
        [ "$(crashpre help)" = "$(crashpre --help)" ]
        run -2 crashpre help nonsense
}

@test "the settings of the manual are those of the table that library, helper and command read" {
        sed -n 's/^ *X(\([A-Z_]*\), .*, \([A-Z]*\)[^,]*) *\\\{0,1\}$/CRASHPRE_\1 \2/p' "$root/unwind/core/terms/settings_table.h" >"$T/table"
        [ "$(wc -l <"$T/table")" -ge 28 ] || fail "$(<"$T/table")"
        grep -vE ' (NONE|TESTS)$' "$T/table" | cut -d ' ' -f 1 | sort >"$T/known"
        sed -n 's/^\.It Ev \(CRASHPRE_.*\)/\1/p' "$root/man/libcrashpre.7" | grep -oE 'CRASHPRE_[A-Z_]+' | sort >"$T/documented"
        diff "$T/known" "$T/documented"
}

@test "every field of the JSON report is in crashpre-report(5), and every word that the program has for its enumerations" {
        jq -r '[.. | objects | .properties? // empty | keys[]] | unique[]' "$schema" >"$T/fields"
        jq -r '[.properties, ."$defs"] | [.. | objects | .enum? // empty | .[]] | unique[]' "$schema" >>"$T/fields"
        [ "$(wc -l <"$T/fields")" -gt 90 ] || fail "$(<"$T/fields")"
        # words of the program, from several places
        more() {
                local found
                found=$(cat)
                [ -n "$found" ] || fail "no words there any more" || return 1
                printf '%s\n' "$found" >>"$T/fields"
        }
        sed -n 's/^ *\[FAULT_[A-Z_]*\] = { "\([a-z-]*\)".*/\1/p' "$root/unwind/core/terms/fault_class.c" >"$T/classes"
        [ "$(wc -l <"$T/classes")" = "$(grep -cE '^ *FAULT_[A-Z_]*,$' "$root/unwind/core/terms/fault_class.h")" ] || fail "classes of faults: $(<"$T/classes")"
        more <"$T/classes"
        sed -n '/cfi_trust_name\|cfi_end_name/,/^}/s/.*return "\(.*\)";/\1/p' "$root"/unwind/core/cfi/*.c | grep -vx 'none\|unknown' | more
        grep -ohE '(class|kind) = "[a-z-]+"' "$root"/report/{fault/fault,words/describe,helper/look,raw/read}.c | cut -d'"' -f2 | more
        grep -ohE 'report_diagnose\([^,]*, "[a-z]+"' "$root"/report/*/*.c | cut -d'"' -f2 | more
        the_text crashpre-report.5 >"$T/page"
        sort -u "$T/fields" >"$T/all"
        while read -r word; do
                grep -qE "(^|[^A-Za-z0-9_-])$word([^A-Za-z0-9_-]|\$)" "$T/page" || fail "'$word' is not in crashpre-report(5)" || return 1
        done <"$T/all"
}

@test "every section and key of the raw report is in crashpre-report(5)" {
        grep -oE 'RAW_SECTION_[A-Z]+ "\[[a-z]+\]"' "$root/unwind/core/terms/raw_format.h" | cut -d'"' -f2 >"$T/words"
        [ -s "$T/words" ]
        grep -ohE 'X\([A-Z_]+, "[a-z_ ]+"\)' "$root/unwind/core/terms/raw_keys.h" | cut -d'"' -f2 >>"$T/words"
        the_text crashpre-report.5 | sed -n '/^\.Sh RAW REPORT/,/^\.Sh EXAMPLES/p' >"$T/page"
        sort -u "$T/words" >"$T/all"
        [ "$(wc -l <"$T/all")" -gt 30 ] || fail "$(<"$T/all")"
        while read -r word; do
                grep -qwF -- "$word" "$T/page" || fail "'$word' is not in crashpre-report(5)" || return 1
        done <"$T/all"
}

@test "libcrashpre(7): the files of the sources that it names are there" {
        sed -n '/^\.Sh HOW IT WORKS/,/^\.Ss/p' "$root/man/libcrashpre.7" | grep -oE '(preload|unwind|report)/[a-z_/*]+\.[ch]' >"$T/named"
        [ "$(wc -l <"$T/named")" -ge 15 ] || fail "$(<"$T/named")"
        cd "$root"
        while read -r file; do compgen -G "$file" >/dev/null || fail "no $file" || return 1; done <"$T/named"
}

@test "libcrashpre(7): each state of a program names a test that is there" {
        sed -n '/^\.Ss Reports by state of the program/,/^\.Sh/p' "$root/man/libcrashpre.7" | sed -n 's/^\.\\" shown by: //p' >"$T/named"
        [ "$(wc -l <"$T/named")" -ge 15 ] || fail "$(<"$T/named")"
        while IFS=: read -r suite title; do
                grep -qF -- "@test \"${title# }" "$root/tests/bats/$suite.bats" || fail "no test '$title' in $suite.bats" || return 1
        done <"$T/named"
}

@test "crashpre(3): the functions of the page are those of the header, with the same parameters" {
        # "const char *key, int value" of each function of the header, and the same of each .Fn line of the synopsis
        sed -n 's/^CRASHPRE_\(STATIC\|PRINTF static\) .*\(crashpre_[a-z_]*[a-z]\)(\(.*\))$/\2: \3/p' "$root/preload/crashpre.h" | sort >"$T/header"
        [ "$(wc -l <"$T/header")" -ge 13 ] || fail "$(<"$T/header")"
        sed -n '/^\.Sh SYNOPSIS/,/^\.Sh DESCRIPTION/p' "$root/man/crashpre.3" |
                sed -n '/^\.Fn /{s/^\.Fn \([a-z_]*\) /\1: /; s/" "/, /g; s/ \.\.\.$/, .../; s/"//g; p}' | sort >"$T/page"
        diff "$T/header" "$T/page" || fail "header (left) and page differ"
        # each has its place in NAME and in SIGNAL SAFETY
        for part in NAME 'SIGNAL SAFETY'; do
                sed -n "/^\.Sh $part/,/^\.Sh [^NS]/p" "$root/man/crashpre.3" | grep -oE 'crashpre_[a-z_]*[a-z]' | sort -u >"$T/part"
                diff <(cut -d : -f 1 "$T/header") "$T/part" || fail "header (left) and $part differ" || return 1
        done
}

@test "CONTRIBUTING and the READMEs of the folders: short, and the files, suites and targets that they name are there" {
        cd "$root"
        [ "$(wc -l <CONTRIBUTING.md)" -le 200 ] || fail "$(wc -l <CONTRIBUTING.md) lines"
        for page in CONTRIBUTING.md NEWS.md {preload,unwind,report,tests}/README.md; do
                [ "$page" = CONTRIBUTING.md ] || [ "$(wc -l <"$page")" -le 80 ] || fail "$page: $(wc -l <"$page") lines" || return 1
                # shellcheck disable=SC2016 # the backquote of Markdown
                tr -s ' `(),;:|"' '\n' <"$page" | sed 's/\.$//' | grep -xE '(preload|unwind|report|tests|scripts|man)/[A-Za-z0-9_./*-]+' | grep -vE 'NAME|/crash-' | sort -u >"$T/named"
                [ "$page" = NEWS.md ] || [ -s "$T/named" ] || fail "$page names no file" || return 1
                while read -r file; do compgen -G "$file" >/dev/null || fail "$page: no $file" || return 1; done <"$T/named"
                grep -oE '\]\([^)]*\)' "$page" | tr -d ']()' >"$T/targets"
                while read -r target; do [ -e "$(dirname "$page")/$target" ] || fail "$page: no $target" || return 1; done <"$T/targets"
                grep -oE '`make [a-z-]+' "$page" | sed 's/.*make //' >"$T/goals"
                while read -r goal; do grep -qE "^$goal:" Makefile || fail "$page: no make $goal" || return 1; done <"$T/goals"
                cat "$T/targets" "$T/goals" >>"$T/all"
        done
        [ "$(wc -l <"$T/all")" -ge 20 ] || fail "links and targets: $(<"$T/all")"
        # tests/README.md has each suite
        for suite in tests/bats/*.bats; do
                grep -qw "$(basename "$suite" .bats)" tests/README.md || fail "tests/README.md: no $suite" || return 1
        done
        # a README has each folder of its layer
        for layer in preload unwind report; do
                for folder in "$layer"/*/; do
                        grep -qF "$(basename "$folder")/" "$layer/README.md" || fail "$layer/README.md: no $folder" || return 1
                done
        done
}
