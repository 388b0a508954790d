//! Comparisons, truth values and bits.

use super::integers::Integer;
use crate::array::calendar::NAT;
use crate::operators::Operator;

/// Comparisons: bool where they hold. NaN and NaT are unequal to everything and in no order.
pub static COMPARISONS: &[Operator] = &[
    binary!("eq", "Where the two are equal, `a == b`", "x == 0";
        real -> Bool: |a, b| a == b,
        complex -> Bool: |a, b| a == b,
        [I64 U64] -> Bool: |a, b| i128::from(a) == i128::from(b),
        [U64 I64] -> Bool: |a, b| i128::from(a) == i128::from(b),
        time -> Bool: |a, b| a == b && a != NAT,
        text -> Bool: |a, b| a == b,
    ),
    binary!("ne", "Where the two differ, `a != b`", "x != 0";
        real -> Bool: |a, b| a != b,
        complex -> Bool: |a, b| a != b,
        [I64 U64] -> Bool: |a, b| i128::from(a) != i128::from(b),
        [U64 I64] -> Bool: |a, b| i128::from(a) != i128::from(b),
        time -> Bool: |a, b| a != b || a == NAT,
        text -> Bool: |a, b| a != b,
    ),
    binary!("lt", "Where the left is smaller, `a < b`", "x < 0";
        bool -> Bool: |a, b| !a & b,
        integer -> Bool: |a, b| a < b,
        float -> Bool: |a, b| a < b,
        [I64 U64] -> Bool: |a, b| i128::from(a) < i128::from(b),
        [U64 I64] -> Bool: |a, b| i128::from(a) < i128::from(b),
        time -> Bool: |a, b| a < b && a != NAT,
        text -> Bool: |a, b| a < b,
    ),
    binary!("le", "Where the left is smaller or equal, `a <= b`", "x <= 0";
        real -> Bool: |a, b| a <= b,
        [I64 U64] -> Bool: |a, b| i128::from(a) <= i128::from(b),
        [U64 I64] -> Bool: |a, b| i128::from(a) <= i128::from(b),
        time -> Bool: |a, b| a <= b && a != NAT,
        text -> Bool: |a, b| a <= b,
    ),
    binary!("gt", "Where the left is greater, `a > b`", "x > 0";
        bool -> Bool: |a, b| a & !b,
        integer -> Bool: |a, b| a > b,
        float -> Bool: |a, b| a > b,
        [I64 U64] -> Bool: |a, b| i128::from(a) > i128::from(b),
        [U64 I64] -> Bool: |a, b| i128::from(a) > i128::from(b),
        time -> Bool: |a, b| a > b && b != NAT,
        text -> Bool: |a, b| a > b,
    ),
    binary!("ge", "Where the left is greater or equal, `a >= b`", "x >= 0";
        real -> Bool: |a, b| a >= b,
        [I64 U64] -> Bool: |a, b| i128::from(a) >= i128::from(b),
        [U64 I64] -> Bool: |a, b| i128::from(a) >= i128::from(b),
        time -> Bool: |a, b| a >= b && b != NAT,
        text -> Bool: |a, b| a >= b,
    ),
];

/// Truth values and bits.
pub static LOGIC: &[Operator] = &[
    binary!("and", "Where both are true, `a and b`", "x > 0 and x < 2";
        bool: |a, b| a & b,
    ),
    binary!("or", "Where one is true, `a or b`", "x < 0 or x > 2";
        bool: |a, b| a | b,
    ),
    unary!("not", "Where it is false, `not x`", "not (x > 0)";
        bool: |x| !x,
    ),
    binary!("logical_and", "Where both are not zero", "logical_and(x, x > 1)";
        bool -> Bool: |a, b| a & b,
        integer -> Bool: |a, b| (a != 0) & (b != 0),
        float -> Bool: |a, b| (a != 0.0) & (b != 0.0),
        complex -> Bool: |a, b| (a.re != 0.0 || a.im != 0.0) & (b.re != 0.0 || b.im != 0.0),
    ),
    binary!("logical_or", "Where one is not zero", "logical_or(x, x > 1)";
        bool -> Bool: |a, b| a | b,
        integer -> Bool: |a, b| (a != 0) | (b != 0),
        float -> Bool: |a, b| (a != 0.0) | (b != 0.0),
        complex -> Bool: |a, b| (a.re != 0.0 || a.im != 0.0) | (b.re != 0.0 || b.im != 0.0),
    ),
    binary!("logical_xor", "Where one is zero and the other is not", "logical_xor(x > -1, x > 1)";
        bool -> Bool: |a, b| a ^ b,
        integer -> Bool: |a, b| (a != 0) ^ (b != 0),
        float -> Bool: |a, b| (a != 0.0) ^ (b != 0.0),
        complex -> Bool: |a, b| (a.re != 0.0 || a.im != 0.0) ^ (b.re != 0.0 || b.im != 0.0),
    ),
    unary!("logical_not", "Where it is zero", "logical_not(x)";
        bool -> Bool: |x| !x,
        integer -> Bool: |x| x == 0,
        float -> Bool: |x| x == 0.0,
        complex -> Bool: |z| z.re == 0.0 && z.im == 0.0,
    ),
    binary!("bit_and", "The bits that both have, `a & b`", "(x as i32) & 3";
        bool: |a, b| a & b,
        integer: |a, b| a & b,
    ),
    binary!("bit_or", "The bits that one has, `a | b`", "(x as i32) | 1";
        bool: |a, b| a | b,
        integer: |a, b| a | b,
    ),
    binary!("bit_xor", "The bits in which they differ, `a ^ b`", "(x as i32) ^ 1";
        bool: |a, b| a ^ b,
        integer: |a, b| a ^ b,
    ),
    unary!("invert", "The bits it has not, `~x`; of bools `not`", "~(x > 0)";
        bool: |x| !x,
        integer: |x| !x,
    ),
    binary!("shl", "The bits moved to the left, `a << b`; zero where none is left", "(x as i32) << 2";
        integer: |a, b| a.shift_left(b),
    ),
    binary!("shr", "The bits moved to the right, `a >> b`, keeping the sign", "(x as i32) >> 1";
        integer: |a, b| a.shift_right(b),
    ),
];
