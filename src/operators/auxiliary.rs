//! What becomes of auxiliary coordinates where an operator is called: one row for each operator that is known to leave
//! elements at their places, or to move coordinates as it moves them.
//!
//! Operators know nothing of auxiliary coordinates, which are arrays of their own beside the one they are called with
//! (`planner::lower::auxiliary`). An operator that has no row may put elements anywhere, so that a result of the same
//! dims and sizes would have coordinates of other elements: of such a call only single values are left,
//! [`Keeping::Singles`]. A row is a promise. Where it holds for some dims only, as those that a reduction does not
//! name, it is [`Keeping::Beside`].

use super::REGISTRY;

/// What becomes of the auxiliary coordinates of an operator's arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keeping {
    /// Single values stay that all arguments have, and all others go: what is true of every operator.
    Singles,
    /// An element of the result stands where the elements it is made of stand, or beside them where a neighbourhood is
    /// looked at: along each dim that the result shares with an argument, position for position. A coordinate stays where
    /// all its dims do, with their sizes and labels; those of several arguments go together.
    Places,
    /// As [`Keeping::Places`], but along the dims that are named, or grouped; where none is, along all.
    Beside,
    /// The operator chooses or moves elements: it is applied to coordinates that have a dim it names.
    Applied,
    /// As [`Keeping::Applied`], and what is new has no labels: it is missing.
    Padded,
    /// Elements are left out by what they are, and the others stay in order: coordinates take those of the labels that are
    /// left.
    ByLabel,
    /// The dim that is named becomes shorter at one end.
    Shortened,
    /// There is a result for each argument, perhaps with other labels.
    Each,
    /// Arrays are joined along a dim, and coordinates with them.
    Joined,
    /// The call is about coordinates.
    Told,
}

/// What is true of the operators of a section of the registry that have no row of their own.
const SECTIONS: &[(&str, Keeping)] = &[
    ("elementwise arithmetic", Keeping::Places),
    ("elementwise functions", Keeping::Places),
    ("elementwise parts of real numbers", Keeping::Places),
    ("elementwise rounding and bounds", Keeping::Places),
    ("elementwise comparisons", Keeping::Places),
    ("elementwise logic and bits", Keeping::Places),
    ("elementwise choice and missing values", Keeping::Places),
    ("elementwise choices and tolerances", Keeping::Places),
    ("elementwise parts of complex numbers", Keeping::Places),
    ("elementwise casts", Keeping::Places),
    ("scans", Keeping::Places),
    ("stencils", Keeping::Places),
    ("filters by order", Keeping::Places),
    ("packed values", Keeping::Places),
    ("reductions", Keeping::Beside),
    ("moments", Keeping::Beside),
    ("Fourier transforms", Keeping::Beside),
];

