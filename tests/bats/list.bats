# SPDX-License-Identifier: MIT
# crashpre list.
bats_require_minimum_version 1.5.0

setup() {
        load helpers
        unset "${!CRASHPRE_@}" LD_PRELOAD # the command looks at CRASHPRE_DIR
        mkdir "$T/work"
        cd "$T/work" || return
}

crashpre() {
        timeout -k 5 "${LIMIT:-30}" "$build/bin/crashpre" "$@"
}

# crashes WORD...: one report each, in ./crash-reports.
crashes() {
        local word
        mkdir -p crash-reports
        for word; do
                CRASHPRE_STDERR=none CRASHPRE_DIR=$T/work/crash-reports run preloaded crasher "$word"
        done
        unset CRASHPRE_DIR
}

# a_report PROGRAM PID TIME SUMMARY: a minimal JSON report.
a_report() {
        mkdir -p crash-reports
        jq -n --arg exe "/bin/$1" --argjson pid "$2" --arg summary "$4" \
                '{schema: "crashpre-report/1", process: {exe: $exe, pid: $pid}, cause: {kind: "signal", summary: $summary}, threads: [{}, {}]}' \
                >"crash-reports/crash-$(tr -c 'A-Za-z0-9.\n_-' _ <<<"$1")-$2-$3.json"
}

