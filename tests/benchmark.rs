//! The scripts of the comparison with peers, `benches/peers/ff`: run on a few small arrays, each in its place.

use std::fs;

use functionfuse::parser::format::format;
use functionfuse::source::SourceMap;

use crate::programs::{ffrun, succeed, write};

/// The data sets by the names, dims and coordinates that the scripts expect.
const INPUTS: &str = r#"
param out: path

fn random(x) = sin(x * 12.9898)
let days = ("2001-01-01" as datetime) + arange(0, 40, 1, dim: time) * 1d
let cells = linspace(0.0, 9.0, 32, dim: y) + linspace(0.0, 7.0, 32, dim: x)
let times = linspace(0.0, 1.0, 40, dim: time)

let wind = random(times + cells) as f32 |> assign_coords(time: days)
let temperature = (250 + 30 * random(times + cells)) as f32
  |> rename(y: lat, x: lon)
  |> assign_coords(time: days)
let image = random(cells) as f32 |> assign_coords(y: arange(0.0, 32.0, 1.0), x: arange(0.0, 32.0, 1.0))

sink {u: wind, v: wind * 2, w: wind - 1} to zarr("{out}/wind")
sink {x: temperature} to zarr("{out}/grid")
sink {im: image} to zarr("{out}/image")
sink {m: random(linspace(0.0, 9.0, 50, dim: n) + linspace(0.0, 7.0, 4, dim: k)) as f32} to zarr("{out}/tall")
sink {a: rename(image, y: i, x: j), b: rename(image, y: i, x: j)} to zarr("{out}/matrices")
sink random(linspace(0.0, 9.0, 50, dim: n)) as f32 to zarr("{out}/many", "/x")
"#;

const DATA_SETS: &[(&str, &[&str])] = &[
    ("wind", &["W1"]),
    ("grid", &["W2", "W3", "W4", "W6", "W10", "W10q", "W11", "H1", "H2"]),
    ("image", &["W5", "W9"]),
    ("tall", &["W7a"]),
    ("matrices", &["W7b"]),
    ("many", &["W8"]),
];

#[test]
fn benchmark_scripts_run() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let inputs = folder.path().display().to_string();
    succeed(&[&write(folder.path(), "inputs.ff", INPUTS), "--out", &inputs]);
    let mut wrong = Vec::new();
    for (data, scripts) in DATA_SETS {
        for script in *scripts {
            let (input, out) = (format!("{inputs}/{data}"), format!("{inputs}/{script}"));
            fs::create_dir(&out).expect("the folder can be made");
            let ran = ffrun(&[&format!("benches/peers/ff/{script}.ff"), "--input", &input, "--out", &out]);
            let told = String::from_utf8_lossy(&ran.stderr);
            if !ran.status.success() {
                wrong.push(format!("{script}: {told}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn benchmark_scripts_are_laid_out() {
    let mut count = 0;
    for entry in fs::read_dir("benches/peers/ff").expect("the scripts").flatten() {
        let path = entry.path().display().to_string();
        let text = fs::read_to_string(&path).expect("the script");
        let sources = SourceMap::single(path.as_str(), text.as_str());
        let laid_out = format(&sources.files()[0]).unwrap_or_else(|_| panic!("{path} cannot be read"));
        assert_eq!(laid_out, text, "{path}: run fffmt");
        count += 1;
    }
    let listed: usize = DATA_SETS.iter().map(|(_, scripts)| scripts.len()).sum();
    assert_eq!(count, listed);
}
