// SPDX-License-Identifier: MIT
// A trait's method of a generic type, a closure, a nested function, a module, extern "C".
use std::sync::atomic::{AtomicUsize, Ordering};

static TOUCHED: AtomicUsize = AtomicUsize::new(0);

// std::hint::black_box() is not in Rust 1.63.
#[inline(never)]
fn opaque<T>(value: T) -> T {
    let copy = unsafe { std::ptr::read_volatile(&value) };
    std::mem::forget(value);
    copy
}

#[inline(never)]
fn touch() {
    TOUCHED.fetch_add(1, Ordering::Relaxed);
}

pub mod store {
    use super::*;

    pub trait Put<T> {
        fn put(&mut self, value: T);
    }

    pub struct Cell<T> {
        pub place: *mut T,
    }

    impl<T: Copy> Put<T> for Cell<T> {
        #[inline(never)]
        fn put(&mut self, value: T) {
            unsafe { *self.place = value } // CRASH
        }
    }

    impl<T: Copy> Cell<T> {
        #[inline(never)]
        pub fn fill(&mut self, values: &[T]) {
            for value in values {
                self.put(*value);
            }
            touch();
        }
    }
}

#[inline(never)]
extern "C" fn for_c(n: i32) {
    fn nested(n: i32) {
        let mut cell = store::Cell { place: opaque(std::ptr::null_mut()) };
        cell.fill(&[n, 2]);
        touch();
    }
    nested(n);
    touch();
}

#[inline(never)]
fn call<F: Fn(i32)>(f: F) {
    f(opaque(5));
    touch();
}

fn main() {
    let by = opaque(1);
    call(|n| {
        for_c(n + by);
        touch();
    });
    touch();
}
