//! The vocabulary all layers share.

pub mod calendar;
