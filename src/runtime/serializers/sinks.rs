//! What a sink into each format may say. What stands here is honoured; all else is refused while planning.

use crate::planner::catalog::SinkForm;

/// The options of formats that hold many arrays in chunks.
const OF_STORES: [&str; 10] = [
    "chunks",
    "codec",
    "filters",
    "dtype",
    "fill_value",
    "scale_factor",
    "add_offset",
    "attrs",
    "mode",
    "storage_options",
];

/// The formats that are written.
static SINKS: &[(&str, SinkForm)] = &[
    (
        "zarr",
        SinkForm { options: &[&OF_STORES, &["shards", "version"]], has_paths: true, has_names: true, amends: true },
    ),
    ("hdf5", SinkForm { options: &[&OF_STORES, &["unlimited"]], has_paths: true, has_names: true, amends: false }),
    ("netcdf", SinkForm { options: &[&OF_STORES, &["unlimited"]], has_paths: true, has_names: true, amends: false }),
    (
        "npy",
        SinkForm {
            options: &[&["dtype", "fill_value", "mode", "storage_options"]],
            has_paths: false,
            has_names: false,
            amends: false,
        },
    ),
    (
        "csv",
        SinkForm {
            options: &[&["dtype", "mode", "storage_options"]],
            has_paths: false,
            has_names: true,
            amends: false,
        },
    ),
];

/// What a sink into the format named may say; none where there is no such format.
pub fn form(format: &str) -> Option<SinkForm> {
    SINKS.iter().find(|(name, _)| *name == format).map(|(_, form)| *form)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::serializers::FORMATS;

    #[test]
    fn every_format_that_is_written_has_a_form() {
        let written = FORMATS.iter().filter(|format| format.create.is_some()).map(|format| format.name);
        assert_eq!(written.collect::<Vec<_>>(), SINKS.iter().map(|(name, _)| *name).collect::<Vec<_>>());
    }
}
