# SPDX-License-Identifier: MIT
# Processes in a bad state: the raw report is complete each time, in time, and the stack is as far as the state allows.
bats_require_minimum_version 1.5.0

setup() {
        load helpers
        fresh_reports
        export LIMIT=20 # far more than any of these takes: what is tested is that none hangs
}

# crashes STATUS WORD...: and the raw report was complete within its deadline: two seconds, on a machine however busy, where a hang would take for ever and a healthy run takes about a millisecond.
crashes() {
        local status=$1
        shift
        fresh_reports
        run -"$status" preloaded crasher "$@"
        good_reports 1
        assert_json "$(the_report)" '.timings_us.raw < 2000000'
}

# complete_stack RAW-FUNCTION...: both walks agree, reach the outermost frame, and hold these functions.
complete_stack() {
        assert_json "$(the_report)" '.threads[0].unwind_end == "end-of-stack"'
        assert_stack "$(the_report)" "$@"
        frames_agree "$(raw_report)" "$(the_report)"
        [[ $(raw_section "$(raw_report)" frames) == *"end: end-of-stack"* ]]
}

@test "pc 0: the caller is found, and all its callers" {
        for ZOO in O0 O2; do
                crashes 139 null-call
                complete_stack null_call zoo_go main _start
                assert_json "$(the_report)" '.fault.class == "null-call" and .threads[0].frames[0].pc == "0x0"'
        done
}

@test "pc in garbage: the caller is found, and all its callers" {
        for ZOO in O0 O2; do
                crashes 139 garbage-pc
                complete_stack garbage_pc zoo_go main _start
                assert_json "$(the_report)" '.threads[0].frames[0].pc == "0x123456"'
        done
}

@test "pc in data: the caller is found, and all its callers" {
        for ZOO in O0 O2; do
                crashes 139 thread-data-pc
                complete_stack data_pc zoo_go
                assert_json "$(the_report)" '.fault.class == "execute-non-executable"'
        done
}

@test "smashed stack: the first frame stands, nothing is made up" {
        for ZOO in O0 O2; do
                crashes 139 smashed-stack
                assert_json "$(the_report)" '.threads[0].frames | length <= 3 and .[0].function == "overwrite_stack"'
                assert_json "$(the_report)" '.threads[0].frames | all(.[]; .pc != "0x4141414141414141")'
        done
}

@test "smashed return address: the report is there" {
        for ZOO in O0 O2; do
                crashes 139 smashed-return
                assert_json "$(the_report)" '.threads[0].frames[0].pc == "0x123456"'
        done
}

@test "thread pointer trashed: all frames, before and behind the fault" {
        for ZOO in O0 O2; do
                crashes 139 trashed-tp
                complete_stack trashed_tp zoo_go main _start
                crashes 139 thread-trashed-tp-access
                complete_stack trashed_tp_access zoo_go
                crashes 132 many-trashed-tp-ill
                complete_stack trashed_tp_ill zoo_go main
        done
}

@test "SP unmapped: the first frame stands" {
        for word in sp-unmapped sp-null thread-sp-unmapped; do
                crashes 139 $word
                assert_json "$(the_report)" '.threads[0].frames[0] | .function == "sp_unmapped" or .function == "sp_null"'
        done
        ZOO=O2 crashes 139 sp-unmapped # at -O0 the frame pointer leads on, and is right
        assert_json "$(the_report)" '.threads[0].unwind_end == "unreadable"'
}

@test "SP somewhere else, or the frame pointer ruined: the first frame stands" {
        crashes 139 sp-elsewhere
        assert_json "$(the_report)" '.threads[0].frames[0].function == "sp_elsewhere"'
        ZOO=O2 crashes 139 bad-bp
        assert_json "$(the_report)" '.threads[0].frames[0].function == "bad_bp"'
}

@test "inside malloc, with the lock of the heap held: all frames" {
        for ZOO in O0 O2; do
                crashes 139 malloc
                complete_stack fault_in_malloc main _start
                crashes 139 thread-malloc
                complete_stack fault_in_malloc
        done
}

