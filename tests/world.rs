//! A fixed world for tests of the planner: a few described files, their coordinates and a few
//! scripts to import. Nothing is read from disk.

use std::sync::Arc;

use functionfuse::array::block::Element;
use functionfuse::array::{AttrValue, Attributes, Block, DType, DimName, Scalar};
use functionfuse::diagnostic::Diagnostics;
use functionfuse::parser::ast::Program;
use functionfuse::planner::catalog::{
    Catalog, CatalogError, Existing, Location, SinkForm, StorageOptions, Stored, StoredArray, StoredGroup,
};
use functionfuse::planner::persist::{Manifest, Results, Serializer, SourcePart};
use functionfuse::planner::target::{ArraySpec, TargetOptions};
use functionfuse::runtime::serializers::kept::SERIALIZERS;
use functionfuse::runtime::serializers::sinks;
use functionfuse::source::SourceMap;

/// The catalog of the world.
pub struct World;

/// Scripts that can be imported.
const SCRIPTS: &[(&str, &str)] = &[
    ("lib.ff", "## Kelvin to Celsius.\nfn celsius(x) = x - 273.15\nlet zero = 273.15\nparam offset: float = 1.0\n"),
    ("cycle.ff", "import \"other.ff\" as other\nfn f(x) = x\n"),
    ("other.ff", "import \"cycle.ff\"\n"),
    ("broken.ff", "let x = \nlet y = nowhere\n"),
];

/// Gives an imported script.
pub fn load(path: &str, sources: &mut SourceMap) -> Result<(Program, Diagnostics), String> {
    let (_, text) = SCRIPTS.iter().find(|(name, _)| *name == path).ok_or("no such file")?;
    let file = sources.add(path, *text).clone();
    Ok(functionfuse::parser::parse(&file))
}

fn text(name: &str, value: &str) -> (String, AttrValue) {
    (name.to_owned(), AttrValue::Str(value.to_owned()))
}

fn number(name: &str, dtype: DType, value: Scalar) -> (String, AttrValue) {
    (name.to_owned(), AttrValue::Number(dtype, value))
}

fn float(name: &str, value: f64) -> (String, AttrValue) {
    number(name, DType::F64, Scalar::Float(value))
}

fn array(path: &str, dtype: DType, dims: &[(&str, u64)], attrs: Vec<(String, AttrValue)>) -> (String, StoredArray) {
    let array = StoredArray {
        path: path.to_owned(),
        dtype,
        shape: dims.iter().map(|(_, n)| *n).collect(),
        dims: dims.iter().map(|(name, _)| (!name.is_empty()).then(|| DimName::new(name))).collect(),
        chunks: (dims.len() > 1).then(|| dims.iter().map(|(_, n)| n.div_ceil(2)).collect()),
        inner_chunks: None,
        codec: String::new(),
        stored_bytes: None,
        attrs: Arc::new(attrs.into_iter().collect::<Attributes>()),
    };
    (path.rsplit('/').next().unwrap().to_owned(), array)
}

fn group(path: &str, attrs: Vec<(String, AttrValue)>, arrays: Vec<(String, StoredArray)>) -> StoredGroup {
    let attrs = Arc::new(attrs.into_iter().collect::<Attributes>());
    StoredGroup { path: path.to_owned(), attrs, arrays, groups: Vec::new(), unsupported: Vec::new() }
}

/// Twenty-four months of a small globe.
fn air() -> StoredGroup {
    let grid = [("time", 24), ("lat", 6), ("lon", 8)];
    let kelvin = || vec![text("units", "K"), text("long_name", "air temperature")];
    let mut packed = kelvin();
    packed.extend([
        number("_FillValue", DType::I16, Scalar::Int(-32767)),
        float("scale_factor", 0.01),
        float("add_offset", 273.15),
    ]);
    let arrays = vec![
        array("/time", DType::I32, &[("time", 24)], vec![text("units", "days since 1990-01-01"), text("axis", "T")]),
        array("/lat", DType::F32, &[("lat", 6)], vec![text("units", "degrees_north")]),
        array("/lon", DType::F32, &[("lon", 8)], vec![text("units", "degrees_east")]),
        array("/air", DType::F32, &grid, kelvin()),
        array("/t2m", DType::I16, &grid, packed),
        array("/counts", DType::I32, &[("lat", 6), ("lon", 8)], vec![]),
        array("/height", DType::F64, &[], vec![]),
    ];
    let mut root = group("/", vec![text("Conventions", "CF-1.7"), text("history", "made by hand")], arrays);
    let sst = array("/ocean/sst", DType::F32, &grid, kelvin());
    root.groups.push(("ocean".to_owned(), group("/ocean", vec![], vec![sst])));
    root.unsupported.push(("track".to_owned(), "a compound type".to_owned()));
    root
}

