# SPDX-License-Identifier: MIT
# A generic, a closure, a method, an overload.
type
  Cell = ref object of RootObj
    place: ptr int

var touched {.volatile.} = 0
proc touch() {.noinline.} = inc touched

proc put[T](c: Cell; value: T) {.noinline.} =
  c.place[] = value # CRASH
  touch()

method store(c: Cell; n: int) {.base.} =
  put(c, n)
  touch()

proc store(n: int) {.noinline.} =
  let c = Cell()
  let f = proc (k: int) =
    c.store(k + n)
    touch()
  f(n)
  touch()

store(5)
touch()
