//! The macros by which a row of a table names its loops.
//!
//! A row names classes of dtypes and gives one closure for each, which is compiled once per dtype of
//! the class: `integer: |a, b| a.wrapping_add(b), float: |a, b| a + b`. The classes are `bool`,
//! `signed`, `unsigned`, `integer` (both), `float`, `complex`, `real` (bool, integer and float),
//! `time` (datetime and duration) and `text` (whose closure takes references). `-> Bool` and the like
//! give the output another dtype than the inputs; a list of dtypes in brackets names one loop; `no bool`
//! refuses bools where they would otherwise be taken for integers. Half precision is computed in
//! single precision and rounded, as NumPy does; `wide complex` likewise in double precision. `float by`
//! names a type that is a [`Map`](super::loops::Map) or [`MapPair`](super::loops::MapPair) in place of a closure.

/// The dtype of that variant; datetimes in the calendar that stands for any.
macro_rules! dtype {
    (DateTime) => {
        $crate::array::DType::DateTime($crate::array::Calendar::Standard)
    };
    ($variant:ident) => {
        $crate::array::DType::$variant
    };
}

/// The type in which elements of that dtype are stored.
macro_rules! stored {
    (Bool) => { bool };
    (I8) => { i8 };
    (I16) => { i16 };
    (I32) => { i32 };
    (I64) => { i64 };
    (U8) => { u8 };
    (U16) => { u16 };
    (U32) => { u32 };
    (U64) => { u64 };
    (F16) => { half::f16 };
    (F32) => { f32 };
    (F64) => { f64 };
    (C64) => { num_complex::Complex32 };
    (C128) => { num_complex::Complex64 };
    (DateTime) => { i64 };
    (Duration) => { i64 };
    (Str) => { std::sync::Arc<str> };
}

/// One loop: its dtypes and the closure, or how else it computes.
macro_rules! typed_loop {
    (one [$a:ident] -> $r:ident, wider) => { typed_loop!(@ [$a] $r, Wider) };
    (two [$a:ident] -> $r:ident, wider) => { typed_loop!(@ [$a $a] $r, Wider) };
    (one [$a:ident] refused) => { typed_loop!(@ [$a] Bool, Refused) };
    (two [$a:ident] refused) => { typed_loop!(@ [$a $a] Bool, Refused) };
    (one [$a:ident] -> $r:ident: $f:expr) => {
        typed_loop!(@ [$a] $r, Typed(|| {
            $crate::operators::elementwise::loops::map1::<stored!($a), stored!($r)>($f)
        }))
    };
    (one [$a:ident] -> $r:ident by: $f:expr) => {
        typed_loop!(@ [$a] $r, Typed(|| {
            $crate::operators::elementwise::loops::map1_by::<stored!($a), stored!($r)>($f)
        }))
    };
    (two [$a:ident] -> $r:ident by: $f:expr) => {
        typed_loop!(@ [$a $a] $r, Typed(|| {
            $crate::operators::elementwise::loops::map2_by::<stored!($a), stored!($a), stored!($r)>($f)
        }))
    };
    (two [Str] -> $r:ident: $f:expr) => {
        typed_loop!(@ [Str Str] $r, Typed(|| {
            $crate::operators::elementwise::loops::map2_ref::<stored!(Str), stored!(Str), stored!($r)>($f)
        }))
    };
    (two [$a:ident] -> $r:ident: $f:expr) => { typed_loop!(two [$a $a] -> $r: $f) };
    (two [$a:ident $b:ident] -> $r:ident: $f:expr) => {
        typed_loop!(@ [$a $b] $r, Typed(|| {
            $crate::operators::elementwise::loops::map2::<stored!($a), stored!($b), stored!($r)>($f)
        }))
    };
    (@ [$($a:ident)*] $r:ident, $($run:tt)*) => {
        $crate::operators::elementwise::loops::Loop {
            inputs: &[$(dtype!($a)),*],
            output: dtype!($r),
            run: $crate::operators::elementwise::loops::Run::$($run)*,
        }
    };
}

