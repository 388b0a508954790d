//! What goes wrong around a run: processes that are killed, disks that are full, signals, two runs at once, damaged inputs.
//!
//! Each test takes a share that is small enough for every change; `scripts/torture.sh` sets `FF_TORTURE` and takes the full figures
//! of docs/reliability.md.

mod corrupt;
mod kills;
mod locks;
mod signals;
mod system;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A script with what it needs and what it writes.
pub struct Case {
    /// Its name.
    pub name: &'static str,
    /// The values.
    x: &'static str,
    /// A script that makes what it reads.
    prepare: &'static str,
    /// The script.
    script: &'static str,
    /// What it writes.
    pub targets: &'static [&'static str],
}

/// Values of one task.
const FEW: &str = "let x = sin(arange(0, 80000, 1, dim: t) as f64) * cos(arange(0, 80000, 1, dim: t) as f64)\n";

/// Values of several tasks.
const MANY: &str = "let x = arange(0, 4000000, 1, dim: t) * 7 % 1013\n";

/// Forty chunks, in each way in which targets are written.
pub const CASES: &[Case] = &[
    Case {
        name: "two stages to zarr",
        x: MANY,
        prepare: "",
        script: "sink {x: x - mean(x)} to zarr(\"o.zarr\") { chunks: {t: 100000}, codec: zstd(1) }\nprint max(x)\n",
        targets: &["o.zarr"],
    },
    Case {
        name: "netcdf",
        x: MANY,
        prepare: "",
        script: "sink {x: x, y: x * 2} to netcdf(\"o.nc\") { chunks: {t: 200000}, filters: [shuffle, gzip(1)] }\n",
        targets: &["o.nc"],
    },
    Case {
        name: "a scan to shards",
        x: MANY,
        prepare: "",
        script: "sink {x: cumsum(x)} to zarr(\"o.zarr\") { chunks: {t: 25000}, shards: {t: 100000}, codec: none }\n",
        targets: &["o.zarr"],
    },
    Case {
        name: "four targets",
        x: FEW,
        prepare: "",
        script: "sink {x: x} to zarr(\"o.zarr\") { chunks: {t: 4000}, version: 2 }\nsink x + 1 to hdf5(\"o.h5\", \"/x\") { chunks: {t: 4000} }\n\
                 sink x to npy(\"o.npy\")\nsink {m: mean(x)} to csv(\"o.csv\")\n",
        targets: &["o.zarr", "o.h5", "o.npy", "o.csv"],
    },
    Case {
        name: "a store that grows",
        x: FEW,
        prepare: "sink {x: x[0..<3000]} to zarr(\"o.zarr\") { chunks: {t: 2000} }\n",
        script: "sink {x: x} to zarr(\"o.zarr\") { mode: append(t) }\n",
        targets: &["o.zarr"],
    },
    Case {
        name: "a file that is replaced",
        x: FEW,
        prepare: "sink {x: x} to netcdf(\"o.nc\")\nsink {x: x} to zarr(\"o.zarr\")\n",
        script: "sink {x: x + 1} to netcdf(\"o.nc\") { chunks: {t: 4000}, mode: overwrite }\n\
                 sink {x: x + 2} to zarr(\"o.zarr\") { chunks: {t: 4000}, mode: overwrite }\n",
        targets: &["o.nc", "o.zarr"],
    },
];

/// How many of something: the share of a change, or all with `FF_TORTURE`.
pub fn share(few: u64, all: u64) -> u64 {
    if std::env::var_os("FF_TORTURE").is_some() { all } else { few }
}

