// SPDX-License-Identifier: MIT
// Each way in which Rust panics: the first argument.
use std::env;

#[inline(never)]
fn index(v: &[i32], i: usize) -> i32 {
    v[i] // WORDS: index
}
#[inline(never)]
fn none(o: Option<i32>) -> i32 {
    o.unwrap() // WORDS: none
}
#[inline(never)]
fn err(o: Result<i32, String>) -> i32 {
    o.unwrap() // WORDS: err
}
#[inline(never)]
fn formatted(a: i32, s: &str, t: String) {
    panic!("a {} s {} t {:?} x {:x} n {}", a, s, t, 255u8, -5i64) // WORDS: formatted
}
#[inline(never)]
fn plain() {
    panic!("just words") // WORDS: plain
}
#[inline(never)]
fn check(a: i32) {
    assert!(a > 100) // WORDS: check
}
#[inline(never)]
fn divide(a: i32, b: i32) -> i32 {
    a / b // WORDS: divide
}
#[inline(never)]
fn unreach() {
    unreachable!("state {}", 7u8) // WORDS: unreach
}

fn main() {
    let w = env::args().nth(1).unwrap();
    let n = env::args().count();
    match w.as_str() {
        "index" => {
            index(&[1, 2], n + 5);
        }
        "none" => {
            none(if n > 5 { Some(1) } else { None });
        }
        "err" => {
            err(Err(format!("no {}", w)));
        }
        "formatted" => formatted(n as i32, &w, w.clone()),
        "plain" => plain(),
        "check" => check(n as i32),
        "divide" => {
            divide(5, n as i32 - 2);
        }
        "unreach" => unreach(),
        _ => {}
    }
}