/// A year of a model whose months have thirty days.
fn model() -> StoredGroup {
    let time = vec![text("units", "days since 2000-01-01"), text("calendar", "360_day")];
    let arrays = vec![
        array("/time", DType::F64, &[("time", 12)], time),
        array("/lat", DType::F32, &[("lat", 4)], vec![]),
        array("/tas", DType::F32, &[("time", 12), ("lat", 4)], vec![text("units", "K")]),
    ];
    group("/", vec![], arrays)
}

/// One year of several that are joined.
fn year(dtype: DType, start: &str) -> StoredGroup {
    let time = vec![text("units", start)];
    let arrays = vec![
        array("/time", DType::I64, &[("time", 12)], time),
        array("/x", DType::F64, &[("x", 3)], vec![]),
        array("/rain", dtype, &[("time", 12), ("x", 3)], vec![]),
    ];
    group("/", vec![], arrays)
}

/// Arrays whose dims no file names.
fn plain() -> StoredGroup {
    let unreadable = |name: &str| vec![(name.to_owned(), AttrValue::Unreadable("compound elements".to_owned()))];
    let a = array("/a", DType::F64, &[("", 10), ("", 20)], unreadable("origin"));
    let b = array("/b", DType::F64, &[("", 20)], vec![]);
    let c = array("/c", DType::I16, &[("", 20)], unreadable("scale_factor"));
    group("/", vec![], vec![a, b, c])
}

/// Seven years of daily values, a gigabyte, in chunks that are short in time.
fn grid() -> StoredGroup {
    let (name, mut x) = array("/x", DType::F32, &[("time", 2557), ("lat", 256), ("lon", 384)], vec![]);
    x.chunks = Some(vec![24, 256, 384]);
    group("/", vec![], vec![(name, x)])
}

/// A curvilinear grid, whose coordinates are named by an attribute. One of them cannot be decoded.
fn curved() -> StoredGroup {
    let place = [("y", 3), ("x", 4)];
    let lead = vec![("scale_factor".to_owned(), AttrValue::Unreadable("compound elements".to_owned()))];
    let arrays = vec![
        array("/time", DType::I32, &[("time", 12)], vec![text("units", "days since 1990-01-01")]),
        array("/lat2", DType::F64, &place, vec![text("units", "degrees_north")]),
        array("/lon2", DType::F64, &place, vec![text("units", "degrees_east")]),
        array("/height", DType::F64, &[], vec![]),
        array("/lead", DType::I16, &[("time", 12)], lead),
        array(
            "/t",
            DType::F32,
            &[("time", 12), ("y", 3), ("x", 4)],
            vec![text("coordinates", "lat2 lon2 height lead")],
        ),
    ];
    group("/", vec![], arrays)
}

/// Times that no calendar has.
fn bad() -> StoredGroup {
    let time = vec![text("units", "days since the flood")];
    let arrays =
        vec![array("/time", DType::I32, &[("time", 3)], time), array("/x", DType::F32, &[("time", 3)], vec![])];
    group("/", vec![], arrays)
}

/// Times finer than a microsecond.
fn fine() -> StoredGroup {
    let time = array("/time", DType::I64, &[("time", 3)], vec![text("units", "nanoseconds since 2000-01-01")]);
    group("/", vec![], vec![time, array("/x", DType::F32, &[("time", 3)], vec![])])
}

fn stored(url: &str) -> Option<Stored> {
    Some(match url {
        "air.nc" => Stored::Group(air()),
        "model.nc" => Stored::Group(model()),
        "rain_2000.nc" => Stored::Group(year(DType::F32, "days since 2000-01-01")),
        "rain_2001.nc" => Stored::Group(year(DType::F32, "days since 2001-01-01")),
        "rain_odd.nc" => Stored::Group(year(DType::I16, "days since 2002-01-01")),
        "plain.h5" => Stored::Group(plain()),
        "fine.nc" => Stored::Group(fine()),
        "curved.nc" => Stored::Group(curved()),
        "bad.nc" => Stored::Group(bad()),
        "grid.zarr" => Stored::Group(grid()),
        "bare.npy" => Stored::Array(array("/", DType::F64, &[("", 100), ("", 4)], vec![]).1),
        _ => return None,
    })
}

fn steps<T: Element>(count: u64, value: impl Fn(f64) -> f64) -> Block {
    let element = |i: u64| T::from_scalar(&Scalar::Float(value(i as f64)));
    Block::from_list((0..count).map(element).collect::<Vec<T>>())
}

