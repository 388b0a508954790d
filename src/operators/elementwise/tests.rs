mod oracle;

use crate::array::{ArrayType, Block, Calendar, Coord, DType, DimName, Dims, Scalar};
use crate::operators::testing::Bench;
use crate::operators::{Builder, Operand, TypeError, Value};
use std::slice::from_ref;
use std::sync::Arc;

fn a(operand: Operand) -> Value {
    Value::Array(operand)
}

fn shown(bench: &Bench, operand: Operand) -> String {
    let scalars: Vec<String> = bench.values(operand).scalars().iter().map(Scalar::to_string).collect();
    format!("{} {}", bench.ty(operand), scalars.join(" "))
}

/// An error as a script would see it: code, message, labels and help.
fn told(error: TypeError) -> String {
    let mut lines = vec![format!("{}: {}", error.code, error.message)];
    lines.push(format!("  at {:?}: {}", error.culprit, error.label));
    lines.extend(error.others.iter().map(|(culprit, label)| format!("  at {culprit:?}: {label}")));
    lines.extend(error.help.iter().map(|help| format!("  help: {help}")));
    lines.join("\n")
}

#[test]
fn dims_are_matched_by_name() {
    let mut bench = Bench::new();
    let x = bench.array(&[("t", 2), ("y", 3)], (0..6).collect::<Vec<i32>>());
    let row = bench.array(&[("y", 3)], vec![10, 20, 30]);
    let turned = bench.array(&[("y", 3), ("z", 2), ("t", 2)], (0..12).map(|i| i * 100).collect::<Vec<i32>>());
    let single = bench.array(&[], vec![1000]);
    let out = bench.apply_named("add", &[a(x), a(row)], &[]);
    assert_eq!(shown(&bench, out), "i32[t=2, y=3; chunks 2x3] 10 21 32 13 24 35");
    let out = bench.apply_named("add", &[a(row), a(x)], &[]);
    assert_eq!(shown(&bench, out), "i32[y=3, t=2; chunks 3x2] 10 13 21 24 32 35");
    bench.assert_splits(out);
    let out = bench.apply_named("add", &[a(x), a(turned)], &[]);
    assert_eq!(shown(&bench, out), "i32[t=2, y=3, z=2; chunks 2x3x2] 0 200 401 601 802 1002 103 303 504 704 905 1105");
    bench.assert_splits(out);
    let out = bench.apply_named("sub", &[a(single), a(x)], &[]);
    assert_eq!(shown(&bench, out), "i32[t=2, y=3; chunks 2x3] 1000 999 998 997 996 995");
    bench.assert_splits(out);
}