@test "another thread holds the lock of the heap: all frames of both" {
        for ZOO in O0 O2; do
                crashes 132 mallocheld-ill
                complete_stack ill zoo_go main _start
                assert_json "$(the_report)" '.threads[1].frames | any(.[]; .function == "park") and any(.[]; .function == "fault_in_malloc")'
                crashes 134 thread-mallocheld-abort
                complete_stack abort zoo_go
        done
}

@test "another thread holds the loader's lock: all frames of both" {
        for ZOO in O0 O2; do
                crashes 139 loaderheld-null-write
                complete_stack null_write zoo_go main _start
                assert_json "$(the_report)" '.threads[1].frames | any(.[]; .function == "load_plugin")'
        done
}

@test "another thread stands in dl_iterate_phdr: all frames of both" {
        for ZOO in O0 O2; do
                crashes 139 phdrheld-null-write
                complete_stack null_write zoo_go main _start
                assert_json "$(the_report)" '.threads[1].frames | any(.[]; .function == "park_in_callback")'
        done
}

@test "another thread holds stdout and stderr: all frames" {
        crashes 139 stdioheld-null-write
        complete_stack null_write zoo_go main _start
}

@test "overflow on the main thread: class, both ends of the stack, the middle counted" {
        for ZOO in O0 O2; do
                crashes 139 overflow
                report=$(the_report)
                assert_json "$report" '.fault.class == "stack-overflow"'
                assert_json "$report" '.threads[0] | .frames_omitted > 1000 and (.frames | length) == 256'
                assert_json "$report" '.threads[0].frames | .[0].function == "overflow" and any(.[-8:][]; .function == "main")'
        done
}

@test "overflow on other threads: class and first frames" {
        for word in thread-overflow smallstack-overflow userstack-overflow; do
                crashes 139 $word
                assert_json "$(the_report)" '.threads[0].frames[0].function == "overflow"'
        done
        crashes 139 thread-overflow
        assert_json "$(the_report)" '.fault.class == "stack-overflow" and any(.threads[0].frames[-8:][]; .function == "zoo_go")'
}

@test "overflow under small stack limits" {
        for kilobytes in 64 256 1024; do
                fresh_reports
                run -139 bash -c "ulimit -s $kilobytes; exec env LD_PRELOAD='$preload' '$(zoo)' overflow"
                good_reports 1
                assert_json "$(the_report)" '.fault.class == "stack-overflow"'
        done
}

@test "no unwind tables but a frame pointer: the frame pointer leads on, and the trust says so" {
        for ZOO in O0 O2; do
                crashes 139 nocfi-fp
                complete_stack fault_in_noeh nocfi_with_fp nocfi_fp main _start
                assert_json "$(the_report)" '.threads[0].frames | any(.[]; .trust == "frame-pointer")'
        done
}

@test "no unwind tables and no frame pointer: a scan finds the caller, and the trust says so" {
        ZOO=O2 crashes 139 nocfi-nofp
        assert_stack "$(the_report)" fault_in_noeh nocfi_without_fp nocfi_nofp
        assert_json "$(the_report)" '.threads[0].frames | any(.[]; .trust == "scan")'
}

@test "no unwind tables, and an older frame pointer: what it skips is not called certain" {
        ZOO=O0 crashes 139 nocfi-nofp
        assert_stack "$(the_report)" fault_in_noeh nocfi_without_fp main
        assert_json "$(the_report)" '.threads[0].frames | any(.[]; .trust == "frame-pointer" or .trust == "scan")'
}

@test "tables in .debug_frame alone: the helper walks through" {
        for ZOO in O0 O2; do
                crashes 139 debug-frame
                assert_stack "$(the_report)" fault_in_noeh noeh_call debug_frame zoo_go main _start
        done
}

@test "in a signal handler: handler, trampoline and what was interrupted" {
        for ZOO in O0 O2; do
                crashes 139 handler-null-call
                complete_stack null_call zoo_go raise zoo_go main
                assert_json "$(the_report)" '[.threads[0].frames[] | select(.signal_frame)] | length == 1'
                crashes 139 on-altstack-null-write
                complete_stack null_write zoo_go raise zoo_go main
        done
        ZOO=O0 crashes 139 handler-null-write
        complete_stack null_write zoo_go run_in_handler raise handler_prefix zoo_go main
}
