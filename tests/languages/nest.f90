! SPDX-License-Identifier: MIT
! Modules, submodule, contained procedures, an internal function of the main program, BIND(C), a type-bound procedure,
! an external function, C's main() calls MAIN__.
module solver
  use iso_c_binding
  implicit none
  type(c_ptr), volatile :: nowhere = c_null_ptr
  type :: grid
    integer :: cells = 0
  contains
    procedure :: store => grid_store
  end type
  interface
    module subroutine from_submodule(n)
      integer, intent(in) :: n
    end subroutine
  end interface
contains
  subroutine grid_store(self, k)
    class(grid), intent(inout) :: self
    integer, intent(in) :: k
    integer, pointer :: place
    call c_f_pointer(nowhere, place)
    place = k ! CRASH
    call touch(k)
  end subroutine
  subroutine step(n)
    integer, intent(in) :: n
    call inner(n)
    call touch(n)
  contains
    subroutine inner(k)
      integer, intent(in) :: k
      type(grid) :: g
      call g%store(k)
      call touch(k)
    end subroutine
  end subroutine
  subroutine named_for_c(n) bind(c, name="cName")
    integer, intent(in) :: n
    call step(n)
    call touch(n)
  end subroutine
end module

submodule (solver) details
contains
  module subroutine from_submodule(n)
    integer, intent(in) :: n
    call named_for_c(n)
    call touch(n)
  end subroutine
end submodule

subroutine touch(n)
  integer, intent(in) :: n
  write (*, *) n
end subroutine

subroutine External_One(n)
  use solver
  integer, intent(in) :: n
  call from_submodule(n)
  call touch(n)
end subroutine

program demo
  implicit none
  integer :: n = 5
  call internal(n)
contains
  subroutine internal(n)
    integer, intent(in) :: n
    call external_one(n)
    call touch(n)
  end subroutine
end program
