//! Convolution with a kernel that is known while planning.

use std::sync::Arc;

use super::expand::{Asked, line};
use super::pattern::{Neighbours, Row, Sums, Term};
use crate::array::{ArrayType, Block, DType, Kind, Region, Scalar};
use crate::operators::error::Culprit;
use crate::operators::moves::digest;
use crate::operators::{Arguments, Builder, Operand, TypeError, Value, axis_of};

/// The weights of a kernel, and the axis of the array that each of its own is.
struct Kernel {
    axes: Vec<usize>,
    shape: Vec<u64>,
    weights: Vec<f64>,
}

fn refused(message: impl Into<String>, label: &str) -> TypeError {
    TypeError::new("ff::type::kernel", message).at(Culprit::Param("kernel"), label)
}

pub(super) fn convolve(builder: &mut dyn Builder, args: &Arguments) -> Result<Value, TypeError> {
    let asked = Asked::read(builder, "convolve", args)?;
    let kernel = match args.value("kernel") {
        Value::Array(operand) if args.variadic.is_empty() => Kernel::of_array(builder, *operand, &asked.ty)?,
        Value::Array(_) => {
            return Err(refused("dims are named for a list only", "an array, whose dims have names")
                .and_at(Culprit::Variadic(0), "has nothing to do"));
        }
        list @ Value::List(_) => Kernel::of_list(list, args, &asked.ty)?,
        other => return Err(TypeError::expected("kernel", "an array or a list", other)),
    };
    let rows = kernel.rows(asked.ty.rank());
    let text = format!("{} {}", kernel.text(&asked.ty), digest(&kernel.weights));
    if let Some((axis, terms)) = one_line(&rows, asked.ty.rank()) {
        return asked.lines(builder, ("convolve", &text), vec![line(&asked.ty, axis, terms)]).map(Value::Array);
    }
    let sums = Sums::Neighbours(Arc::new(Neighbours { sizes: asked.ty.shape(), rows }));
    asked.emit(builder, ("convolve", &text), asked.x, sums).map(Value::Array)
}

/// The axis and the terms of weights that lie along one axis, if they do.
fn one_line(rows: &[Row], rank: usize) -> Option<(usize, Vec<Term>)> {
    if let [row] = rows
        && row.offsets.iter().all(|at| *at == 0)
    {
        return Some((rank - 1, row.taps.iter().map(|(at, weight)| Term::one(*at, *weight)).collect()));
    }
    let axis = (0..rank - 1).find(|axis| rows.iter().any(|row| row.offsets[*axis] != 0))?;
    let along = |row: &Row| {
        let alone = (0..rank - 1).all(|other| other == axis || row.offsets[other] == 0);
        match row.taps.as_slice() {
            [(0, weight)] if alone => Some(Term::one(row.offsets[axis], *weight)),
            _ => None,
        }
    };
    Some((axis, rows.iter().map(along).collect::<Option<_>>()?))
}

impl Kernel {
    fn of_array(builder: &dyn Builder, operand: Operand, x: &ArrayType) -> Result<Kernel, TypeError> {
        let ty = builder.ty(operand);
        if !ty.dtype.is_numeric() || ty.dtype.kind() == Kind::Complex {
            let message = format!("the weights of a kernel are real numbers, this is {ty}");
            let error = refused(message, "no real numbers");
            return Err(match ty.dtype {
                DType::C64 | DType::C128 => error.with_help("convolve with its real and its imaginary part"),
                _ => error,
            });
        }
        if ty.rank() == 0 {
            return Err(refused("a single value is no kernel", "has no dims").with_help("multiply by it"));
        }
        let axis = |name| axis_of(x, name).map_err(|e| e.at(Culprit::Param("kernel"), format!("has the dim `{name}`")));
        let axes = ty.dims.names().map(axis).collect::<Result<Vec<_>, _>>()?;
        let known = builder.chosen_by(operand).map_err(|e| e.or_at(Culprit::Param("kernel")))?;
        let block = known.ok_or_else(|| {
            let help =
                "a kernel is a list, a small array of a source, or what is computed from such and from constants";
            refused("the weights of this kernel are not known while planning", "depends on data").with_help(help)
        })?;
        Kernel::new(axes, &block)
    }

