//! Elementary functions of real numbers, the same bits on every machine.
//!
//! The platform's mathematical library differs between systems, and calls to it cannot be part of a
//! vector loop. These functions are straight-line arithmetic (additions, multiplications, divisions and
//! roots, which IEEE 754 defines to the bit, and operations on bits), so that the loops that inline them
//! become vector code for any [`Level`](crate::operators::simd::Level), with equal results. Nothing is
//! contracted or reassociated.
//!
//! Results are within one unit in the last place (the bound of each function stands with it) over the
//! whole range; special values are those of C99, annex F. Polynomials are Chebyshev interpolations in
//! the square of the argument, computed with 70 digits.

mod circular;
mod double;
mod exponential;
mod inverse;
mod logarithm;
mod roots;
mod single;
mod special;

use super::loops::{Map, MapPair};

pub use exponential::{cosh, exp, expm1, sinh, tanh};
pub use inverse::atan2;
pub use logarithm::{asinh, atanh, log, log1p, pow};
pub use roots::hypot;

/// Functions of one number: in double and in single precision, for loops. Huge angles take a second pass.
macro_rules! of_one {
    ($($row:ident $what:literal: $double:path, $single:path $(, beyond $far:path)?;)*) => {
        $(#[doc = concat!("The ", $what, ".")]
        #[derive(Clone, Copy, Debug)]
        pub struct $row;

        impl Map<f64, f64> for $row {
            #[inline(always)]
            fn usual(&self, x: f64) -> f64 {
                $double(x)
            }
            $(#[inline(always)]
            fn is_rare(&self, x: f64) -> bool {
                circular::is_far(x)
            }
            fn rare(&self, x: f64) -> f64 {
                $far(x)
            })?
        }

        impl Map<f32, f32> for $row {
            #[inline(always)]
            fn usual(&self, x: f32) -> f32 {
                $single(f64::from(x)) as f32
            }
            $(#[inline(always)]
            fn is_rare(&self, x: f32) -> bool {
                (x.abs() > circular::LIMIT as f32) & (x.abs() < f32::INFINITY)
            }
            fn rare(&self, x: f32) -> f32 {
                $far(f64::from(x)) as f32
            })?
        })*
    };
}

of_one! {
    Exp "exponential": exponential::exp, single::exp;
    Exp2 "power of two": exponential::exp2, single::exp2;
    Expm1 "exponential less one": exponential::expm1, single::expm1;
    Log "natural logarithm": logarithm::log, single::log;
    Log2 "logarithm to base 2": logarithm::log2, single::log2;
    Log10 "logarithm to base 10": logarithm::log10, single::log10;
    Log1p "logarithm of one more": logarithm::log1p, single::log1p;
    Sin "sine": circular::near_sine, single::near_sine, beyond circular::far_sine;
    Cos "cosine": circular::near_cosine, single::near_cosine, beyond circular::far_cosine;
    Tan "tangent": circular::near_tangent, single::near_tangent, beyond circular::far_tangent;
    Asin "arc sine": inverse::asin, single::asin;
    Acos "arc cosine": inverse::acos, single::acos;
    Atan "arc tangent": inverse::atan, single::atan;
    Sinh "hyperbolic sine": exponential::sinh, single::sinh;
    Cosh "hyperbolic cosine": exponential::cosh, single::cosh;
    Tanh "hyperbolic tangent": exponential::tanh, single::tanh;
    Asinh "inverse hyperbolic sine": logarithm::asinh, single::asinh;
    Acosh "inverse hyperbolic cosine": logarithm::acosh, single::acosh;
    Atanh "inverse hyperbolic tangent": logarithm::atanh, single::atanh;
    Cbrt "cubic root": roots::cbrt, single::cbrt;
    Sinc "cardinal sine": special::sinc, special::sinc;
    I0 "modified Bessel function of order zero": special::i0, special::i0;
}

/// Functions of two numbers: in double and in single precision, for loops.
macro_rules! of_two {
    ($($row:ident $what:literal: $double:path, $single:path;)*) => {
        $(#[doc = concat!("The ", $what, ".")]
        #[derive(Clone, Copy, Debug)]
        pub struct $row;

        impl MapPair<f64, f64, f64> for $row {
            #[inline(always)]
            fn pair(&self, a: f64, b: f64) -> f64 {
                $double(a, b)
            }
        }

        impl MapPair<f32, f32, f32> for $row {
            #[inline(always)]
            fn pair(&self, a: f32, b: f32) -> f32 {
                $single(f64::from(a), f64::from(b)) as f32
            }
        })*
    };
}

of_two! {
    Pow "power": logarithm::pow, single::pow;
    Atan2 "angle of a point, ordinate first": inverse::atan2, single::atan2;
    Hypot "hypotenuse": roots::hypot, single::hypot;
    LogAddExp "logarithm of a sum of exponentials": special::logaddexp, special::logaddexp;
    LogAddExp2 "logarithm of a sum of powers of two": special::logaddexp2, special::logaddexp2;
}

/// The sine of any angle in radians; within 0.8 ulp.
pub fn sin(x: f64) -> f64 {
    if circular::is_far(x) { circular::far_sine(x) } else { circular::near_sine(x) }
}

/// The cosine of any angle in radians; within 0.8 ulp.
pub fn cos(x: f64) -> f64 {
    if circular::is_far(x) { circular::far_cosine(x) } else { circular::near_cosine(x) }
}

/// The tangent of any angle in radians; within 0.95 ulp.
pub fn tan(x: f64) -> f64 {
    if circular::is_far(x) { circular::far_tangent(x) } else { circular::near_tangent(x) }
}

#[cfg(test)]
mod tests;