/// What is refused, as text: each line of calls with the error it gives.
#[test]
fn refusals_name_the_remedy() {
    let mut bench = Bench::new();
    let x = bench.x();
    let flags = bench.array(&[("t", 6)], vec![true; 6]);
    let ints = bench.array(&[("t", 6)], vec![1u8; 6]);
    let longer = bench.array(&[("t", 7)], vec![1.0; 7]);
    let single = bench.array(&[("t", 1)], vec![1.0]);
    let flat = bench.array(&[("dim_0", 4)], vec![1.0; 4]);
    let square = bench.array(&[("dim_0", 4), ("dim_1", 4)], vec![1.0; 16]);
    let waves = bench.array(&[("t", 6)], vec![num_complex::Complex64::new(1.0, 2.0); 6]);
    let names = bench.array(&[("t", 6)], vec![Arc::<str>::from("a"); 6]);
    let days = bench.array_of(DType::DateTime(Calendar::Standard), &[("t", 6)], vec![0i64; 6]);
    let model_days = bench.array_of(DType::DateTime(Calendar::Day360), &[("t", 6)], vec![0i64; 6]);
    let labelled = |bench: &mut Bench, labels: Vec<i64>| {
        let mut ty = ArrayType::new(DType::F64, Dims::new([("t", 6)]));
        let t = DimName::new("t");
        ty.coords.insert(t.clone(), Arc::new(Coord::integers(t, labels)));
        bench.source(ty, Block::full(DType::F64, &[6], &Scalar::Float(1.0)))
    };
    let early = labelled(&mut bench, (1990..1996).collect());
    let late = labelled(&mut bench, (1991..1997).collect());
    let cases: Vec<(&str, Vec<Value>)> = vec![
        ("add", vec![a(x), a(longer)]),
        ("mul", vec![a(single), a(x)]),
        ("add", vec![a(flat), a(square)]),
        ("sub", vec![a(early), a(late)]),
        ("bit_and", vec![a(x), a(ints)]),
        ("bit_or", vec![a(ints), Value::Float(1.5)]),
        ("and", vec![a(flags), a(ints)]),
        ("not", vec![a(x)]),
        ("sub", vec![a(flags), a(flags)]),
        ("neg", vec![a(flags)]),
        ("lt", vec![a(waves), a(x)]),
        ("floor", vec![a(waves)]),
        ("add", vec![a(names), Value::Str("b".into())]),
        ("add", vec![a(days), a(days)]),
        ("sub", vec![a(days), a(model_days)]),
        ("lt", vec![a(days), Value::Str("1990-02-31".into())]),
        ("lt", vec![a(days), Value::Int(5)]),
        ("sqrt", vec![a(days)]),
        ("add", vec![a(days), Value::Duration { months: 1, micros: 0 }]),
        ("add", vec![a(ints), Value::Int(300)]),
        ("pow", vec![a(ints), Value::Int(-1)]),
        ("pow", vec![Value::Int(2), Value::Int(-1)]),
        ("mul", vec![Value::Int(i64::MAX), Value::Int(2)]),
        ("where", vec![a(flags), a(ints)]),
        ("where", vec![a(ints), a(x), Value::Int(0)]),
        ("where", vec![a(flags), a(x), a(days)]),
        ("fillna", vec![a(days), Value::Int(0)]),
        ("isin", vec![a(x), Value::List(Arc::new(vec![Value::Str("a".into())]))]),
        ("isin", vec![a(x), a(ints)]),
        ("nan_to_num", vec![a(days)]),
        ("clip", vec![a(x)]),
        ("clip", vec![a(x), Value::Str("a".into())]),
        ("cast", vec![a(names), Value::DType(DType::I32)]),
        ("exp", vec![Value::List(Arc::default())]),
    ];
    let mut text = String::new();
    for (name, arguments) in cases {
        let error = bench.call(name, &arguments, &[]).expect_err(name);
        text += &format!("{name}\n{}\n\n", told(error));
    }
    insta::assert_snapshot!(text);
}

#[test]
fn calls_are_cast_and_broadcast() {
    let mut bench = Bench::new();
    let x = bench.array(&[("t", 2), ("y", 3)], vec![1i16; 6]);
    let weights = bench.array(&[("y", 3)], vec![1f32; 3]);
    let scaled = bench.apply_named("mul", &[a(x), Value::Int(2)], &[]);
    let product = bench.apply_named("mul", &[a(weights), a(scaled)], &[]);
    let squared = bench.apply_named("pow", &[a(product), Value::Int(2)], &[]);
    let rounded = bench.apply_named("round", &[a(squared), Value::Int(1)], &[]);
    insta::assert_snapshot!(bench.text(rounded));
    bench.assert_splits(rounded);
}

#[test]
fn calls_without_arrays_stay_values() {
    let mut bench = Bench::new();
    let mut of = |name: &str, arguments: &[Value]| bench.call(name, arguments, &[]).unwrap();
    assert_eq!(of("sqrt", &[Value::Int(2)]), Value::Float(2f64.sqrt()));
    assert_eq!(of("add", &[Value::Int(2), Value::Int(3)]), Value::Int(5));
    assert_eq!(of("div", &[Value::Int(7), Value::Int(2)]), Value::Float(3.5));
    assert_eq!(of("floordiv", &[Value::Int(-7), Value::Int(2)]), Value::Int(-4));
    assert_eq!(of("lt", &[Value::Int(1), Value::Float(1.5)]), Value::Bool(true));
    assert_eq!(of("eq", &[Value::Str("a".into()), Value::Str("a".into())]), Value::Bool(true));
    let hour = Value::Duration { months: 0, micros: 3_600_000_000 };
    assert_eq!(of("mul", &[Value::Int(2), hour.clone()]), Value::Duration { months: 0, micros: 7_200_000_000 });
    assert_eq!(of("div", &[hour.clone(), hour]), Value::Float(1.0));
    assert_eq!(of("round", &[Value::Float(2.345), Value::Int(1)]), Value::Float(2.3));
    assert_eq!(of("round", &[Value::Int(25), Value::Int(-1)]), Value::Int(20));
    assert_eq!(of("clip", &[Value::Int(25), Value::Int(0), Value::Int(9)]), Value::Int(9));
    assert_eq!(of("where", &[Value::Bool(false), Value::Int(1), Value::Int(2)]), Value::Int(2));
    assert_eq!(of("cast", &[Value::Float(2.7), Value::DType(DType::I64)]), Value::Int(2));
    let list = Value::List(Arc::new(vec![Value::Int(1), Value::Int(2)]));
    assert_eq!(of("isin", &[Value::Float(2.0), list]), Value::Bool(true));
    assert_eq!(of("and", &[Value::Bool(true), Value::Bool(false)]), Value::Bool(false));
}

