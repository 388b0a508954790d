//! Calls as other languages write them: `x.mean(time)`, `np.mean(x)`. They are no calls here, and the
//! errors say what is.

use super::scope::Item;
use super::{Lowerer, Lowering};
use crate::operators::find;
use crate::parser::ast::{Arg, Expr, ExprKind, Name, StrPart};
use crate::planner::error::NameError;

/// Names by which other languages call their libraries.
const LIBRARIES: [&str; 10] = ["np", "numpy", "xr", "xarray", "da", "dask", "math", "pd", "pandas", "torch"];

/// The most characters of the script that a help line repeats.
const REPEATED: usize = 50;

impl Lowerer<'_> {
    /// Refuses `base.name(args)` where `name` is an operator and `base` neither an imported script nor, as in
    /// `random.uniform`, a family of operators.
    pub(super) fn check_method(&mut self, base: &Expr, name: &Name, args: &[Arg]) -> Lowering<()> {
        if let ExprKind::Name(family) = &base.kind
            && !self.is_visible(family)
            && find(&format!("{family}.{}", name.value)).is_some()
        {
            return Ok(());
        }
        if find(&name.value).is_none() {
            return Ok(());
        }
        let call = format!("{}({})", name.value, self.arguments_written(args));
        let applied = match &base.kind {
            ExprKind::Name(library) if LIBRARIES.contains(&library.as_str()) && !self.is_visible(library) => call,
            ExprKind::Name(_) | ExprKind::Member { .. } => match self.item(base)? {
                Item::Module(_) => return Ok(()),
                _ => format!("{} |> {call}", self.repeated(base)),
            },
            _ => format!("{} |> {call}", self.repeated(base)),
        };
        self.fail(NameError::Method { name: name.value.clone(), written: applied, at: name.span })
    }

    /// An expression as it stands in the script, or `x` where it is long.
    fn repeated(&self, e: &Expr) -> String {
        let text = self.sources.text(e.span);
        let is_short = text.chars().count() <= REPEATED && !text.contains('\n');
        if is_short { text.to_owned() } else { "x".to_owned() }
    }

    /// Arguments as they are written here: `dim="time"` is the dim itself.
    fn arguments_written(&self, args: &[Arg]) -> String {
        let written = |arg: &Arg| {
            let value = self.repeated(&arg.value);
            match (&arg.name, &arg.value.kind) {
                (None, _) => value,
                (Some(name), ExprKind::Str(parts)) if matches!(name.value.as_str(), "dim" | "axis") => {
                    match parts.as_slice() {
                        [StrPart::Text(dim)] => dim.clone(),
                        _ => value,
                    }
                }
                (Some(name), _) => format!("{}: {value}", name.value),
            }
        };
        args.iter().map(written).collect::<Vec<_>>().join(", ")
    }
}