/// The next of a row of numbers that look random; the first is the seed.
pub fn random(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mixed = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// A case at work: a folder in which each trial begins as the one before, and what an undisturbed run makes.
pub struct Bench {
    /// The case.
    pub case: &'static Case,
    root: tempfile::TempDir,
    /// What an undisturbed run makes, by path.
    expected: BTreeMap<String, Vec<u8>>,
    /// What was there before, by path.
    pub before: BTreeMap<String, Vec<u8>>,
    /// Seconds of an undisturbed run.
    pub seconds: f64,
}

impl Bench {
    /// Prepares a case and runs it undisturbed.
    pub fn new(case: &'static Case) -> Bench {
        let root = tempfile::tempdir().expect("a temporary folder");
        let template = root.path().join("template");
        std::fs::create_dir(&template).expect("a folder");
        std::fs::write(template.join("s.ff"), format!("{}{}", case.x, case.script)).expect("a script");
        if !case.prepare.is_empty() {
            std::fs::write(template.join("prepare.ff"), format!("{}{}", case.x, case.prepare)).expect("a script");
            let prepared = ffrun(&template, &["prepare.ff"]).output().expect("ffrun starts");
            assert!(prepared.status.success(), "{}", said(&prepared));
        }
        let before = Bench::targets(case, &template);
        let mut bench = Bench { case, root, expected: BTreeMap::new(), before, seconds: 0.0 };
        let trial = bench.trial();
        let begun = std::time::Instant::now();
        let output = ffrun(&trial, &["s.ff"]).output().expect("ffrun starts");
        assert!(output.status.success(), "{}: {}", case.name, said(&output));
        bench.seconds = begun.elapsed().as_secs_f64();
        bench.expected = Bench::targets(case, &trial);
        assert!(bench.expected != bench.before);
        bench
    }

    /// A folder as it is before the run. Times stay as they are: they are among what tells sources apart.
    pub fn trial(&self) -> PathBuf {
        let trial = self.root.path().join("trial");
        if trial.exists() {
            std::fs::remove_dir_all(&trial).expect("removed");
        }
        let copied = Command::new("cp").arg("-a").arg(self.root.path().join("template")).arg(&trial).status();
        assert!(copied.expect("cp starts").success());
        trial
    }

    fn targets(case: &Case, folder: &Path) -> BTreeMap<String, Vec<u8>> {
        case.targets.iter().flat_map(|target| bytes(&folder.join(target), target)).collect()
    }

    /// The targets as they are in a folder, by path.
    pub fn found(&self, folder: &Path) -> BTreeMap<String, Vec<u8>> {
        Bench::targets(self.case, folder)
    }

    /// Whether each target is as before or as it is to be: never anything between.
    pub fn is_whole(&self, folder: &Path) -> bool {
        self.case.targets.iter().all(|target| {
            let of = |all: &BTreeMap<String, Vec<u8>>| {
                let own = all.iter().filter(|(path, _)| path.split('/').next() == Some(target));
                own.map(|(path, bytes)| (path.clone(), bytes.clone())).collect::<BTreeMap<_, _>>()
            };
            let found: BTreeMap<_, _> = bytes(&folder.join(target), target).into_iter().collect();
            found == of(&self.before) || found == of(&self.expected)
        })
    }

    /// Whether the targets are as after an undisturbed run.
    pub fn is_done(&self, folder: &Path) -> bool {
        self.found(folder) == self.expected
    }

    /// Asserts that a folder is as after an undisturbed run, with nothing besides.
    pub fn assert_done(&self, folder: &Path, what: &str) {
        let found = self.found(folder);
        let differing: Vec<&String> =
            self.expected.keys().filter(|path| found.get(*path) != self.expected.get(*path)).collect();
        assert!(
            differing.is_empty() && found.len() == self.expected.len(),
            "{}, {what}: {differing:?}",
            self.case.name
        );
        let names = std::fs::read_dir(folder).expect("the folder").flatten().map(|entry| entry.file_name());
        let besides: Vec<_> = names.filter(|name| name.to_string_lossy().starts_with('.')).collect();
        assert!(besides.is_empty(), "{}, {what}: {besides:?}", self.case.name);
    }

    /// Goes on with `--resume`, and compares. A run may have been killed when all was done but to remove its folder, which then says
    /// so; a store that has grown is not to grow again.
    pub fn resume(&self, folder: &Path, args: &[&str], what: &str) {
        let was_done = self.is_done(folder);
        let output = ffrun(folder, &[&["s.ff", "--resume"], args].concat()).output().expect("ffrun starts");
        let text = said(&output);
        if was_done && text.contains("was already changed by the run that was interrupted") {
            assert!(self.is_done(folder), "{}, {what}: {text}", self.case.name);
            return;
        }
        let is_told = was_done && text.contains("ff::sink::exists");
        assert!(output.status.success() || is_told, "{}, {what}: {:?}\n{text}", self.case.name, output.status);
        self.assert_done(folder, what);
    }
}

/// `ffrun` in a folder.
pub fn ffrun(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ffrun"));
    command.args(args).current_dir(folder).stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    command
}

/// What a program said on standard error.
pub fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// All files at a path, by path.
fn bytes(path: &Path, name: &str) -> Vec<(String, Vec<u8>)> {
    if path.is_file() {
        return vec![(name.to_owned(), std::fs::read(path).expect("a file"))];
    }
    let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
    let below = |entry: std::fs::DirEntry| {
        let name = format!("{name}/{}", entry.file_name().to_string_lossy());
        bytes(&entry.path(), &name)
    };
    entries.flat_map(below).collect()
}

/// Whether a program is there; says that tests are skipped where it is not.
pub fn is_there(program: &str) -> bool {
    let found = Command::new("sh").args(["-c", &format!("command -v {program}")]).output();
    let found = found.is_ok_and(|output| output.status.success());
    if !found {
        eprintln!("SKIPPED: `{program}` is not installed");
    }
    found
}
