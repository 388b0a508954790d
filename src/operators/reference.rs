//! Help on operators, from their rows: the line that shows how one is called, and the reference page. Hover,
//! completion and `ffplan --operators` read the same.

use std::fmt::{self, Write};

use super::error::closest;
use super::{Operator, Param, ParamKind, REGISTRY};

impl Operator {
    /// How it is called: `mean(x, dims…, skipna: true)`.
    pub fn usage(&self) -> String {
        let params: Vec<_> = self.signature.params.iter().map(Param::to_string).collect();
        format!("{}({})", self.name, params.join(", "))
    }
}

impl fmt::Display for Param {
    /// The parameter as it stands in a call: its name, with its default if it has one.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.kind, self.default) {
            (ParamKind::PerDim, _) => write!(f, "DIM: {}…", self.name),
            (ParamKind::Calls, _) => write!(f, "NAME: {}…", self.name),
            (ParamKind::Dims | ParamKind::Keys | ParamKind::Rest, _) => write!(f, "{}…", self.name),
            (_, None) => f.write_str(self.name),
            (_, Some(default)) => write!(f, "{}: {default}", self.name),
        }
    }
}

impl fmt::Display for ParamKind {
    /// What the parameter takes, in a few words.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ParamKind::Array => "an array or a number",
            ParamKind::ArrayOrView => "an array, or one that is grouped or windowed",
            ParamKind::Arrays => "a list of arrays",
            ParamKind::Int => "an integer",
            ParamKind::Float => "a number",
            ParamKind::Scalar => "a value",
            ParamKind::Bool => "`true` or `false`",
            ParamKind::Str => "a text",
            ParamKind::Choice(words) => return f.write_str(&choice(words)),
            ParamKind::WordOr(words) => return write!(f, "{} or a value", choice(words)),
            ParamKind::DType => "a dtype",
            ParamKind::Dim => "a dim",
            ParamKind::NewName => "a new dim's name",
            ParamKind::Dims => "dims",
            ParamKind::Key => "a coordinate, or an expression of coordinates",
            ParamKind::Keys => "keys",
            ParamKind::Calls => "reductions by name",
            ParamKind::PerDim => "a value for each dim named",
            ParamKind::Any => "a value or an array",
            ParamKind::Rest => "values",
        })
    }
}

fn choice(words: &[&str]) -> String {
    let quoted: Vec<_> = words.iter().map(|word| format!("`{word}`")).collect();
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => quoted.concat(),
    }
}

/// The reference of all operators, in Markdown.
pub fn page() -> String {
    let mut page = format!("{PREFACE}\n```ff\n{PREAMBLE}\n```\n");
    for (title, operators) in REGISTRY {
        let links: Vec<_> = operators.iter().map(|row| format!("[`{}`](#{})", row.name, anchor(row.name))).collect();
        let _ = write!(page, "\n- {title}: {}", links.join(" "));
    }
    page.push('\n');
    for (title, operators) in REGISTRY {
        let _ = write!(page, "\n## {}\n", capitalized(title));
        for operator in *operators {
            entry(&mut page, operator);
        }
    }
    page
}

/// All operators by group: how each is called and its line of help.
pub fn list() -> String {
    let row = |operator: &Operator| format!("  {}\n      {}\n", operator.usage(), operator.summary);
    let group = |(title, rows): &(&str, &[Operator])| format!("{title}\n{}", rows.iter().map(row).collect::<String>());
    REGISTRY.iter().map(group).collect::<Vec<_>>().join("\n")
}

/// All there is to say on one operator, as plain text.
///
/// # Errors
/// There is none of this name; the text says which is meant.
pub fn help(name: &str) -> Result<String, String> {
    let all = || REGISTRY.iter().flat_map(|(_, rows)| rows.iter());
    let Some(operator) = all().find(|row| row.name == name) else {
        let near = closest(name, all().map(|row| row.name));
        let help = near.map_or("`--operators` alone lists all".to_owned(), |near| format!("did you mean `{near}`?"));
        return Err(format!("there is no operator `{name}`: {help}"));
    };
    let params = operator.signature.params;
    let width = params.iter().map(|p| p.name.chars().count()).max().unwrap_or(0);
    let row = |p: &Param| {
        let default = p.default.map(|d| format!(" [default: {d}]")).unwrap_or_default();
        format!("  {:width$}  {} ({}){default}\n", p.name, p.doc, p.kind)
    };
    let rows: String = params.iter().map(row).collect();
    let (usage, summary, example) = (operator.usage(), operator.summary, operator.example);
    let note = "in which `x` is an f64[t=6, y=4]";
    Ok(format!("{usage}\n\n{summary}\n\n{rows}\nExample, {note}:\n\n  {PREAMBLE}\n  print {example}\n"))
}

const PREFACE: &str = "# Operators

What a script can call, as `f(x, …)` or `x |> f(…)`. This page is written from the program's own table, as are `ffplan --operators` and the help
in editors. A parameter with a default may be left out; `dims…` are any number of dims, and `DIM: …` are arguments by the name of a
dim. In the examples `x` is an `f64[t=6, y=4]` without labels, such as this one:
";

/// The `x` of the examples.
pub const PREAMBLE: &str = "let x = linspace(-2.5, 2.5, 6, dim: t) + linspace(0.0, 1.5, 4, dim: y)";

fn entry(page: &mut String, operator: &Operator) {
    let _ = write!(page, "\n### {}\n\n    {}\n\n{}\n", operator.name, operator.usage(), operator.summary);
    let params = operator.signature.params;
    if !params.is_empty() {
        page.push_str("\n| parameter | takes | |\n|---|---|---|\n");
    }
    for param in params {
        let row = format!("| `{}` | {} | {} |\n", param.name, param.kind, param.doc.replace('|', "\\|"));
        page.push_str(&row);
    }
    let _ = write!(page, "\n```ff\nprint {}\n```\n", operator.example);
}

/// The anchor that Markdown renderers give a heading.
fn anchor(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric() || *c == '_').collect()
}

fn capitalized(title: &str) -> String {
    let mut chars = title.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

#[cfg(test)]
mod tests {
    use super::super::arguments::{Signature, optional, required};
    use super::*;

    const ROLLING: Operator = Operator {
        name: "rolling",
        signature: Signature {
            params: &[
                required("x", ParamKind::Array, "The array."),
                required("length", ParamKind::PerDim, "Elements of a window."),
                optional("center", ParamKind::Bool, "false", "Whether the label is the middle's."),
                optional("edge", ParamKind::Choice(&["trim", "pad", "exact"]), "trim", "a | b"),
            ],
        },
        summary: "Windows that move along dims.",
        example: "x |> rolling(t: 3) |> mean()",
        expand: |_, _| Ok(crate::operators::Value::None),
    };

    #[test]
    fn usage_shows_defaults_and_variadic_parameters() {
        assert_eq!(ROLLING.usage(), "rolling(x, DIM: length…, center: false, edge: trim)");
    }

    #[test]
    fn an_entry_has_a_table_and_an_example() {
        let mut page = String::new();
        entry(&mut page, &ROLLING);
        let expected = "
### rolling

    rolling(x, DIM: length…, center: false, edge: trim)

Windows that move along dims.

| parameter | takes | |
|---|---|---|
| `x` | an array or a number | The array. |
| `length` | a value for each dim named | Elements of a window. |
| `center` | `true` or `false` | Whether the label is the middle's. |
| `edge` | `trim`, `pad` or `exact` | a \\| b |

```ff
print x |> rolling(t: 3) |> mean()
```
";
        assert_eq!(page, expected);
    }
}