    fn of_list(list: &Value, args: &Arguments, x: &ArrayType) -> Result<Kernel, TypeError> {
        let (mut shape, mut weights) = (Vec::new(), Vec::new());
        flatten(list, 0, &mut shape, &mut weights)?;
        let axes = if args.variadic.is_empty() { (0..x.rank()).collect() } else { ordered(args, x)? };
        if axes.len() != shape.len() {
            let message = format!("the list is {} deep, and there are {} dims for it", shape.len(), axes.len());
            let help = "name a dim for each level, outermost first: `convolve(x, [1, 2, 1], t)`";
            return Err(refused(message, "a level for each dim").with_help(help));
        }
        let block = Block::from_vec(&shape, weights)
            .ok_or_else(|| refused("the lists within the list are not equally long", "has no shape"))?;
        Kernel::new(axes, &block)
    }

    /// Puts the axes into the order that the array has them in.
    fn new(axes: Vec<usize>, block: &Block) -> Result<Kernel, TypeError> {
        if block.count() == 0 {
            return Err(refused("a kernel without weights", "has no elements"));
        }
        let mut order: Vec<usize> = (0..axes.len()).collect();
        order.sort_by_key(|i| axes[*i]);
        let block = block.permute(&order);
        let weights = block.scalars().iter().map(|w| Scalar::as_f64(w).unwrap_or(f64::NAN)).collect();
        Ok(Kernel { axes: order.iter().map(|i| axes[*i]).collect(), shape: block.shape(), weights })
    }

    /// What an element sees, in C order: weight `j` of `n` is that of the element `n / 2 - j` places on.
    /// Weights of zero are left out, so that missing values there do not count.
    fn rows(&self, rank: usize) -> Vec<Row> {
        let mut rows: Vec<Row> = Vec::new();
        let all: Vec<_> = Region::whole(&self.shape).indices().zip(&self.weights).collect();
        for (index, weight) in all.into_iter().rev() {
            let mut places = vec![0; rank];
            for (i, axis) in self.axes.iter().enumerate() {
                places[*axis] = (self.shape[i] / 2) as i64 - index[i] as i64;
            }
            let at = places.pop().unwrap_or(0);
            if *weight == 0.0 {
                continue;
            }
            match rows.last_mut() {
                Some(row) if row.offsets == places => row.taps.push((at, *weight)),
                _ => rows.push(Row { offsets: places, taps: vec![(at, *weight)] }),
            }
        }
        rows
    }

    fn text(&self, ty: &ArrayType) -> String {
        let sizes = self.axes.iter().zip(&self.shape).map(|(axis, n)| format!("{}: {n}", ty.dims[*axis].name));
        sizes.collect::<Vec<_>>().join(", ")
    }
}

/// The axes of the dims that a call names, in its order.
fn ordered(args: &Arguments, x: &ArrayType) -> Result<Vec<usize>, TypeError> {
    args.axes(x)?;
    args.variadic.iter().map(|dim| crate::operators::arguments::axis(&dim.value, x)).collect()
}

/// Reads the numbers of lists within lists.
fn flatten(value: &Value, depth: usize, shape: &mut Vec<u64>, weights: &mut Vec<f64>) -> Result<(), TypeError> {
    let uneven = || refused("the lists within the list are not equally long and deep", "has no shape");
    match value {
        Value::List(items) => {
            let known = shape.get(depth).copied();
            match known {
                None if weights.is_empty() => shape.push(items.len() as u64),
                Some(n) if n == items.len() as u64 => {}
                _ => return Err(uneven()),
            }
            items.iter().try_for_each(|item| flatten(item, depth + 1, shape, weights))
        }
        Value::Bool(_) | Value::Int(_) | Value::UInt(_) | Value::Float(_) if depth == shape.len() => {
            weights.push(value.scalar().and_then(|s| s.as_f64()).unwrap_or(f64::NAN));
            Ok(())
        }
        Value::Bool(_) | Value::Int(_) | Value::UInt(_) | Value::Float(_) => Err(uneven()),
        other => Err(refused(format!("the weights of a kernel are numbers, this is {}", other.kind()), "no numbers")),
    }
}
