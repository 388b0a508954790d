//! Integer arithmetic as NumPy has it: wraps, and gives zero where it is undefined.

/// The integers.
pub trait Integer: Copy {
    /// The quotient rounded down; zero for a zero divisor.
    fn floor_div(self, divisor: Self) -> Self;
    /// The remainder with the sign of the divisor; zero for a zero divisor.
    fn floor_mod(self, divisor: Self) -> Self;
    /// The remainder with the sign of the dividend, as C's `%`; zero for a zero divisor.
    fn fmod(self, divisor: Self) -> Self;
    /// The power. For a negative exponent what is left of the fraction when it is truncated: one or
    /// minus one for those bases, else zero (NumPy refuses).
    fn power(self, exponent: Self) -> Self;
    /// Shifted left; zero where the width or a negative count leaves nothing.
    fn shift_left(self, count: Self) -> Self;
    /// Shifted right; what is left of the sign where the count is the width, more or negative.
    fn shift_right(self, count: Self) -> Self;
    /// One divided by it, truncated; zero for zero.
    fn reciprocal(self) -> Self;
}

macro_rules! integers {
    ($($type:ty: $signed:literal;)*) => {
        $(impl Integer for $type {
            #[inline]
            fn floor_div(self, divisor: Self) -> Self {
                if divisor == 0 {
                    return 0;
                }
                let quotient = self.wrapping_div(divisor);
                let inexact = quotient.wrapping_mul(divisor) != self;
                if $signed && inexact && ((self < divisor.wrapping_sub(divisor)) != (divisor < 0 as $type)) {
                    quotient.wrapping_sub(1)
                } else {
                    quotient
                }
            }
            #[inline]
            fn floor_mod(self, divisor: Self) -> Self {
                let rest = self.fmod(divisor);
                if $signed && rest != 0 && ((rest ^ divisor) >> (<$type>::BITS - 1)) != 0 { rest.wrapping_add(divisor) } else { rest }
            }
            #[inline]
            fn fmod(self, divisor: Self) -> Self {
                if divisor == 0 { 0 } else { self.wrapping_rem(divisor) }
            }
            #[inline]
            fn power(self, exponent: Self) -> Self {
                if $signed && (exponent >> (<$type>::BITS - 1)) != 0 {
                    return match self {
                        1 => 1,
                        _ if self.wrapping_add(1) == 0 => if exponent & 1 == 0 { 1 } else { self },
                        _ => 0,
                    };
                }
                let (mut base, mut left, mut result) = (self, exponent, 1);
                while left != 0 {
                    if left & 1 != 0 {
                        result = <$type>::wrapping_mul(result, base);
                    }
                    base = base.wrapping_mul(base);
                    left >>= 1;
                }
                result
            }
            #[inline]
            fn shift_left(self, count: Self) -> Self {
                if (0..<$type>::BITS as $type).contains(&count) { self << count } else { 0 }
            }
            #[inline]
            fn shift_right(self, count: Self) -> Self {
                if (0..<$type>::BITS as $type).contains(&count) {
                    self >> count
                } else if $signed {
                    self >> (<$type>::BITS - 1)
                } else {
                    0
                }
            }
            #[inline]
            fn reciprocal(self) -> Self {
                if self == 0 { 0 } else { <$type>::wrapping_div(1, self) }
            }
        })*
    };
}

integers! {
    i8: true; i16: true; i32: true; i64: true;
    u8: false; u16: false; u32: false; u64: false;
}

/// The quotient rounded down; zero for a zero divisor.
pub fn floor_div<T: Integer>(a: T, b: T) -> T {
    a.floor_div(b)
}

/// The remainder with the sign of the divisor; zero for a zero divisor.
pub fn floor_mod<T: Integer>(a: T, b: T) -> T {
    a.floor_mod(b)
}
