//! What is wrong with a call.

use crate::array::ArrayType;

/// Which part of a call is to blame; the planner maps it to a span.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Culprit {
    /// The call as a whole.
    Call,
    /// The argument bound to this parameter.
    Param(&'static str),
    /// The `index`-th of the positional arguments that go to a variadic parameter.
    Variadic(usize),
    /// The named argument of this name (a dim).
    Named(String),
}

/// A call that does not fit: named here, where the reason is known; the planner adds the place.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct TypeError {
    /// What is to blame.
    pub culprit: Culprit,
    /// The stable code, `ff::type::…`.
    pub code: &'static str,
    /// What is wrong, with the types involved.
    pub message: String,
    /// A short text for the label at the culprit.
    pub label: String,
    /// Other arguments involved, with what to say at each.
    pub others: Vec<(Culprit, String)>,
    /// The remedy.
    pub help: Option<String>,
}

impl TypeError {
    /// An error that blames the whole call.
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        TypeError {
            culprit: Culprit::Call,
            code,
            message: message.into(),
            label: String::new(),
            others: Vec::new(),
            help: None,
        }
    }

    /// Blames one argument, with a label there.
    pub fn at(mut self, culprit: Culprit, label: impl Into<String>) -> Self {
        self.culprit = culprit;
        self.label = label.into();
        self
    }

    /// With parameters under other names: what an operator made of others says of its own parameters.
    pub fn renamed(mut self, names: &[(&str, &'static str)]) -> Self {
        let rename = |culprit: &mut Culprit| {
            if let Culprit::Param(param) = culprit
                && let Some((_, name)) = names.iter().find(|(inner, _)| inner == param)
            {
                *param = name;
            }
        };
        rename(&mut self.culprit);
        self.others.iter_mut().for_each(|(culprit, _)| rename(culprit));
        self
    }

    /// Blames one argument with the label there is, unless one is blamed already.
    pub fn or_at(mut self, culprit: Culprit) -> Self {
        if self.culprit == Culprit::Call {
            self.culprit = culprit;
        }
        self
    }

    /// Labels another argument too.
    pub fn and_at(mut self, culprit: Culprit, label: impl Into<String>) -> Self {
        self.others.push((culprit, label.into()));
        self
    }

    /// Adds the remedy.
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// There is no dim of that name.
    pub fn unknown_dim(name: &str, ty: &ArrayType) -> Self {
        let names: Vec<&str> = ty.dims.names().map(|n| n.as_str()).collect();
        let error = TypeError::new("ff::type::unknown_dim", format!("there is no dim `{name}` in {ty}"));
        match closest(name, names.iter().copied()) {
            Some(near) => error.with_help(format!("did you mean `{near}`?")),
            None if names.is_empty() => error.with_help("the array has no dims: it is a single value"),
            None => error.with_help(format!("its dims are {}", names.join(", "))),
        }
    }
}

/// The candidate most like `name`, if any is alike enough to be a slip of the pen.
pub fn closest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let close = |c: &&str| strsim::damerau_levenshtein(&name.to_lowercase(), &c.to_lowercase());
    let limit = (name.chars().count() / 3).max(1);
    candidates.into_iter().min_by_key(close).filter(|c| close(c) <= limit)
}
