//! What becomes of auxiliary coordinates where an operator is called: one row for each operator that does not leave them
//! as they are.
//!
//! Operators know nothing of auxiliary coordinates, which are arrays of their own beside the one they are called with
//! (`planner::lower::auxiliary`). What is true of nearly all is [`Keeping::Along`].

/// What becomes of the auxiliary coordinates of an operator's arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keeping {
    /// A coordinate stays where all its dims stay as they were; those of several arguments go together.
    Along,
    /// The operator chooses or moves elements: it is applied to coordinates that have a dim it names.
    Applied,
    /// As [`Keeping::Applied`], and what is new has no labels: it is missing.
    Padded,
    /// Elements are chosen by what they are: coordinates take those of the labels that are left.
    ByLabel,
    /// The dim that is named becomes shorter at one end.
    Shortened,
    /// Elements go elsewhere along the dims that are named: coordinates along these go.
    Lost,
    /// There is a result for each argument, perhaps with other labels.
    Each,
    /// Arrays are joined along a dim, and coordinates with them.
    Joined,
    /// The call is about coordinates.
    Told,
}

/// The operators that do not leave coordinates as they are.
const ROWS: &[(Keeping, &[&str])] = &[
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
            "repeat",
            "unstack",
            "reindex",
            "reindex_like",
            "interp",
            "interp_like",
        ],
    ),
    (Keeping::Padded, &["pad"]),
    (Keeping::ByLabel, &["compress", "where", "dropna", "sortby", "delete"]),
    (Keeping::Shortened, &["diff"]),
    (
        Keeping::Lost,
        &[
            "blocks",
            "sort",
            "argsort",
            "topk",
            "argtopk",
            "fft",
            "ifft",
            "rfft",
            "irfft",
            "fft2",
            "ifft2",
            "fftn",
            "ifftn",
            "rfft2",
            "irfft2",
            "rfftn",
            "irfftn",
            "hfft",
            "ihfft",
            "fftshift",
            "ifftshift",
            "inv",
            "rot90",
            "tile",
            "interp_calendar",
            "random.permutation",
        ],
    ),
    (Keeping::Each, &["align", "broadcast_arrays", "merge"]),
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

/// What becomes of coordinates in a call of this operator.
pub fn keeping(operator: &str) -> Keeping {
    let row = ROWS.iter().find(|(_, names)| names.contains(&operator));
    row.map_or(Keeping::Along, |(keeping, _)| *keeping)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operators::find;

    #[test]
    fn rows_are_of_operators() {
        let mut seen = Vec::new();
        for name in ROWS.iter().flat_map(|(_, names)| names.iter()) {
            assert!(find(name).is_some(), "there is no operator `{name}`");
            assert!(!seen.contains(&name), "`{name}` has two rows");
            seen.push(name);
        }
        assert_eq!(keeping("isel"), Keeping::Applied);
        assert_eq!(keeping("mean"), Keeping::Along);
    }
}
