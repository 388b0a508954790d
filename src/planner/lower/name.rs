//! What a name that is no operator may be meant as, such as other libraries' names.

use crate::operators::error::closest;

use super::call::listed;
use super::scope::operator_names;

/// Names of other libraries and languages, and what to write here.
const SYNONYMS: &[(&str, &str)] = &[
    ("absolute", "abs(x)"),
    ("arccos", "acos(x)"),
    ("arcsin", "asin(x)"),
    ("arctan", "atan(x)"),
    ("arctan2", "atan2(y, x)"),
    ("around", "round(x, 2)"),
    ("array", "full({t: 3}, 1.0)"),
    ("astype", "x as f32"),
    ("average", "mean(x)"),
    ("avg", "mean(x)"),
    ("ceiling", "ceil(x)"),
    ("chunk", "rechunk(x, time: 100)"),
    ("concatenate", "concat([a, b], t)"),
    ("crop", "sel(x, lat: 60..30)"),
    ("date", r#""2001-01-01" as datetime"#),
    ("datetime", r#""2001-01-01" as datetime"#),
    ("drop_vars", "drop_coords(x)"),
    ("filter", "x where x > 0"),
    ("gaussian_filter", "gaussian(x, y: 2)"),
    ("grey_dilation", "dilate(x, y: 3)"),
    ("grey_erosion", "erode(x, y: 3)"),
    ("group_by", "groupby(x, time.month)"),
    ("groupby_day", "groupby(x, time.day)"),
    ("groupby_month", "groupby(x, time.month)"),
    ("groupby_season", "groupby(x, time.season)"),
    ("groupby_year", "groupby(x, time.year)"),
    ("ifelse", "where(cond, a, b)"),
    ("iloc", "isel(x, time: 0..<10)"),
    ("len", "x.size"),
    ("length", "x.size"),
    ("ln", "log(x)"),
    ("loc", r#"sel(x, time: "1991".."2020")"#),
    ("map", "[f(k) for k in 0..<4]"),
    ("mask", "x where x > 0"),
    ("multiply", "a * b"),
    ("nanmax", "max(x)"),
    ("nanmean", "mean(x)"),
    ("nanmin", "min(x)"),
    ("nanstd", "std(x)"),
    ("nansum", "sum(x)"),
    ("nanvar", "var(x)"),
    ("open", r#"source data = open("file.nc")"#),
    ("open_dataset", r#"source data = open("file.nc")"#),
    ("open_zarr", r#"source data = zarr("store.zarr")"#),
    ("piecewise", "select([x < 0, x > 1], [-x, 1], x)"),
    ("permute", "transpose(x, lat, lon)"),
    ("pow", "a ** b"),
    ("power", "a ** b"),
    ("product", "prod(x)"),
    ("read", r#"source data = open("file.nc")"#),
    ("resize", "interp(x, lat: values)"),
    ("roll_mean", "rolling(x, time: 5) |> mean()"),
    ("rolling_mean", "rolling(x, time: 5) |> mean()"),
    ("save", r#"sink x to zarr("store.zarr")"#),
    ("select", r#"sel(x, time: "1991".."2020")"#),
    ("size", "x.size"),
    ("slice", "isel(x, time: 0..<10)"),
    ("smooth", "rolling(x, time: 5) |> mean()"),
    ("stddev", "std(x)"),
    ("stdev", "std(x)"),
    ("subtract", "a - b"),
    ("swapaxes", "transpose(x, lat, lon)"),
    ("to_netcdf", r#"sink x to netcdf("file.nc")"#),
    ("to_zarr", r#"sink x to zarr("store.zarr")"#),
    ("timedelta", "6h"),
    ("to_datetime", r#""2001-01-01" as datetime"#),
    ("total", "sum(x)"),
    ("trapezoid", "integrate(x, time)"),
    ("trapz", "integrate(x, time)"),
    ("uniform_filter", "uniform(x, y: 3)"),
    ("variance", "var(x)"),
    ("write", r#"sink x to zarr("store.zarr")"#),
];

/// The help line for a call of something that does not exist.
pub(super) fn suggestion(name: &str, functions: &[String]) -> Option<String> {
    let bare = name.rsplit('.').next();
    if let Some((_, how)) = SYNONYMS.iter().find(|(synonym, _)| *synonym == name || Some(*synonym) == bare) {
        return Some(format!("write `{how}`"));
    }
    let known: Vec<&str> = operator_names().collect();
    if let Some((family, _)) = name.split_once('.') {
        let is_of_family = |k: &&&str| k.strip_prefix(family).is_some_and(|rest| rest.starts_with('.'));
        let mut members: Vec<&str> = known.iter().filter(is_of_family).copied().collect();
        let mut seen = std::collections::BTreeSet::new();
        members.retain(|member| seen.insert(*member));
        if !members.is_empty() && closest(name, members.iter().copied()).is_none() {
            return Some(format!("there are {}", listed(&members)));
        }
    }
    closest(name, functions.iter().map(String::as_str).chain(known)).map(|near| format!("did you mean `{near}`?"))
}