/// The loops of a row: `one` or `two` for the number of inputs, then `CLASS [-> OUTPUT]: CLOSURE,` …
macro_rules! loops {
    ($n:ident $($rest:tt)*) => { loops!(@ $n [] $($rest)*) };
    (@ $n:ident [$($done:tt)*]) => { &[$($done)*] };
    (@ $n:ident [$($done:tt)*] [$($a:ident)+] -> $r:ident: $f:expr, $($rest:tt)*) => {
        loops!(@ $n [$($done)* typed_loop!($n [$($a)+] -> $r: $f),] $($rest)*)
    };
    (@ $n:ident [$($done:tt)*] [$a:ident] -> $r:ident, wider, $($rest:tt)*) => {
        loops!(@ $n [$($done)* typed_loop!($n [$a] -> $r, wider),] $($rest)*)
    };
    (@ $n:ident [$($done:tt)*] [$a:ident] -> $r:ident by: $f:expr, $($rest:tt)*) => {
        loops!(@ $n [$($done)* typed_loop!($n [$a] -> $r by: $f),] $($rest)*)
    };
    (@ $n:ident [$($done:tt)*] float by: $f:expr, $($rest:tt)*) => {
        loops!(@ $n [$($done)*
            typed_loop!($n [F16] -> F16, wider),
            typed_loop!($n [F32] -> F32 by: $f),
            typed_loop!($n [F64] -> F64 by: $f),
        ] $($rest)*)
    };
    (@ $n:ident [$($done:tt)*] no bool, $($rest:tt)*) => {
        loops!(@ $n [$($done)* typed_loop!($n [Bool] refused),] $($rest)*)
    };
    (@ $n:ident [$($done:tt)*] bool: $f:expr, $($rest:tt)*) => {
        loops!(@ $n [$($done)*] bool -> Bool: $f, $($rest)*)
    };
    (@ $n:ident [$($done:tt)*] signed: $f:expr, $($rest:tt)*) => {
        loops!(@ $n [$($done)*] [I8] -> I8: $f, [I16] -> I16: $f, [I32] -> I32: $f, [I64] -> I64: $f, $($rest)*)
    };
    (@ $n:ident [$($done:tt)*] unsigned: $f:expr, $($rest:tt)*) => {
        loops!(@ $n [$($done)*] [U8] -> U8: $f, [U16] -> U16: $f, [U32] -> U32: $f, [U64] -> U64: $f, $($rest)*)
    };
    (@ $n:ident [$($done:tt)*] integer: $f:expr, $($rest:tt)*) => {
        loops!(@ $n [$($done)*] signed: $f, unsigned: $f, $($rest)*)
    };
    (@ $n:ident [$($done:tt)*] float: $f:expr, $($rest:tt)*) => {
        loops!(@ $n [$($done)*] [F16] -> F16, wider, [F32] -> F32: $f, [F64] -> F64: $f, $($rest)*)
    };
    (@ $n:ident [$($done:tt)*] complex: $f:expr, $($rest:tt)*) => {
        loops!(@ $n [$($done)*] [C64] -> C64: $f, [C128] -> C128: $f, $($rest)*)
    };
    (@ $n:ident [$($done:tt)*] wide complex: $f:expr, $($rest:tt)*) => {
        loops!(@ $n [$($done)*] [C64] -> C64, wider, [C128] -> C128: $f, $($rest)*)
    };
    (@ $n:ident [$($done:tt)*] complex -> float: $f:expr, $($rest:tt)*) => {
        loops!(@ $n [$($done)*] [C64] -> F32, wider, [C128] -> F64: $f, $($rest)*)
    };
    (@ $n:ident [$($done:tt)*] time: $f:expr, $($rest:tt)*) => {
        loops!(@ $n [$($done)*] [DateTime] -> DateTime: $f, [Duration] -> Duration: $f, $($rest)*)
    };
    (@ $n:ident [$($done:tt)*] bool -> $r:ident: $f:expr, $($rest:tt)*) => {
        loops!(@ $n [$($done)*] [Bool] -> $r: $f, $($rest)*)
    };
    (@ $n:ident [$($done:tt)*] integer -> $r:ident: $f:expr, $($rest:tt)*) => {
        loops!(@ $n [$($done)*] [I8] -> $r: $f, [I16] -> $r: $f, [I32] -> $r: $f, [I64] -> $r: $f,
            [U8] -> $r: $f, [U16] -> $r: $f, [U32] -> $r: $f, [U64] -> $r: $f, $($rest)*)
    };
    (@ $n:ident [$($done:tt)*] float -> $r:ident: $f:expr, $($rest:tt)*) => {
        loops!(@ $n [$($done)*] [F16] -> $r, wider, [F32] -> $r: $f, [F64] -> $r: $f, $($rest)*)
    };
    (@ $n:ident [$($done:tt)*] complex -> $r:ident: $f:expr, $($rest:tt)*) => {
        loops!(@ $n [$($done)*] [C64] -> $r, wider, [C128] -> $r: $f, $($rest)*)
    };
    (@ $n:ident [$($done:tt)*] real -> $r:ident: $f:expr, $($rest:tt)*) => {
        loops!(@ $n [$($done)*] bool -> $r: $f, integer -> $r: $f, float -> $r: $f, $($rest)*)
    };
    (@ $n:ident [$($done:tt)*] time -> $r:ident: $f:expr, $($rest:tt)*) => {
        loops!(@ $n [$($done)*] [DateTime] -> $r: $f, [Duration] -> $r: $f, $($rest)*)
    };
    (@ $n:ident [$($done:tt)*] text -> $r:ident: $f:expr, $($rest:tt)*) => {
        loops!(@ $n [$($done)*] [Str] -> $r: $f, $($rest)*)
    };
}