@test "list: a line each, the newest first: time, program, cause, signature" {
        crashes null-write strlen-null div-zero
        run -0 crashpre list
        [ ${#lines[@]} = 4 ] || fail "$output"
        [[ ${lines[0]} =~ ^TIME\ \(UTC\)\ +PROGRAM\[PID\]\ +CAUSE\ +SIGNATURE$ ]] || fail "$output"
        [[ ${lines[1]} =~ ^20[0-9]{2}-[0-9]{2}-[0-9]{2}\ [0-9:]{8}\ \ zoo\[[0-9]+\]\ +integer-divide-by-zero\ +div_zero\ \|\ zoo_go\ \|\ main$ ]] || fail "$output"
        [[ ${lines[2]} =~ zoo\[[0-9]+\]\ +null-dereference:\ read\ from\ 0x0\ \ +strlen_null\ \|\  ]] || fail "$output"
        [[ ${lines[3]} =~ zoo\[[0-9]+\]\ +null-dereference:\ write\ to\ 0x0\ \ +null_write\ \|\  ]] || fail "$output"
}

@test "list: by time, not by name or pid" {
        a_report zebra 9 20260101T000000.000001Z old
        a_report alpha 10 20260101T000000.000002Z new
        a_report zebra 1000000 20251231T235959.999999Z oldest
        run -0 crashpre list
        [ "$(tail -n 3 <<<"$output" | tr -s ' ' | cut -d ' ' -f 1,3-)" = "2026-01-01 alpha[10] new
2026-01-01 zebra[9] old
2025-12-31 zebra[1000000] oldest" ] || fail "$output"
}

@test "list: a raw report without JSON is listed as such, one that is truncated or invalid does not stop it" {
        crashes null-write null-write div-zero
        json=(crash-reports/*.json)
        rm "${json[0]}"
        echo '{' >"${json[1]}"
        run -0 crashpre list
        [ ${#lines[@]} = 4 ] || fail "$output"
        [[ ${lines[3]} == *" raw only: null-dereference: write to 0x0 in zoo+0x"* ]] || fail "$output"
        [[ ${lines[2]} == *" unreadable: not JSON"* ]] || fail "$output"
        [[ ${lines[1]} == *" integer-divide-by-zero  "* ]] || fail "$output"
        crashpre list --json >out
        assert_json out 'map(.symbolized) == [true, false, false] and (.[1].error | startswith("not JSON"))'
        assert_json out '.[2] | .program == "zoo" and .class == "null-dereference" and (has("threads") | not) and (.files | keys) == ["raw"]'
}

@test "list: --json has the members in the manual, --paths the files" {
        crashes null-write div-zero
        crashpre list --json >out
        json=(crash-reports/*.json)
        for i in 0 1; do
                assert_json out ".[$((1 - i))] == ($(jq --arg path "${json[i]}" '{id, time, program: "zoo", pid: .process.pid, kind: .cause.kind,
                        signal: .signal.name, class: .fault.class, summary: .cause.summary, signature, fingerprint, threads: (.threads | length), symbolized: true,
                        path: $path, files: {json: (.id + ".json"), raw: (.id + ".txt")}}' "${json[i]}"))"
        done
        members=$(crashpre list --json | jq -r '.[] | keys[]' | sort -u)
        [ "$(wc -w <<<"$members")" -ge 5 ] || fail "$members"
        for member in $members; do
                grep -qE "^\.It Li .*\<$member\>" "$root/man/crashpre-list.1" || fail "$member is not in the manual" || return 1
        done
        run -0 crashpre list --paths
        [ "$output" = "${json[1]}"$'\n'"${json[0]}" ] || fail "$output"
}

@test "list: no line is wider than 100 columns, nor than the terminal" {
        need script
        a_report "$(printf 'p%.0s' {1..120})" 4194304 20260101T000000.000001Z "$(printf 'word %.0s' {1..80})"
        a_report short 1 20260101T000000.000002Z "$(printf 'ä%.0s' {1..300})"
        run -0 crashpre list
        for line in "${lines[@]}"; do [ ${#line} -le 100 ] || fail "${#line}: $line" || return 1; done
        [[ $output == *"ppp...[4194304]"* && $output == *"äää..."* ]] || fail "$output"
        run -0 script -qec "stty cols 80; $build/bin/crashpre list" /dev/null </dev/null
        for line in "${lines[@]}"; do
                line=${line%$'\r'}
                [ ${#line} -le 80 ] || fail "${#line}: $line" || return 1
        done
        [ ${#lines[2]} -gt 70 ] || fail "the terminal is not used: $output"
}

@test "list: what a program calls itself cannot move the cursor" {
        a_report $'evil\e[2J\nname' 7 20260101T000000.000001Z $'SIGSEGV\r\e]0;title\a \xe2\x80\xae'
        run -0 crashpre list
        [ ${#lines[@]} = 2 ] || fail "$output"
        LC_ALL=C lacks '[^ -~]' <<<"$output" || fail "$output"
        crashpre list --json >out
        assert_json out '.[0].program == "evil\u001b[2J\nname"'
}

@test "list: directories that are searched" {
        a_report here 1 20260101T000000.000001Z x
        mv crash-reports elsewhere
        run -0 crashpre list elsewhere
        [[ $output == *"here[1]"* ]] || fail "$output"
        CRASHPRE_DIR=elsewhere run -0 crashpre list --paths
        [ "$output" = elsewhere/crash-here-1-20260101T000000.000001Z.json ] || fail "$output"
        cd elsewhere
        run -0 crashpre list --paths
        [ "$output" = ./crash-here-1-20260101T000000.000001Z.json ] || fail "$output"
}

@test "list: 1 and the place where nothing is found, an empty array all the same; 2 on wrong usage" {
        run -1 --separate-stderr crashpre list
        [ -z "$output" ] && [[ $stderr == "crashpre list: no crash report in ./crash-reports and the working directory; "* ]] || fail "$output $stderr"
        run -1 --separate-stderr crashpre list --json
        [ "$output" = "[]" ] || fail "$output"
        run -1 crashpre list ./nothing
        [ "$output" = "crashpre list: ./nothing: No such file or directory" ] || fail "$output"
        run -2 crashpre list a b
        run -2 crashpre list --bogus
        run -2 crashpre list ""
        run -0 --separate-stderr crashpre list --help
        [[ $output == "usage: crashpre list "* && -z $stderr ]] || fail "$output $stderr"
}

# owned_by_another: the JSON file of the report in ./crash-reports is somebody else's; the real one has another name, in $real.
owned_by_another() {
        local json
        [ "$(id -u)" = 0 ] || skip "needs root"
        crashes null-write
        json=$(echo crash-reports/*.json)
        id=${json%.json} real=${json%.json}.4711.json
        mv "$json" "$real"
        echo '{"schema": "crashpre-report/1", "cause": {"summary": "made up"}}' >"$json"
        chown 65534 "$json"
}

@test "list, show: a JSON file of another user than the raw report is not the report" {
        owned_by_another
        run -0 --separate-stderr crashpre list
        [[ ${lines[1]} == *"null-dereference: write to 0x0"* && $output != *"made up"* ]] || fail "$output"
        [ "$stderr" = "crashpre list: $id.json is ignored: the raw report belongs to another user" ] || fail "$stderr"
        run -0 --separate-stderr crashpre list --json
        [ "$(jq -r '.[0] | .files.json, .path' <<<"$output")" = "$(basename "$real")"$'\n'"$real" ] || fail "$output"
        local named
        for named in "" crash-reports "$id" "$id.json"; do
                run -0 --separate-stderr crashpre show ${named:+"$named"}
                [[ $output == *"null_write"* && $output != *"made up"* ]] || fail "$named: $output"
                [[ $stderr == "crashpre show: "*"$id.json is ignored: the raw report belongs to another user" ]] || fail "$named: $stderr"
        done
}

@test "list, show: where the other user's file is the only one, the raw report is shown" {
        owned_by_another
        rm "$real"
        run -0 --separate-stderr crashpre list
        [[ ${lines[1]} == *"raw only: null-dereference"* ]] || fail "$output"
        for named in crash-reports "$id" "$id.json"; do
                run -0 --separate-stderr crashpre show "$named"
                [[ $output == *"null-dereference"* && $output != *"made up"* ]] || fail "$named: $output"
        done
}

@test "run: the new report is the one of the user whose program crashed" {
        need_preloadable
        owned_by_another
        mkdir new
        run --separate-stderr crashpre run --dir "$PWD/new" -- cp -p "$id.txt" "$id.json" "$real" new
        [[ $stderr == *null_write* && $stderr != *"made up"* ]] || fail "$stderr"
}

# huge NAME MEMBER ELEMENT N: a JSON report whose array MEMBER repeats ELEMENT; each line of text may take much memory.
huge() {
        mkdir -p crash-reports
        { printf '{"schema": "crashpre-report/1", "%s": [\n' "$2"; yes "$3," | head -n "$4"; printf '%s]}\n' "$3"; } >"crash-reports/crash-$1-1-20260101T000000.000001Z.json"
}

@test "show, list, run: reports that are too large for the memory are refused with the reason" {
        need_preloadable
        huge objects threads '{}' 8000000 # the parser
        huge nothing threads null 10000000 # the members of the report
        a_report small 2 20260101T000000.000002Z fine
        truncate -s 257M crash-reports/crash-sparse-1-20260101T000000.000001Z.json
        head -c 1M /dev/zero | tr '\0' '[' >crash-reports/crash-deep-1-20260101T000000.000001Z.json
        run -1 crashpre show crash-reports/crash-objects-*
        [[ $output == *": needs more than 1024 MB of memory" ]] || fail "$output"
        run -1 crashpre show crash-reports/crash-nothing-*
        [[ $output == *": needs more than 1024 MB of memory" ]] || fail "$output"
        run -1 crashpre show crash-reports/crash-sparse-*
        [[ $output == *": larger than 256 MB" ]] || fail "$output"
        run -1 crashpre show crash-reports/crash-deep-*
        [[ $output == *": not JSON: "*"maximum parsing depth"* ]] || fail "$output"
        rm crash-reports/crash-nothing-*
        run -0 crashpre list
        [ "$(grep -c "unreadable: needs more than\|unreadable: larger than\|unreadable: not JSON" <<<"$output")" = 3 ] || fail "$output"
        [[ $output == *" fine"* ]] || fail "$output"
        mkdir new
        run --separate-stderr crashpre run --dir "$PWD/new" -- cp crash-reports/crash-sparse-1-20260101T000000.000001Z.json new
        [[ $stderr == *"larger than 256 MB"* ]] || fail "$stderr"
}

@test "list: of texts of any length the beginning" {
        mkdir crash-reports
        { printf '{"schema": "crashpre-report/1", "cause": {"summary": "'; head -c 1M /dev/zero | tr '\0' x; printf '"}}'; } >crash-reports/crash-x-1-20260101T000000.000001Z.json
        crashpre list --json >out
        assert_json out '.[0].summary | length < 5000 and endswith("x...")'
}