impl Catalog for World {
    fn set_storage(&self, _: &str, _: &StorageOptions) -> Result<(), CatalogError> {
        Ok(())
    }

    fn describe(&self, location: &Location) -> Result<Arc<Stored>, CatalogError> {
        stored(&location.url).map(Arc::new).ok_or_else(|| {
            CatalogError::new("ff::source::not_found", format!("`{}` does not exist", location.url))
                .with_help("paths are relative to the folder the run starts in")
        })
    }

    fn values(&self, location: &Location, path: &str) -> Result<Block, CatalogError> {
        Ok(match (location.url.as_str(), path) {
            ("air.nc", "/time") => steps::<i32>(24, |i| (i * 30.4375).floor()),
            ("air.nc", "/lat") => steps::<f32>(6, |i| 75.0 - 30.0 * i),
            ("air.nc", "/lon") => steps::<f32>(8, |i| 45.0 * i),
            ("model.nc", "/time") => steps::<f64>(12, |i| 30.0 * i),
            ("model.nc", "/lat") => steps::<f32>(4, |i| 30.0 * i),
            ("fine.nc", "/time") => steps::<i64>(3, |i| 490.0 * i),
            ("curved.nc", "/time") => steps::<i32>(12, |i| 31.0 * i),
            ("curved.nc", "/height") => Block::from_vec(&[], vec![2.0f64]).expect("one value"),
            (_, "/time") => steps::<i64>(12, |i| 30.0 * i),
            (_, "/x") => steps::<f64>(3, |i| i),
            (url, path) => panic!("the values of {path} in {url} are not metadata"),
        })
    }

    fn expand(&self, location: &Location) -> Result<Vec<Location>, CatalogError> {
        let found: &[&str] = match location.url.as_str() {
            "rain_20*.nc" => &["rain_2000.nc", "rain_2001.nc"],
            "rain_*.nc" => &["rain_2000.nc", "rain_2001.nc", "rain_odd.nc"],
            _ => &[],
        };
        Ok(found.iter().map(|url| Location { url: (*url).to_owned(), ..location.clone() }).collect())
    }

    fn existing(&self, location: &Location) -> Existing {
        match location.url.as_str() {
            "thesis" => Existing::Foreign("a folder that holds `chapter-1.tex`, `chapter-2.tex`".to_owned()),
            url if url == "exists.zarr" || stored(url).is_some() => Existing::Replaceable,
            _ => Existing::Nothing,
        }
    }

    fn check_target(&self, location: &Location, arrays: &[ArraySpec], _: &TargetOptions) -> Result<(), CatalogError> {
        match location.format.as_str() {
            "npy" if arrays.len() > 1 => Err(CatalogError::new("ff::sink::format", "`npy` holds one array")),
            _ => Ok(()),
        }
    }

    fn formats(&self) -> Vec<&'static str> {
        vec!["zarr", "hdf5", "netcdf", "npy", "csv"]
    }

    fn sink_form(&self, format: &str) -> Option<SinkForm> {
        sinks::form(format)
    }

    fn fingerprint(&self, _: &Location) -> Option<String> {
        Some("a fingerprint".to_owned())
    }

    fn results(&self) -> Option<&dyn Results> {
        Some(self)
    }
}

/// A world in which nothing was kept yet.
impl Results for World {
    fn serializers(&self) -> Vec<Serializer> {
        SERIALIZERS.to_vec()
    }

    fn schemes(&self) -> Vec<&'static str> {
        vec!["local"]
    }

    fn find(&self, root: &str, key: &str) -> Result<Option<Manifest>, CatalogError> {
        match root {
            "damaged" => {
                Err(CatalogError::new("ff::persist::damaged", "the result in `damaged/…` is damaged: it is short")
                    .with_help(format!("remove it: it has a key of {} digits", key.len())))
            }
            _ => Ok(None),
        }
    }

    fn named(&self, _: &str, _: &str, _: &str) -> Option<Manifest> {
        None
    }

    fn identity(&self, location: &Location) -> Option<SourcePart> {
        Some(SourcePart { url: location.url.clone(), fingerprint: "a fingerprint".to_owned() })
    }

    fn location(&self, root: &str, manifest: &Manifest) -> Location {
        Location { format: manifest.format.clone(), url: format!("{root}/{}", manifest.file) }
    }

    fn target(&self, root: &str, _: &str, format: &str) -> Location {
        Location { format: format.to_owned(), url: format!("{root}/KEY/result") }
    }
}
