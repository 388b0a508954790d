//! Coordinates besides the labels of dims.

use functionfuse::Options;
use functionfuse::array::ArrayType;
use functionfuse::operators::auxiliary::{Keeping, keeping};
use functionfuse::operators::{REGISTRY, reference};
use functionfuse::planner::graph::{NodeKind, Sink};

use crate::programs::{ffrun, oracle, succeed, write};
use crate::world::World;

const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/data/iris/A1B_north_america.nc");

#[test]
fn coordinates_agree_with_xarray() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    oracle("coordinates.py", &[env!("CARGO_BIN_EXE_ffrun"), &folder.path().display().to_string()]);
}

/// What holds of real data and of coordinates that are computed.
const TRUE: &[&str] = &[
    "x.height == 1.5 and mean(x).height == 1.5",
    "all(x[time: 10..<20].forecast_period == x.forecast_period[time: 10..<20])",
    "x[time: 3].time == x.time[3] and x[time: 3].time.year == 1863",
    "(x |> sel(latitude: 20, longitude: 270, method: nearest)).latitude == 20",
    "all((x - mean(x, time)).forecast_period == x.forecast_period)",
    "all(large[t: 3..<6].two == large.two[t: 3..<6])",
    "(large |> mean(t)).one == 7 and all((large |> mean(s)).half == large.half)",
    "all((large * 2 + large).two == large.two)",
    "all((large |> groupby(half) |> sum()).half == drop_coords(large.half[(0..) step 2] |> rename(t: half)))",
    "all(concat([large, large], t).half[6..] == large.half)",
    "all((diff(large, t)).half == large.half[1..]) and all(sort(large, s).half == large.half)",
    "swap_dims(large, t: half).half[3] == 1 and swap_dims(large, t: half).t[5] == 5",
    "all(reset_coords({a: large}, half).half == large.half)",
    "all(set_coords({a: large, b: large.t * 3}, b).a.b == large.t * 3)",
];

#[test]
fn coordinates_follow_their_arrays() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut script = format!(
        "source a = open(\"{DATA}\")\nlet x = a.air_temperature\nlet t = arange(6, dim: t)\nlet s = arange(4, dim: s)\n\
         let large = t * 10 + s |> assign_coords(t: 0..<6) |> assign_coords(one: 7, half: t // 2, two: t - s)\n"
    );
    TRUE.iter().for_each(|holds| script += &format!("assert {holds}, \"{}\"\n", holds.replace(['{', '}', '"'], "")));
    succeed(&[&write(folder.path(), "s.ff", &script)]);
}

/// What no end needs is neither in the plan nor read: here it could not be.
#[test]
fn what_nobody_needs_is_not_read() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = folder.path().join("in.zarr").display().to_string();
    let script = format!(
        "let x = arange(6, dim: t) + arange(4, dim: s)\n\
         sink {{x: assign_coords(x, two: x * 2, lead: x.t * 3)}} to zarr(\"{store}\")\n"
    );
    succeed(&[&write(folder.path(), "made.ff", &script)]);
    for name in ["two", "lead"] {
        let chunks = folder.path().join("in.zarr").join(name).join("c");
        std::fs::remove_dir_all(&chunks).expect("chunks to take away");
        std::fs::write(&chunks, "no chunks").expect("a file in their place");
    }
    let without = "print (a.x |> sum(t, s)), (a.x[t: 1] * 2 - a.x[t: 2]) |> sum()\nassert all(a.x >= 0)\n";
    succeed(&[&write(folder.path(), "s.ff", &format!("source a = open(\"{store}\")\n{without}"))]);
    let out = folder.path().join("out.zarr").display().to_string();
    let needed = format!("source a = open(\"{store}\")\nsink {{r: a.x}} to zarr(\"{out}\")\n");
    let output = ffrun(&[&write(folder.path(), "n.ff", &needed)]);
    assert_eq!(output.status.code(), Some(3), "{}", String::from_utf8_lossy(&output.stderr));
    let dropped = format!("source a = open(\"{store}\")\nsink {{r: drop_coords(a.x)}} to zarr(\"{out}\")\n");
    succeed(&[&write(folder.path(), "d.ff", &dropped)]);
}

