//! From the syntax tree to a plan.
//!
//! [`lower`] makes a typed graph of a program, [`passes`] improve it, [`schedule`] cuts it into
//! stages that fit the budget. The planner sees the world through [`catalog::Catalog`] and reads
//! nothing but metadata and coordinates.

pub mod access;
pub mod bands;
pub mod blocks;
pub mod catalog;
pub mod cost;
pub mod error;
pub mod explain;
pub mod graph;
pub mod identity;
pub mod kernel;
pub mod lower;
pub mod passes;
pub mod persist;
pub mod plan;
pub mod print;
pub mod reread;
pub mod schedule;
pub mod settings;
pub mod split;
pub mod target;
pub mod tasks;
pub mod verify;
pub mod walk;
pub mod whole;
