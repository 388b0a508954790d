//! Arguments that `ffrun` and `ffplan` share.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args;

use crate::Options;
use crate::operators::simd::{self, Level};

/// Options of a run, which win over the environment and the script.
#[derive(Args, Clone, Debug, Default)]
pub struct RunOptions {
    /// Bytes the run may hold at once, such as 512MiB
    #[arg(long, env = "FF_MEMORY", value_parser = size, value_name = "SIZE")]
    pub memory: Option<u64>,
    /// Threads that carry out tasks
    #[arg(long, env = "FF_THREADS", value_parser = clap::value_parser!(u64).range(1..=4096), value_name = "N")]
    pub threads: Option<u64>,
    /// Folder for scratch files
    #[arg(long, env = "FF_SCRATCH", value_name = "DIR")]
    pub scratch: Option<PathBuf>,
    /// Vector instructions used: baseline, avx2 or avx512; all give the same results
    #[arg(long, env = "FF_SIMD", value_parser = <Level as std::str::FromStr>::from_str, value_name = "LEVEL")]
    pub simd: Option<Level>,
    /// Force targets to disk before they get their names, so that they also survive a loss of power
    #[arg(long, env = "FF_DURABLE")]
    pub durable: bool,
    /// Replace existing targets
    #[arg(long)]
    pub overwrite: bool,
    /// Set a param of the script; `--NAME V` does the same
    #[arg(long = "set", value_name = "NAME=V")]
    pub set: Vec<String>,
}

impl RunOptions {
    /// The options with the params given as `--NAME V`. Puts the vector instructions asked for in force.
    ///
    /// # Errors
    /// A `--set` is not `NAME=V`, or a param is given twice.
    pub fn options(&self, params: Vec<(String, String)>) -> Result<Options, String> {
        self.simd.into_iter().for_each(simd::force);
        let mut all = BTreeMap::new();
        let set = self.set.iter().map(|s| match s.split_once('=') {
            Some((name, value)) => Ok((name.to_owned(), value.to_owned())),
            None => Err(format!("`--set {s}` is not NAME=V")),
        });
        for pair in params.into_iter().map(Ok).chain(set) {
            let (name, value) = pair?;
            if all.insert(name.clone(), value).is_some() {
                return Err(format!("param `{name}` is given twice"));
            }
        }
        Ok(Options {
            params: all,
            overwrite: self.overwrite,
            only_looks: false,
            durable: self.durable,
            resume: false,
            memory: self.memory,
            threads: self.threads.map(|n| n as usize),
            scratch: self.scratch.clone(),
        })
    }
}

/// A size as a script writes it: `512MiB`, `2GiB`, `100MB`, or plain bytes.
///
/// # Errors
/// It is not a size.
pub fn size(text: &str) -> Result<u64, String> {
    let split = text.find(|c: char| !c.is_ascii_digit() && c != '.' && c != '_').unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let factor: u64 = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "kib" | "k" => 1 << 10,
        "mib" | "m" => 1 << 20,
        "gib" | "g" => 1 << 30,
        "tib" | "t" => 1 << 40,
        "kb" => 1_000,
        "mb" => 1_000_000,
        "gb" => 1_000_000_000,
        "tb" => 1_000_000_000_000,
        _ => return Err(format!("`{unit}` is no unit of size: use KiB, MiB, GiB, KB, MB, GB")),
    };
    let number: f64 =
        number.replace('_', "").parse().map_err(|_| "a size is a number and a unit, such as 512MiB".to_owned())?;
    match number * factor as f64 {
        bytes if (1.0..=1e19).contains(&bytes) => Ok(bytes as u64),
        _ => Err("a size is at least one byte".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_scripts_write_them() {
        assert_eq!(size("512MiB"), Ok(512 << 20));
        assert_eq!(size("1.5 GiB"), Ok(3 << 29));
        assert_eq!(size("100MB"), Ok(100_000_000));
        assert_eq!(size("4096"), Ok(4096));
        assert!(size("12 parsecs").is_err() && size("").is_err() && size("0").is_err());
    }
}