/// Printed beside an array: values where they are few, dims where there are several.
#[test]
fn coordinates_are_shown() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let script = "let t = arange(3, dim: t)\nlet x = t * 10 + arange(2, dim: s) |> assign_coords(t: [5, 6, 7])\n\
                  print assign_coords(x, level: 850.5, half: t // 2, two: x * 2)[t: 1..]\nprint x[t: 1]\nprint x[t: 1, s: 0]\n";
    let shown = succeed(&[&write(folder.path(), "s.ff", script)]);
    insta::assert_snapshot!(shown);
    let store = folder.path().join("out.nc").display().to_string();
    let script = script.lines().take(2).collect::<Vec<_>>().join("\n")
        + &format!("\nsink {{r: assign_coords(x, level: 850.5, two: x * 2)}} to netcdf(\"{store}\")\n");
    succeed(&[&write(folder.path(), "w.ff", &script)]);
    let told = succeed(&["info", &store]);
    assert!(told.contains("coordinates: level two"), "{told}");
}

/// Stores grow with the coordinates that lie along the dim.
#[test]
fn stores_grow_with_their_coordinates() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = folder.path().join("out.zarr").display().to_string();
    let made = |from: u32, to: u32, mode: &str| {
        format!(
            "let t = arange({from}, {to}, 1, dim: t)\nlet x = t * 10 + arange(2, dim: s) |> assign_coords(t: {from}..<{to})\n\
             sink {{x: assign_coords(x, half: t // 2, level: 3, more: t)}} to zarr(\"{store}\"){mode}\n"
        )
    };
    let first = made(0, 5, "").replace(", more: t", "");
    succeed(&[&write(folder.path(), "a.ff", &first)]);
    succeed(&[&write(folder.path(), "b.ff", &made(5, 9, " { mode: append(t) }"))]);
    let read = format!(
        "source a = open(\"{store}\")\nassert a.x.dims[0] == \"t\" and a.x.t.size == 9 and all(a.x.half == a.x.t // 2)\n\
         assert a.x.level == 3 and all(a.x == a.x.t * 10 + arange(2, dim: s))\n"
    );
    succeed(&[&write(folder.path(), "r.ff", &read)]);
}

/// The names and types of the coordinates that are shown beside what a script prints, none where it is not sound.
fn beside(script: &str) -> Option<Vec<(String, ArrayType)>> {
    let checked = functionfuse::check("coordinates", script, &Options::default(), &World).ok()?;
    let graph = &checked.lowered.graph;
    let shown = graph.ids().into_iter().filter_map(|id| match &graph[id].kind {
        NodeKind::Sink(Sink::Print { beside, .. }) => Some(beside),
        _ => None,
    });
    Some(shown.flatten().map(|one| (one.name.clone(), (*one.ty).clone())).collect())
}

/// Operators that give the arrays as they are, or whose examples end in calls of others.
const ENDING_IN_OTHERS: &[&str] = &["aggregate", "assign", "bins", "random.normal", "select_vars"];

