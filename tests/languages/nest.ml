(* SPDX-License-Identifier: MIT
   A module, a functor, an anonymous function, a class. *)
external crash : int -> unit = "crash_in_c" [@@noalloc]

let touched = ref 0
let touch () = incr touched

module type NUMBER = sig
  val scale : int
end

module Inner = struct
  let[@inline never] store n =
    crash n;
    touch ()
end

module Scaled (N : NUMBER) = struct
  let[@inline never] put n =
    Inner.store (n * N.scale);
    touch ()
end

module Two = Scaled (struct
  let scale = 2
end)

class table =
  object
    method fill n =
      Two.put n;
      touch ()
  end

let () =
  let t = new table in
  List.iter
    (fun n ->
      t#fill n;
      touch ())
    (Sys.opaque_identity [ 5; 6 ]);
  touch ()