#[test]
fn datetimes_meet_dates_and_durations() {
    let mut bench = Bench::new();
    let day = 86_400_000_000i64;
    let dtype = DType::DateTime(Calendar::Standard);
    let days = bench.array_of(dtype, &[("t", 3)], vec![0, 3 * day, i64::MIN]);
    let after = bench.apply_named("gt", &[a(days), Value::Str("1970-01-02".into())], &[]);
    assert_eq!(shown(&bench, after), "bool[t=3; chunks 3] false true false");
    let hour = Value::Duration { months: 0, micros: day / 24 };
    let later = bench.apply_named("add", &[a(days), hour.clone()], &[]);
    assert_eq!(
        shown(&bench, later),
        format!("datetime[t=3; chunks 3] {} {} {}", day / 24, 3 * day + day / 24, i64::MIN)
    );
    let between = bench.apply_named("sub", &[a(later), a(days)], &[]);
    let hours = bench.apply_named("div", &[a(between), hour], &[]);
    assert_eq!(shown(&bench, hours), "f64[t=3; chunks 3] 1 1 nan");
    let listed = Value::List(Arc::new(vec![Value::Str("1970-01-04".into())]));
    let found = bench.apply_named("isin", &[a(days), listed], &[]);
    assert_eq!(shown(&bench, found), "bool[t=3; chunks 3] false true false");
    let kept = bench.apply_named("where", &[a(after), a(days)], &[]);
    assert_eq!(shown(&bench, kept), format!("datetime[t=3; chunks 3] {0} {1} {0}", i64::MIN, 3 * day));
}

#[test]
fn captured_arguments_are_in_the_text() {
    let mut bench = Bench::new();
    let x = bench.x();
    let list = |items: &[f64]| Value::List(Arc::new(items.iter().map(|&v| Value::Float(v)).collect()));
    let one = bench.apply_named("isin", &[a(x), list(&[2.0, 0.5, 2.0, f64::NAN])], &[]);
    assert!(bench.text(one).contains("isin([0.5, 2])"), "{}", bench.text(one));
    let numbers = bench.apply_named("nan_to_num", &[a(x)], &[("nan", Value::Float(-1.0)), ("posinf", Value::Int(9))]);
    assert!(bench.text(numbers).contains("nan_to_num(-1.0, 9.0, none)"), "{}", bench.text(numbers));
    let many = bench.apply_named("isin", &[a(x), list(&(0..20).map(f64::from).collect::<Vec<_>>())], &[]);
    assert_eq!(bench.values(many).scalars().iter().filter(|s| **s == Scalar::Bool(true)).count(), 9);
}

#[test]
fn choices_have_a_common_dtype() {
    let mut bench = Bench::new();
    let flags = bench.array(&[("t", 3)], vec![true, false, true]);
    let small = bench.array(&[("t", 3)], vec![1i8, 2, 3]);
    let real = bench.array(&[("t", 3)], vec![0.5f32, f32::NAN, 2.5]);
    let mut of = |name: &str, arguments: &[Value]| {
        let out = bench.apply_named(name, arguments, &[]);
        shown(&bench, out)
    };
    assert_eq!(of("where", &[a(flags), a(small), Value::Int(0)]), "i8[t=3; chunks 3] 1 0 3");
    assert_eq!(of("where", &[a(flags), a(small), Value::Float(0.5)]), "f64[t=3; chunks 3] 1 0.5 3");
    assert_eq!(of("where", &[a(flags), a(small), a(real)]), "f32[t=3; chunks 3] 1 nan 3");
    assert_eq!(of("where", &[a(flags), a(real)]), "f32[t=3; chunks 3] 0.5 nan 2.5");
    assert_eq!(of("where", &[a(flags), Value::Int(1), Value::Int(2)]), "i64[t=3; chunks 3] 1 2 1");
    assert_eq!(of("fillna", &[a(real), Value::Int(7)]), "f32[t=3; chunks 3] 0.5 7 2.5");
    assert_eq!(of("fillna", &[a(small), Value::Int(7)]), "i8[t=3; chunks 3] 1 2 3");
    assert_eq!(of("cast", &[a(real), Value::DType(DType::U8)]), "u8[t=3; chunks 3] 0 0 2");
}