/// After an operator of which nothing is known only single values are left, whatever its example does besides.
#[test]
fn what_is_not_known_keeps_single_values_only() {
    let bare = reference::PREAMBLE.replace("let x", "let bare");
    let labelled =
        "let x = assign_coords(bare, one: 7, half: arange(6, dim: t) // 2, side: arange(4, dim: y), two: bare * 2)";
    let (mut wrong, mut kept) = (Vec::new(), 0);
    for row in REGISTRY.iter().flat_map(|(_, rows)| rows.iter()) {
        let script = format!("{bare}\n{labelled}\nprint {}\n", row.example);
        let names = beside(&script).unwrap_or_else(|| panic!("{script}"));
        match keeping(row.name) {
            Keeping::Singles if !ENDING_IN_OTHERS.contains(&row.name) => {
                let along = names.iter().filter(|(_, ty)| ty.rank() > 0);
                wrong.extend(along.map(|(name, ty)| format!("{}: `{name}`, {ty}", row.example)));
            }
            _ => kept += usize::from(names.iter().any(|(_, ty)| ty.rank() > 0)),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(kept > 150, "after {kept} operators coordinates are left");
}

/// What moves elements, as calls of `$`.
const MOVES: &[&str] = &[
    "isel($, t: [3, 1, 1])",
    "isel($, s: 1..)",
    "isel($, t: 2)",
    "isel($, t: p, s: p)",
    "isel($, s: p)",
    "isel($, s: q)",
    "isel($, s: q) |> flip(t)",
    "isel($, t: line % 2 == 0)",
    "sel($, t: 3)",
    "sel($, t: [5, 2])",
    "sel($, s: 1..2)",
    "sel($, t: p, s: p)",
    "flip($, t)",
    "flip($)",
    "head($, t: 3)",
    "tail($, s: 2)",
    "thin($, t: 2)",
    "take($, [2, 0], s)",
    "take($, [5, 2, 7])",
    "take($, 1, t)",
    "delete($, 0, t)",
    "delete($, [0, 1, 2, 3], t)",
    "compress($, [true, false, true, true], s)",
    "sortby($, t * -1)",
    "sortby($, s, descending: true)",
    "sortby($, [2, 0, 1, 3])",
    "repeat($, t: 2)",
    "tile($, t: 2)",
    "tile($, s: 1)",
    "stack($, cell: [t, s])",
    "stack($, t: [s, t])",
    "stack($, s: [t, s])",
    "unstack($, t: {a: 3, b: 2})",
    "unstack($, t: {t: 3, b: 2})",
    "unstack($, t: {b: 1, t: 6})",
    "unstack($, cell: {t: 6, s: 4})",
    "unstack($, cell: {s: 4, t: 6})",
    "unstack($, t: {t: 6, s: 4})",
    "unstack($, t: {s: 4, t: 6})",
    "reshape($, {t: 6, s: 4})",
    "reshape($, {s: 4, t: 6})",
    "reshape($, {t: 4, s: 6}) |> rename(t: s, s: t)",
    "ravel($, dim: t)",
    "ravel($, dim: cell)",
    "transpose($)",
    "swapaxes($, t, s)",
    "rename($, t: s, s: t)",
    "rename($, t: a)",
    "rename($, a: t)",
    "rename($, cell: t)",
    "rot90($, t, s)",
    "rot90($, t, s, k: 2)",
    "diagonal($)",
    "diagonal($, dim: t)",
    "fftshift($, t)",
    "ifftshift($)",
    "random.permutation($, t, seed: 3)",
    "random.permutation($, seed: 1)",
    "sort($, t, descending: true)",
    "topk($, 4, s)",
    "topk($, 6, t)",
    "concat([$, $], t)",
    "concat([flip($, t), $], t)",
    "stack([$, flip($, s)], k)",
    "stack([$, flip($, s)], k) |> isel(k: 1)",
    "append($[t: 3..], $[t: 0..<3], t)",
    "vstack([$, $])",
    "stack([drop_coords($, s), drop_coords(flip($, s), s)], k) |> isel(k: 1)",
    "drop_coords($) |> assign_coords(both: $) |> flip(t)",
    "hstack([$[s: 2..], $[s: 0..<2]])",
    "insert($[t: 1..], 5, $[t: 0], t)",
    "align($, flip($, t), join: right)[0]",
    "align($[t: 2..], $, join: left)[1]",
    "align({u: $}, {u: flip($, t)}, join: left)[1].u",
    "align($, flip($, t), join: override)[1]",
    "reindex($, t: [5, 0, 3])",
    "reindex($, t: [5, 0, 3, 1, 2, 4])",
    "reindex_like($, flip($, t))",
    "interp($, t: [1, 3, 4])",
    "broadcast($, {k: 2})",
    "broadcast_arrays($, arange(3, dim: k))[0]",
    "expand_dims($, k) |> squeeze(k)",
    "squeeze($)",
    "extract($, $ >= 0, dim: t)",
    "extract($, $ % 10 == 1, dim: t)",
    "extract($, $ > 20, dim: s)[s: 0..<4]",
    "blocks(rechunk($, t: 3), t: 1)",
    "blocks(rechunk($, t: 3), t: [1, 0])",
    "combine_first($, flip($, t))",
    "combine_first(flip($, t), $)",
    "where($ > 20, $, drop: true)",
    "dropna(where($ > 20, $), t)",
    "pad($, t: 1, mode: wrap)[t: 0..<6]",
    "pad($, s: [0, 1], mode: edge)",
    "drop_coords($, t)",
    "drop_coords($, t, s)",
    "assign_coords($, t: 0..<6)",
    "assign_coords($, t: [1, 1, 1, 1, 1, 1])",
    "assign_coords($, t: [5, 3, 4, 1, 0, 2])",
    "swap_dims($, t: row) |> rename(row: t)",
    "groupby($, {t: t * -1}) |> first()",
    "groupby($, {t: t * -1}) |> cumsum() |> fillna(0) |> add($ * 0)",
    "einsum(\"ts->st\", $)",
    "transpose(einsum(\"ts->st\", $), s, t)",
    "matmul($, mirror) |> rename(s2: s)",
    "tensordot(mirror, $, axes: [[\"s2\"], [\"s\"]]) |> transpose(t, s)",
    "where($ > 30, $, $)",
    "$ + 0",
    "where(flip($, t) >= 0, $, 0)",
    "rolling($, t: 1) |> max()",
    "rolling($, t: 1) |> construct(w) |> isel(w: 0)",
    "coarsen($, t: 1) |> mean()",
    "coarsen($, t: 2) |> construct(t: [b, t]) |> isel(b: 0)",
    "coarsen($, t: 2) |> construct(t: [t, b]) |> isel(b: 0)",
    "({a: $, b: $})[t: 1..].b",
    "shifted($, boundary: wrap) |> roll(t: 1) |> drop_coords(row, both)",
];

const MOVED: &str = "stencil shifted(u) = u[t: 1]
let line = arange(6, dim: t)
let across = arange(4, dim: s)
let p = assign_coords(arange(3, dim: station) + 1, code: arange(3, dim: station))
let q = (arange(6, dim: t) * 7) % 4
let mirror = where(arange(4, dim: s) + arange(4, dim: s2) == 3, 1.0, 0.0)
let bare = line * 10.0 + across
let m = assign_coords(bare, row: line * 10, column: across, both: bare, one: 7)
";

/// Elements that say where they come from, with coordinates that say the same, are moved by chains of calls. What is left of
/// coordinates then has to say the same still.
#[test]
fn coordinates_go_where_elements_go() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut state = 7u64;
    let mut draw = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    let (mut script, mut sound, mut kept) = (MOVED.to_owned(), 0, 0);
    for number in 0..1200 {
        let labelled = if number % 2 == 0 { "assign_coords(m, t: 0..<6, s: 0..<4)" } else { "m" };
        let first = if number < 2 * MOVES.len() { number / 2 } else { draw(MOVES.len()) };
        let length = if number < 2 * MOVES.len() { 0 } else { 1 + draw(3) };
        let chain: Vec<&str> =
            [first].into_iter().chain((0..length).map(|_| draw(MOVES.len()))).map(|i| MOVES[i]).collect();
        let steps: Vec<String> = chain
            .iter()
            .enumerate()
            .map(|(i, step)| format!("let v{number}_{} = {}\n", i + 1, step.replace('$', &format!("v{number}_{i}"))))
            .collect();
        let last = format!("v{number}_{}", chain.len());
        let text = format!("let v{number}_0 = {labelled}\n{}", steps.concat());
        let Some(names) = beside(&format!("{MOVED}{text}print {last}\n")) else { continue };
        sound += 1;
        script += &text;
        for (name, expected) in [("row", "// 10 * 10"), ("column", "% 10"), ("both", "")] {
            if names.iter().any(|(own, _)| own == name) {
                kept += 1;
                let said = chain.join(" |> ").replace(['"', '{', '}'], "");
                script += &format!(
                    "assert all(isnan({last}) or {last}.{name} == {last} {expected}), \"{labelled}: {said}: {name}\"\n"
                );
            }
        }
    }
    assert!(sound > 300 && kept > 300, "{sound} chains are sound, and {kept} coordinates left");
    succeed(&[&write(folder.path(), "s.ff", &script)]);
}