/// The operators of which more is known than that single values stay.
const ROWS: &[(Keeping, &[&str])] = &[
    (Keeping::Singles, &["allclose", "fftfreq", "rfftfreq"]),
    (
        Keeping::Places,
        &[
            "groupby",
            "groupby_bins",
            "resample",
            "anomalies",
            "rolling",
            "coarsen",
            "cumulative",
            "rolling_exp",
            "construct",
            "dot",
            "digitize",
            "searchsorted",
            "rank",
            "interpolate_na",
            "detrend",
            "differentiate",
            "cumulative_integrate",
            "transpose",
            "swapaxes",
            "moveaxis",
            "rollaxis",
            "broadcast",
            "rechunk",
            "shift",
            "roll",
            "push",
            "tril",
            "triu",
            "zeros_like",
            "ones_like",
            "full_like",
            "with_attrs",
            "dt.floor",
            "dt.ceil",
            "dt.round",
            "dt.strftime",
        ],
    ),
    (
        Keeping::Beside,
        &[
            "reducer",
            "norm",
            "cross",
            "cov",
            "corr",
            "quantile",
            "percentile",
            "median",
            "mode",
            "sort",
            "argsort",
            "topk",
            "argtopk",
            "blocks",
            "polyfit",
            "idxmin",
            "idxmax",
            "integrate",
            "nearest",
            "interpolate",
            "asfreq",
            "tile",
            "rot90",
            "convert_calendar",
            "interp_calendar",
            "random.permutation",
        ],
    ),
    (
        Keeping::Applied,
        &[
            "isel",
            "sel",
            "squeeze",
            "flip",
            "head",
            "tail",
            "thin",
            "take",
            "delete",
            "compress",
            "sortby",
            "repeat",
            "unstack",
            "reindex",
            "reindex_like",
            "interp",
            "interp_like",
        ],
    ),
    (Keeping::Padded, &["pad"]),
    (Keeping::ByLabel, &["dropna"]),
    (Keeping::Shortened, &["diff"]),
    (Keeping::Each, &["align", "broadcast_arrays", "meshgrid", "merge"]),
    (Keeping::Joined, &["concat", "stack"]),
    (
        Keeping::Told,
        &[
            "rename",
            "assign_coords",
            "drop_coords",
            "expand_dims",
            "swap_dims",
            "drop_vars",
            "set_coords",
            "reset_coords",
        ],
    ),
];

/// Parameters by operator whose arrays say how, and are nothing that stands anywhere in the result: tables, kernels,
/// positions, labels to come to.
const TABLES: &[(&str, &str)] = &[
    ("isin", "values"),
    ("digitize", "edges"),
    ("searchsorted", "edges"),
    ("bincount", "length"),
    ("convolve", "kernel"),
    ("polyfit", "w"),
    ("take", "index"),
    ("delete", "index"),
    ("compress", "condition"),
    ("extract", "condition"),
    ("sortby", "key"),
    ("reindex_like", "other"),
    ("interp_like", "other"),
    ("interp_calendar", "target"),
    ("broadcast", "to"),
];

/// What becomes of coordinates in a call of this operator.
pub fn keeping(operator: &str) -> Keeping {
    if let Some((keeping, _)) = ROWS.iter().find(|(_, names)| names.contains(&operator)) {
        return *keeping;
    }
    let own = REGISTRY.iter().find(|(_, operators)| operators.iter().any(|own| own.name == operator));
    let of_section = own.and_then(|(name, _)| SECTIONS.iter().find(|(section, _)| section == name));
    of_section.map_or(Keeping::Singles, |(_, keeping)| *keeping)
}

/// Whether nothing of the coordinates of this argument goes with the result.
pub fn is_table(operator: &str, param: &str) -> bool {
    TABLES.contains(&(operator, param))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operators::{find, reducer};

    #[test]
    fn rows_are_of_operators() {
        let mut seen = Vec::new();
        for name in ROWS.iter().flat_map(|(_, names)| names.iter()) {
            assert!(find(name).is_some() || *name == reducer::OPERATOR.name, "there is no operator `{name}`");
            assert!(!seen.contains(&name), "`{name}` has two rows");
            seen.push(name);
        }
        for (section, _) in SECTIONS {
            assert!(REGISTRY.iter().any(|(name, _)| name == section), "there is no section `{section}`");
        }
        for (operator, param) in TABLES {
            let own = find(operator).map(|own| own.signature.params).unwrap_or_default();
            assert!(own.iter().any(|own| own.name == *param), "`{operator}` has no parameter `{param}`");
        }
    }

    #[test]
    fn what_is_not_known_keeps_single_values_only() {
        assert_eq!(keeping("isel"), Keeping::Applied);
        assert_eq!(keeping("mean"), Keeping::Beside);
        assert_eq!(keeping("add"), Keeping::Places);
        for unknown in ["reshape", "tensordot", "einsum", "extract", "combine_first", "there is none"] {
            assert_eq!(keeping(unknown), Keeping::Singles, "{unknown}");
        }
    }
}
