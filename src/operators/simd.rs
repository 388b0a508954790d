//! Which vector instructions loops are compiled for: one decision for the whole program.
//!
//! A loop is compiled once per [`Level`]; [`run`] picks the version for the level in force: the highest
//! the processor has, unless [`force`] set another. All levels give the same bits (a NaN may carry another
//! payload): vectors only compute several elements at once, additions keep their order, and no
//! multiplication is ever contracted with an addition (what asks for a fused one gets it at every level).

use std::fmt;
use std::str::FromStr;
use std::sync::atomic::{AtomicU8, Ordering};

/// A set of vector instructions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// What every processor of the architecture has.
    Baseline = 1,
    /// Vectors of 32 bytes and fused multiply-adds (x86-64).
    Avx2,
    /// Vectors of 64 bytes: AVX-512 F, BW, DQ and VL (x86-64).
    Avx512,
}

/// All levels with their names, lowest first.
pub const LEVELS: [(Level, &str); 3] =
    [(Level::Baseline, "baseline"), (Level::Avx2, "avx2"), (Level::Avx512, "avx512")];

/// The level in force; zero before it is decided.
static LEVEL: AtomicU8 = AtomicU8::new(0);

impl Level {
    /// Whether this processor has the instructions.
    pub fn is_available(self) -> bool {
        #[cfg(target_arch = "x86_64")]
        let (avx2, avx512) = (
            std::arch::is_x86_feature_detected!("avx2") && std::arch::is_x86_feature_detected!("fma"),
            std::arch::is_x86_feature_detected!("avx512f")
                && std::arch::is_x86_feature_detected!("avx512bw")
                && std::arch::is_x86_feature_detected!("avx512dq")
                && std::arch::is_x86_feature_detected!("avx512vl"),
        );
        #[cfg(not(target_arch = "x86_64"))]
        let (avx2, avx512) = (false, false);
        match self {
            Level::Baseline => true,
            Level::Avx2 => avx2,
            Level::Avx512 => avx2 && avx512,
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(LEVELS[*self as usize - 1].1)
    }
}

impl FromStr for Level {
    type Err = String;

    /// The level of that name, where this processor has it.
    fn from_str(name: &str) -> Result<Level, String> {
        let names = LEVELS.map(|(_, name)| name).join(", ");
        let found = LEVELS.iter().find(|(_, known)| *known == name);
        let (level, _) = found.ok_or_else(|| format!("`{name}` is no set of vector instructions: use {names}"))?;
        level.is_available().then_some(*level).ok_or_else(|| format!("this processor has no {name}"))
    }
}

/// The level in force.
pub fn level() -> Level {
    match LEVEL.load(Ordering::Relaxed) {
        0 => {
            let best = LEVELS.iter().rev().find(|(level, _)| level.is_available()).map_or(Level::Baseline, |l| l.0);
            LEVEL.store(best as u8, Ordering::Relaxed);
            best
        }
        1 => Level::Baseline,
        2 => Level::Avx2,
        _ => Level::Avx512,
    }
}

/// Puts a level in force, for all loops from now on.
///
/// # Panics
/// Where this processor does not have it; a level that was parsed is there.
pub fn force(level: Level) {
    assert!(level.is_available(), "this processor has no {level}");
    LEVEL.store(level as u8, Ordering::Relaxed);
}

/// A loop to be compiled for each level. `run` and what it calls in its inner loop must be inlined.
pub trait Work {
    /// What the loop gives.
    type Output;
    /// Runs the loop; implementations are `#[inline(always)]`.
    fn run(self) -> Self::Output;
}

/// Runs the version of `work` for the level in force.
#[inline]
pub fn run<W: Work>(work: W) -> W::Output {
    #[cfg(target_arch = "x86_64")]
    match level() {
        Level::Baseline => baseline(work),
        // SAFETY: `level` names only what the processor has.
        Level::Avx2 => unsafe { avx2(work) },
        // SAFETY: as above.
        Level::Avx512 => unsafe { avx512(work) },
    }
    #[cfg(not(target_arch = "x86_64"))]
    baseline(work)
}

#[inline(never)]
fn baseline<W: Work>(work: W) -> W::Output {
    work.run()
}

#[cfg(target_arch = "x86_64")]
#[inline(never)]
#[target_feature(enable = "avx2,fma")]
fn avx2<W: Work>(work: W) -> W::Output {
    work.run()
}

#[cfg(target_arch = "x86_64")]
#[inline(never)]
#[target_feature(enable = "avx2,fma,avx512f,avx512bw,avx512dq,avx512vl")]
fn avx512<W: Work>(work: W) -> W::Output {
    work.run()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_have_names() {
        for (level, name) in LEVELS {
            assert_eq!(level.to_string(), name);
            assert_eq!(name.parse::<Level>().is_ok(), level.is_available());
        }
        assert!("sse9".parse::<Level>().unwrap_err().contains("baseline, avx2, avx512"));
        assert!(level().is_available());
    }
}