/// Literals are weak beside the arrays of all choices, and a single choice has the dims of the index.
#[test]
fn several_choices_have_a_common_dtype() {
    let mut bench = Bench::new();
    let list = |values: &[Value]| Value::List(Arc::new(values.to_vec()));
    let number = a(bench.array(&[("t", 3)], vec![0i64, 1, 2]));
    let real = a(bench.array(&[("y", 2)], vec![0.5f32, 2.5]));
    let [low, high] = [0, 1].map(|n| a(bench.apply_named("gt", &[number.clone(), Value::Int(n)], &[])));
    let conditions = list(&[low, high]);
    let chosen = bench.apply_named("select", &[conditions, list(&[real.clone(), Value::Float(1.5)])], &[]);
    assert_eq!(shown(&bench, chosen), "f32[t=3, y=2; chunks 3x2] 0 0 0.5 2.5 0.5 2.5");
    let chosen = bench.apply_named("choose", &[number, list(&[real])], &[("mode", Value::Str("clip".into()))]);
    assert_eq!(shown(&bench, chosen), "f32[t=3, y=2; chunks 3x2] 0.5 2.5 0.5 2.5 0.5 2.5");
}

#[test]
fn mistakes_in_choices_are_explained() {
    let mut bench = Bench::new();
    let list = |values: &[Value]| Value::List(Arc::new(values.to_vec()));
    let x = a(bench.x());
    let whole = a(bench.array(&[("t", 3)], vec![0u8, 1, 2]));
    let text = || Value::Str("a".into());
    let holds = a(bench.array(&[("t", 3)], vec![true, false, true]));
    let told = [
        bench.say("select", &[list(&[]), list(&[])], &[]),
        bench.say("select", &[holds.clone(), list(&[Value::Int(1)])], &[]),
        bench.say("select", &[list(from_ref(&holds)), list(&[Value::Int(1), Value::Int(2)])], &[]),
        bench.say("select", &[list(from_ref(&whole)), list(&[Value::Int(1)])], &[]),
        bench.say("select", &[list(from_ref(&holds)), list(&[text()])], &[]),
        bench.say("select", &[list(&[holds]), list(from_ref(&whole)), Value::Int(300)], &[]),
        bench.say("choose", &[x.clone(), list(&[Value::Int(1)])], &[]),
        bench.say("choose", &[whole.clone(), list(&[])], &[]),
        bench.say("choose", &[whole.clone(), list(&[Value::Int(1), Value::Int(2)])], &[]),
        bench.say("choose", &[whole.clone(), Value::Int(1)], &[]),
        bench.say("choose", &[text(), list(&[Value::Int(1)])], &[]),
        bench.say("isclose", &[text(), x.clone()], &[]),
        bench.say("isclose", &[x.clone(), x.clone()], &[("rtol", text())]),
        bench.say("isclose", &[x.clone(), x.clone()], &[("equal_nan", Value::Int(1))]),
        bench.say("ldexp", &[x.clone(), Value::Float(0.5)], &[]),
        bench.say("ldexp", &[text(), Value::Int(1)], &[]),
        bench.say("ldexp", &[whole, x], &[]),
    ];
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn casts_round_and_clip_for_packing() {
    let mut bench = Bench::new();
    let real = bench.array(&[("t", 6)], vec![0.5, 1.5, -2.6, 300.0, -1e9, f64::NAN]);
    let wide = bench.array(&[("t", 4)], vec![-5i32, 7, 255, 256]);
    let options = [("round", Value::Bool(true)), ("clip", Value::Bool(true))];
    let out = bench.apply_named("cast", &[a(real), Value::DType(DType::I8)], &options);
    assert_eq!(shown(&bench, out), "i8[t=6; chunks 6] 0 2 -3 127 -128 0");
    let out = bench.apply_named("cast", &[a(wide), Value::DType(DType::U8)], &options);
    assert_eq!(shown(&bench, out), "u8[t=4; chunks 4] 0 7 255 255");
    let out = bench.apply_named("cast", &[a(wide), Value::DType(DType::U8)], &[]);
    assert_eq!(shown(&bench, out), "u8[t=4; chunks 4] 251 7 255 0");
    let date = bench.apply_named(
        "cast",
        &[Value::Str("1970-01-02".into()), Value::DType(DType::DateTime(Calendar::Standard))],
        &[],
    );
    assert_eq!(shown(&bench, date), "datetime[] 86400000000");
}
