//! What users of CDO do: the page that shows it here, and the library of the same names.

use crate::programs::{oracle, succeed, write};

#[test]
fn one_liners_agree_with_cdo() {
    if std::process::Command::new("cdo").arg("-V").output().is_err() {
        eprintln!("SKIPPED: there is no cdo");
        return;
    }
    oracle("cdo.py", &[env!("CARGO_BIN_EXE_ffrun"), "docs/cdo.md"]);
}

/// Each function of the library, and what it stands for.
const MEANINGS: &[(&str, &str)] = &[
    ("fldmean(t)", "mean(t, lat, lon, weights: cos(radians(t.lat)))"),
    ("fldstd(t)", "std(t, lat, lon, weights: cos(radians(t.lat)))"),
    ("zonmean(t)", "mean(t, lon)"),
    ("mermean(t)", "mean(t, lat, weights: cos(radians(t.lat)))"),
    ("timmean(t)", "mean(t, time)"),
    ("timstd(t)", "std(t, time)"),
    ("timpctl(t, 90)", "quantile(t, 0.9, time)"),
    ("daymean(t)[time: 0]", "t[time: 0]"),
    ("monmean(t)", "t"),
    ("monsum(t)", "t"),
    ("yearmean(t)[time: 1]", "mean(t[time: 12..<24], time)"),
    ("yearmax(t)[time: 1]", "max(t[time: 12..<24], time)"),
    ("ymonmean(t)[month: 2]", "mean(t[time: t.time.month == 3], time)"),
    ("ydaymean(t)[dayofyear: 0]", "mean(t[time: t.time.dayofyear == t.time.dayofyear[0]], time)"),
    ("yseasmean(t)[season: 0]", "mean(t[time: t.time.month in [12, 1, 2]], time)"),
    ("ymonsub(t)", "t - (t |> groupby(time.month) |> mean() |> sel(month: t.time.month))"),
    ("ydaysub(t)", "t - (t |> groupby(time.dayofyear) |> mean() |> sel(dayofyear: t.time.dayofyear))"),
    ("runmean(t, 3)[time: 1]", "mean(t[time: 0..<3], time)"),
    ("selmon(t, [1])", "t[time: (0..) step 12]"),
    ("sellonlatbox(t, 0, 1, 88, 89)", "t |> sel(lon: 0..1, lat: 88..89)"),
    ("gtc(t, 250)", "where(t > 250, 1, 0) as f32"),
    ("setmisstoc(t where t > 250, 0)", "where(t > 250, t, 0)"),
    ("setctomiss(t, 250)", "t where t != 250"),
    ("latweights(kace.lat_bnds)", "(sin(radians(kace.lat_bnds[.., 1])) - sin(radians(kace.lat_bnds[.., 0]))) * 0.5"),
    ("fldmean_bnds(t, kace.lat_bnds)", "mean(t, lat, lon, weights: climate.latweights(kace.lat_bnds))"),
    ("remapbil(t, t[lat: 1.., lon: 1..])", "t[lat: 1.., lon: 1..]"),
    ("remapnn(t, t[lat: 1.., lon: 1..])", "t[lat: 1.., lon: 1..]"),
    ("trend(t)", "((t - detrend(t, time))[time: 119] - (t - detrend(t, time))[time: 0]) / 9.774127"),
    ("detrended(t)", "detrend(t, time)"),
    ("eof(small).s", "svd(stack((small - mean(small, time)) * sqrt(cos(radians(small.lat))), cell: [lat, lon])).s"),
    ("fd(t)[time: 0]", "sum(t[time: 0..<12] < 273.15, time)"),
    ("su(t + 40)[time: 1]", "sum(t[time: 12..<24] > 258.15, time)"),
    ("id(t)[time: 1]", "sum(t[time: 12..<24] < 273.15, time)"),
    ("tr(t + 40)[time: 0]", "sum(t[time: 0..<12] > 253.15, time)"),
    ("txx(t)", "t"),
    ("txn(t)", "t"),
    ("tnx(t)", "t"),
    ("tnn(t)", "t"),
    ("dtr(t + 5, t)", "t * 0 + 5"),
    ("rx1day(t)", "t"),
    ("rx5day(t)[time: 4..<9]", "(rolling(t, time: 5) |> sum())[time: 4..<9]"),
    ("sdii(t - 250)[time: 0]", "mean((t - 250 where t >= 251)[time: 0..<12], time)"),
    ("rnnmm(t, 250)[time: 0]", "sum(t[time: 0..<12] >= 250, time)"),
    ("r10mm(t - 240)[time: 0]", "sum(t[time: 0..<12] >= 250, time)"),
    ("r20mm(t - 240)[time: 0]", "sum(t[time: 0..<12] >= 260, time)"),
    ("prcptot(t)[time: 0]", "sum(t[time: 0..<12], time)"),
    ("r95ptot(t, t)[time: 0]", "sum((t where t > quantile(t, 0.95, time))[time: 0..<12], time)"),
    ("runlength(p > 0)", "p"),
    ("cdd(p)", "full({time: 1}, 1.0)"),
    ("cwd(p)", "full({time: 1}, 6.0)"),
    ("hd17(t)[time: 0]", "sum(maximum(290.15 - t[time: 0..<12], 0), time)"),
];

#[test]
fn the_library_says_what_it_means() {
    let library = concat!(env!("CARGO_MANIFEST_DIR"), "/lib/climate.ff");
    let text = std::fs::read_to_string(library).expect("the library");
    for function in text.lines().filter_map(|line| line.strip_prefix("fn ")?.split_once('(')) {
        let is_there = MEANINGS.iter().any(|(call, _)| call.starts_with(&format!("{}(", function.0)));
        assert!(is_there, "{} is not tested", function.0);
    }
    let data = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/examples/data/cmip6/ta_Amon_KACE-1-0-G_historical_r1i1p1f1_gr_185001-201412.nc"
    );
    let mut script = format!(
        "import \"{library}\" as climate\nsource kace = open(\"{data}\")\nlet t = kace.ta[time: 0..<120]\n\
         let p = (arange(30, dim: time) % 7) as f64 |> assign_coords(time: [(\"2001-01-01\" as datetime) + k * 1d for k in 0..<30])\n\
         let small = t[plev: 0]\n"
    );
    for (call, meaning) in MEANINGS {
        script += &format!(
            "assert max(abs(drop_coords(climate.{call}) - drop_coords({meaning}))) < 1e-3, \"{}\"\n",
            call.replace('"', "")
        );
        script += &format!("assert count(climate.{call}) == count({meaning}) and count({meaning}) > 0\n");
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    succeed(&[&write(folder.path(), "library.ff", &script)]);
}
