//! Auxiliary coordinates on their way out: variables of a target that `coordinates` attributes name, as CF (section 5)
//! has it and xarray writes it, and lines of what is printed.

use std::collections::{BTreeMap, BTreeSet};

use super::stored::COORDINATES;
use crate::array::calendar::cf::TimeUnits;
use crate::array::{ArrayType, AttrValue, Block, DType, DimName, Scalar};
use crate::operators::{Builder, Constant, Operand};
use crate::planner::catalog::Stored;
use crate::planner::graph::{Beside, Variable};
use crate::planner::lower::Lowerer;
use crate::planner::lower::sink::Written;
use crate::source::Span;

/// The most elements of a coordinate whose values are read to be printed.
const PRINTED: u64 = 1000;

/// The coordinates that are written beside some variables.
#[derive(Default)]
pub(in crate::planner::lower) struct Company {
    /// The coordinates.
    pub written: Vec<Written>,
    /// For each variable the names of its coordinates.
    pub named: Vec<BTreeSet<String>>,
}

fn group(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(group, _)| group)
}

impl Lowerer<'_> {
    /// The auxiliary coordinates that come along with what is written. In a group one name is one coordinate: where
    /// variables have different ones, or it is the name of a dim, there is none.
    pub(in crate::planner::lower) fn company(&mut self, written: &[Written]) -> Company {
        let mut named = vec![BTreeSet::new(); written.len()];
        let mut wanted: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (i, one) in written.iter().enumerate() {
            for name in self.auxiliary_names(one.operand) {
                let path = format!("{}/{name}", group(&one.path));
                if path != one.path {
                    wanted.entry(path).or_default().push(i);
                }
            }
        }
        let mut coordinates = Vec::new();
        for (path, variables) in wanted {
            let name = path.rsplit('/').next().unwrap_or_default().to_owned();
            let beside = written.iter().filter(|other| group(&other.path) == group(&path));
            if beside.into_iter().any(|other| self.ty(other.operand).dims.axis(&DimName::new(&name)).is_some()) {
                continue;
            }
            let mut found: Vec<(usize, Operand)> = Vec::new();
            for i in variables {
                found.extend(self.auxiliary_of(written[i].operand, &name).map(|value| (i, value)));
            }
            let own = written.iter().find(|other| other.path == path).map(|other| other.operand);
            let Some(first) = own.or(found.first().map(|(_, value)| *value)) else { continue };
            let mut are_one = true;
            for (_, value) in &found {
                are_one &= self.are_same(first, *value);
            }
            if are_one {
                for (i, _) in &found {
                    named[*i].insert(name.clone());
                }
                if own.is_none() {
                    coordinates.push(Written { path, operand: first });
                }
            }
        }
        self.leave_out(written, &mut named);
        Company { written: coordinates, named }
    }

    /// Bounds, and single values such as grid mappings, need not name what other variables of their group do.
    fn leave_out(&self, written: &[Written], named: &mut [BTreeSet<String>]) {
        let types: Vec<_> = written.iter().map(|one| self.ty(one.operand)).collect();
        let bounds: BTreeSet<&str> =
            types.iter().flat_map(|ty| ty.coords.values()).filter_map(|coord| coord.attrs.text("bounds")).collect();
        let is_beside = |i: usize| {
            let name = written[i].path.rsplit('/').next().unwrap_or_default();
            types[i].rank() == 0 || bounds.contains(name)
        };
        let (others, main): (Vec<usize>, Vec<usize>) = (0..written.len()).partition(|&i| is_beside(i));
        for i in others {
            let beside = main.iter().filter(|&&j| group(&written[j].path) == group(&written[i].path));
            let said: BTreeSet<String> = beside.flat_map(|&j| named[j].iter().cloned()).collect();
            named[i].retain(|name| !said.contains(name));
        }
    }

    /// The same of what goes into arrays that are there: coordinates along the dim that grows, which are there too.
    pub(in crate::planner::lower) fn company_there(
        &mut self,
        written: &[Written],
        stored: &Stored,
        dim: &DimName,
    ) -> Vec<Written> {
        let all = self.company(written).written;
        let grows =
            |l: &Self, one: &Written| l.ty(one.operand).dims.axis(dim).is_some() && stored.array(&one.path).is_some();
        all.into_iter().filter(|one| grows(self, one)).collect()
    }

    /// Times as whole numbers of the largest unit that holds them all, where they are known while planning.
    pub(in crate::planner::lower) fn coordinate_as_stored(&mut self, x: Operand, at: Span) -> Operand {
        let ty = self.ty(x);
        let DType::DateTime(calendar) = ty.dtype else { return x };
        let times = self.known_block(x).and_then(|block| {
            let block = block.view::<i64>()?.iter().copied().collect::<Vec<i64>>();
            Some(block)
        });
        let Some(times) = times.filter(|times| !times.contains(&i64::MIN)) else { return x };
        let units = TimeUnits::infer(calendar, &times);
        let Some(block) = units.encode_ints(&times, None).ok().and_then(|n| Block::from_vec(&ty.shape(), n)) else {
            return x;
        };
        let mut attrs = (*ty.attrs).clone();
        attrs.set("units", AttrValue::Str(units.to_string()));
        attrs.set("calendar", AttrValue::Str(calendar.name().into()));
        let encoded = ArrayType { dtype: DType::I64, attrs: attrs.into(), ..(*ty).clone() };
        let constant = self.constant(encoded, Constant::Values(block), at);
        self.made_from(constant, x);
        constant
    }

    /// What is printed beside an array: the values of small coordinates, the dims of others.
    pub(in crate::planner::lower) fn printed_beside(&mut self, x: Operand, at: Span) -> Vec<Beside> {
        let mut beside = Vec::new();
        if self.ty(x).rank() == 0 {
            return beside;
        }
        for name in self.auxiliary_names(x) {
            let Some(value) = self.auxiliary_of(x, &name).filter(|value| *value != x) else { continue };
            let ty = self.ty(value);
            let is_small = ty.rank() < 2 && ty.dims.count() <= PRINTED;
            let known = |l: &mut Self| l.tried(at, |builder: &mut dyn Builder| builder.chosen_by(value)).flatten();
            let values = if is_small { known(self) } else { None };
            let values: Option<Vec<Scalar>> = values.map(|block| block.scalars());
            beside.push(Beside { name, ty, values });
        }
        beside
    }
}

/// Names the coordinates of a variable in its attributes, after those that are named there.
pub(in crate::planner::lower) fn name_coordinates(variable: &mut Variable, names: &BTreeSet<String>) {
    let said = variable.attrs.text(COORDINATES).unwrap_or_default().to_owned();
    let said: Vec<&str> = said.split_whitespace().collect();
    let more = names.iter().map(String::as_str).filter(|name| !said.contains(name));
    let all: Vec<&str> = said.iter().copied().chain(more).collect();
    if !all.is_empty() {
        variable.attrs.set(COORDINATES, AttrValue::Str(all.join(" ")));
    }
}
