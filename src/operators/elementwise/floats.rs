//! Functions of real numbers that the standard library has not, after NumPy's.

use num_traits::Float;
use num_traits::float::FloatConst;

/// The quotient rounded down, and the remainder with the sign of the divisor, such that
/// `a = quotient * b + remainder` as closely as can be. NumPy's `npy_divmod`.
fn div_mod<T: Float>(a: T, b: T) -> (T, T) {
    let zero = T::zero();
    let mut rest = a % b;
    if b == zero {
        return (a / b, rest);
    }
    let mut quotient = (a - rest) / b;
    if rest == zero {
        rest = zero.copysign(b);
    } else if (b < zero) != (rest < zero) {
        rest = rest + b;
        quotient = quotient - T::one();
    }
    if quotient == zero {
        return (zero.copysign(a / b), rest);
    }
    let down = quotient.floor();
    let half = T::one() / (T::one() + T::one());
    (if quotient - down > half { down + T::one() } else { down }, rest)
}

/// The quotient rounded down.
pub fn floor_div<T: Float>(a: T, b: T) -> T {
    div_mod(a, b).0
}

/// The remainder with the sign of the divisor.
pub fn floor_mod<T: Float>(a: T, b: T) -> T {
    div_mod(a, b).1
}

/// The greater of two, NaN where one is.
pub fn maximum<T: Float>(a: T, b: T) -> T {
    if a >= b || a.is_nan() { a } else { b }
}

/// The smaller of two, NaN where one is.
pub fn minimum<T: Float>(a: T, b: T) -> T {
    if a <= b || a.is_nan() { a } else { b }
}

/// The greater of two that is not NaN.
pub fn fmax<T: Float>(a: T, b: T) -> T {
    if a >= b || b.is_nan() { a } else { b }
}

/// The smaller of two that is not NaN.
pub fn fmin<T: Float>(a: T, b: T) -> T {
    if a <= b || b.is_nan() { a } else { b }
}

/// The argument of a real number: zero or pi.
pub fn angle<T: Float + FloatConst>(x: T) -> T {
    match x {
        _ if x.is_nan() => x,
        _ if x.is_sign_negative() => T::PI(),
        _ => T::zero(),
    }
}
