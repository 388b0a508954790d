//! HDF5 and NetCDF-4.

pub mod filters;
