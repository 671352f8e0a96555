# SPDX-License-Identifier: MIT
# Which folder may use which: tests/arrows.txt compared with includes and the objects built
# here.
bats_require_minimum_version 1.5.0

setup() {
        load helpers
        cd "$root" || exit
}

arrows() {
        python3 tests/tools/arrows.py tests/arrows.txt "${1:-.}" "${2:-$build/obj/lib}" "${3:-$build/obj/tool}"
}

# A copy of sources and objects, to which a test adds a forbidden dependency.
copied() {
        mkdir -p "$T/src" "$T/lib" "$T/tool"
        cp -r preload unwind report "$T/src"
        cp -r "$build"/obj/lib/{preload,unwind} "$T/lib"
        cp -r "$build"/obj/tool/{unwind,report} "$T/tool"
}

# planted LAYER SOURCE CODE...: one more source with its object.
planted() {
        printf '%s\n' "${@:3}" >"$T/src/$2"
        gcc -c -o "$T/$1/${2%.c}.o" -x c "$T/src/$2"
}

@test "every include and every symbol follows the table, and the table allows nothing that is not used" {
        run arrows
        [ "$status" = 0 ] && [ -z "$output" ] || fail "$output"
}

@test "a call that runs upward is found: crash path, unwinder, report" {
        copied
        run arrows "$T/src" "$T/lib" "$T/tool"
        [ "$status" = 0 ] || fail "$output"
        planted lib preload/base/planted.c 'int crashreport_signal(void); int planted(void) { return crashreport_signal(); }'
        planted tool unwind/elf/planted.c 'int unwind_threads(void); int planted(void) { return unwind_threads(); }'
        planted tool report/model/planted.c 'int text_full(void); int planted(void) { return text_full(); }'
        run arrows "$T/src" "$T/lib" "$T/tool"
        [ "$status" = 1 ] || fail "$output"
        [[ $output == *"not allowed: preload/base -> preload/crash"*"preload/base/planted.c uses crashreport_signal of preload/crash/report.c"* ]] || fail "$output"
        [[ $output == *"not allowed: unwind/elf -> unwind/stack"* ]] || fail "$output"
        [[ $output == *"not allowed: report/model -> report/text"* ]] || fail "$output"
}

@test "an include that runs upward is found, and a folder that the table does not know" {
        copied
        mkdir "$T/src/report/new"
        echo '#include "report/text/text.h"' >"$T/src/report/words/planted.h"
        echo '#include "report/model/model.h"' >"$T/src/report/new/planted.c"
        run arrows "$T/src" "$T/lib" "$T/tool"
        [ "$status" = 1 ] || fail "$output"
        [[ $output == *"not allowed: report/words -> report/text"*"report/words/planted.h includes report/text/text.h"* ]] || fail "$output"
        [[ $output == *"report/new: not in tests/arrows.txt"* ]] || fail "$output"
}

@test "a circle in the table itself is found" {
        copied
        sed 's|^report/model:|& report/text|' tests/arrows.txt >"$T/table"
        run python3 tests/tools/arrows.py "$T/table" "$T/src" "$T/lib" "$T/tool"
        [ "$status" = 1 ] || fail "$output"
        [[ $output == *"circle: "*"report/text -> "*"report/model -> report/text"* ]] || fail "$output"
}

@test "no folder holds more than 15 sources" {
        find preload unwind report -type d >"$T/folders"
        [ "$(wc -l <"$T/folders")" -gt 20 ] || fail "$(<"$T/folders")"
        while read -r folder; do
                n=$(find "$folder" -maxdepth 1 -name '*.c' | wc -l)
                [ "$n" -le 15 ] || fail "$folder: $n"
        done <"$T/folders"
}
