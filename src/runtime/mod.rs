//! Carries a plan out.
//!
//! What the runtime knows of the outside world lies in [`serializers`]: formats that turn files into
//! descriptions, chunks into blocks and blocks into files.

pub mod serializers;