/// A row of one argument: name, summary, example; loops.
macro_rules! unary {
    ($name:literal, $summary:literal, $example:literal; $($loops:tt)*) => {
        function!(one $name, $summary, $example, $crate::operators::elementwise::function::UNARY; $($loops)*)
    };
}

/// A row of two arguments `a` and `b`: name, summary, example; loops.
macro_rules! binary {
    ($name:literal, $summary:literal, $example:literal; $($loops:tt)*) => {
        function!(two $name, $summary, $example, $crate::operators::elementwise::function::BINARY; $($loops)*)
    };
}

/// A row: `one` or `two`, name, summary, example, parameters; `units U,` where its results are not measured in what the
/// inputs are; `via F:` where another function than [`Function::expand`](super::function::Function::expand) expands it; loops.
macro_rules! function {
    ($n:ident $name:literal, $summary:literal, $example:literal, $params:expr;
        units $units:ident, via $expand:path: $($loops:tt)*) => {
        $crate::operators::Operator {
            name: $name,
            signature: $crate::operators::Signature { params: $params },
            summary: $summary,
            example: $example,
            expand: |builder, arguments| {
                const FUNCTION: $crate::operators::elementwise::function::Function =
                    $crate::operators::elementwise::function::Function {
                        name: $name,
                        params: $params,
                        loops: loops!($n $($loops)*),
                        units: $crate::operators::Units::$units,
                    };
                $expand(&FUNCTION, builder, arguments)
            },
        }
    };
    ($n:ident $name:literal, $summary:literal, $example:literal, $params:expr; units $units:ident, $($loops:tt)*) => {
        function!($n $name, $summary, $example, $params;
            units $units, via $crate::operators::elementwise::function::Function::expand: $($loops)*)
    };
    ($n:ident $name:literal, $summary:literal, $example:literal, $params:expr; via $expand:path: $($loops:tt)*) => {
        function!($n $name, $summary, $example, $params; units Kept, via $expand: $($loops)*)
    };
    ($n:ident $name:literal, $summary:literal, $example:literal, $params:expr; $($loops:tt)*) => {
        function!($n $name, $summary, $example, $params; units Kept, $($loops)*)
    };
}
