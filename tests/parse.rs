//! Scripts in, trees and messages out.

use std::fs;
use std::path::{Path, PathBuf};

use functionfuse::diagnostic::Diagnostics;
use functionfuse::parser::ast::Program;
use functionfuse::parser::format::format;
use functionfuse::parser::{parse, print};
use functionfuse::source::{SourceFile, SourceMap};

fn file(text: &str) -> SourceFile {
    SourceMap::single("script.ff", text).files()[0].clone()
}

fn program(text: &str) -> Program {
    let (program, problems) = parse(&file(text));
    assert!(problems.is_empty(), "{}", rendered(text, problems));
    program
}

fn tree(text: &str) -> String {
    print::program(&program(text))
}

/// The problems as the user sees them.
#[cfg(feature = "cli")]
fn rendered(text: &str, problems: Diagnostics) -> String {
    let report = problems.report(std::sync::Arc::new(SourceMap::single("script.ff", text)));
    let theme = miette::GraphicalTheme::unicode_nocolor();
    let handler = miette::GraphicalReportHandler::new_themed(theme).with_width(100).with_links(false);
    let mut out = String::new();
    handler.render_report(&mut out, &report).unwrap();
    out
}

#[cfg(not(feature = "cli"))]
fn rendered(_: &str, problems: Diagnostics) -> String {
    problems.iter().map(|p| format!("{p}\n")).collect()
}

fn codes(text: &str) -> Vec<String> {
    let (_, problems) = parse(&file(text));
    problems.iter().map(|p| p.code().unwrap().to_string()).collect()
}

#[test]
fn trees() {
    insta::glob!("cases/parse/*.ff", |path| {
        insta::assert_snapshot!(tree(&fs::read_to_string(path).unwrap()));
    });
}

/// Each case names the codes it gives, in order, in comments.
#[cfg(feature = "cli")]
#[test]
fn errors() {
    let wrong = std::cell::RefCell::new(Vec::new());
    insta::glob!("cases/errors/parse_*.ff", |path| {
        let text = fs::read_to_string(path).unwrap();
        let named: Vec<_> =
            text.split_whitespace().filter(|w| w.starts_with("ff::parse::")).map(str::to_string).collect();
        let (_, problems) = parse(&file(&text));
        insta::assert_snapshot!(rendered(&text, problems));
        if codes(&text) != named {
            wrong.borrow_mut().push(format!("{}: {:?}, not {named:?}", path.display(), codes(&text)));
        }
    });
    let wrong = wrong.into_inner();
    assert!(wrong.is_empty(), "codes differ from the comments:\n{}", wrong.join("\n"));
}

fn formatted(text: &str) -> String {
    format(&file(text)).unwrap_or_else(|problems| panic!("{}", rendered(text, problems)))
}

/// Checks that laying out keeps the tree and is stable; gives the layout.
fn checked_layout(text: &str) -> String {
    let once = formatted(text);
    assert_eq!(tree(&once), tree(text), "the layout changes the tree:\n{once}");
    assert_eq!(formatted(&once), once, "the layout is not stable");
    assert_eq!(once.matches('#').count(), text.matches('#').count(), "a comment is lost:\n{once}");
    once
}

#[test]
fn layouts() {
    insta::glob!("cases/{parse,format}/*.ff", |path| {
        insta::assert_snapshot!(checked_layout(&fs::read_to_string(path).unwrap()));
    });
}

/// The scripts in the pages of the project and its examples.
#[test]
fn scripts_in_pages_keep_their_tree() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for path in files_of(&[root.join("README.md"), root.join("docs"), root.join("examples")]) {
        let text = fs::read_to_string(&path).unwrap_or_default();
        match path.extension().and_then(|e| e.to_str()) {
            Some("ff") => drop(checked_layout(&text)),
            Some("md") => text.split("```ff\n").skip(1).for_each(|block| {
                let script = block.split("```").next().unwrap_or_default();
                if codes(script).is_empty() {
                    checked_layout(script);
                }
            }),
            _ => {}
        }
    }
}

fn files_of(places: &[PathBuf]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for place in places {
        match fs::read_dir(place) {
            Ok(entries) => found.extend(files_of(&entries.flatten().map(|e| e.path()).collect::<Vec<_>>())),
            Err(_) => found.push(place.clone()),
        }
    }
    found
}

#[test]
fn a_file_of_something_else_is_soon_refused() {
    let found = codes(&fs::read_to_string("tests/cases/errors/many_statements.ff").unwrap());
    assert_eq!(found.len(), 101);
    assert_eq!(found[100], "ff::parse::too_many");
}

#[test]
fn statements_around_mistakes_are_kept() {
    let text = "let a = f(1, [2\nlet b = 2\nsink b zarr(\"o\")\nlet c = \"x\nlet d = 3 +\nlet e = 4\n}\nprint e\n";
    let (program, problems) = parse(&file(text));
    assert_eq!(print::program(&program), "(let b 2)\n(let e 4)\n(print e)\n");
    assert_eq!(problems.iter().count(), 5);
}

#[test]
fn lines_go_on_where_they_are_incomplete() {
    for (text, expected) in [
        ("let x = a\n  + b", "(let x (+ a b))"),
        ("let x = a +\n\n# why\n  b", "(let x (+ a b))"),
        ("let x = a\n# why\n\n# more\n|> f", "(let x (|> a f))"),
        ("let x = a # why\n- b", "(let x (- a b))"),
        ("let x =\n  a", "(let x a)"),
        ("let x = a\r\n  where b\r\n", "(let x (where a b))"),
        ("let x = 0..\nlet y = 1", "(let x (.. 0 _))\n(let y 1)"),
        ("print a,\n  b", "(print a b)"),
        ("sink a\n  to csv(\"o\")", "(sink a (csv \"o\"))"),
        ("let x = (\na\n)\n", "(let x a)"),
        ("let x = {\n  source: 1,\n  let: 2 }", "(let x {source: 1, let: 2})"),
        ("let x = f(\n  print: 1\n)", "(let x (call f print: 1))"),
        ("let x = a.\n  source", ""),
        ("\u{feff}let x = a", "(let x a)"),
        ("", ""),
        ("\n# only\n", ""),
    ] {
        let (program, _) = parse(&file(text));
        assert_eq!(print::program(&program).trim_end(), expected, "{text}");
    }
}

/// A small generator of pseudo-random numbers, the same in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        ((self.0 >> 33) % n as u64) as usize
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }
}

/// Pieces of scripts, to be strung together at random.
const PIECES: [&str; 74] = [
    "let x = ",
    "print ",
    "sink ",
    " to zarr(\"o\")",
    "persist ",
    "fn f(",
    "param p: int",
    "plan {",
    "source s = open(",
    "import ",
    "assert ",
    "\n",
    "\n",
    "\n\n",
    " ",
    "# why\n",
    "## what\n",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ",",
    ",\n",
    ":",
    ";",
    ".",
    "..",
    "..<",
    "@",
    "=",
    "==",
    "<",
    "|>",
    "\n  |> ",
    "+",
    "-",
    "-",
    "*",
    "**",
    "/",
    "//",
    "~",
    "|",
    "&",
    "<<",
    " as f32",
    " in ",
    " and ",
    " or ",
    " not ",
    " where ",
    " if ",
    " then ",
    " else ",
    " for ",
    " step ",
    " none ",
    "x",
    "y",
    "mean",
    "f(x)",
    "1",
    "2.5",
    "15min",
    "2GiB",
    "0xff",
    "\"s\"",
    "\"",
    "\"{x}\"",
    "\\",
    "é",
    "/r.*/",
];

#[test]
fn random_text_neither_panics_nor_changes_twice() {
    let mut random = Random(7);
    for _ in 0..20_000 {
        let length = 1 + random.below(24);
        let text: String = (0..length).map(|_| random.pick(&PIECES)).collect();
        if codes(&text).is_empty() {
            checked_layout(&text);
        }
    }
}

/// Pieces that mostly make expressions, so that most of the scripts can be read.
fn random_expression(random: &mut Random, depth: usize) -> String {
    let gap = random.pick(&["", "", "", " ", "\n", " # c\n", "\n# c\n", "\n\n  # c\n\n"]);
    let mut sub = || random_expression(random, depth.saturating_sub(1));
    if depth == 0 {
        return random
            .pick(&["x", "1", "2.5", "\"a{b}c\"", "1mo", "none", "era.air", "a_rather_long_name_of_a_value"])
            .into();
    }
    let (a, b, c) = (sub(), sub(), sub());
    match random.below(16) {
        0 => format!(
            "({gap}{a}{gap}{b_op}{b})",
            b_op = random.pick(&["+ ", "* ", "where ", "and ", "< ", "| ", "** ", ".."])
        ),
        1 => format!("({a} {gap}|> f({gap}{b}{gap},{gap}n: {c}{gap}))"),
        2 => format!("f({gap}{a},{gap}{b}{gap},{gap})"),
        3 => format!("[{gap}{a}{gap},{b},{gap}{c}]"),
        4 => format!("{{{gap}a{gap}:{a}{gap},{gap} b: {b}}}"),
        5 => format!("({gap}if {a} {gap}then {b}{gap} else {c}{gap})"),
        6 => format!("[{gap}{a}{gap} for k in{gap} {b}]"),
        7 => format!("x[{gap}time: {a},{gap}lat: {b}]"),
        8 => format!("-{gap}({a})"),
        9 => format!("(not {gap}{a})"),
        10 => format!("({a})@units"),
        11 => format!("(({a}) {gap}as f32)"),
        12 => format!("({gap}0..<({a}){gap} step 2)"),
        13 => format!("({a} {gap}|> g {gap}|> h(\n{b}))"),
        14 => format!("(\n{a}{gap})"),
        _ => a,
    }
}

#[test]
fn random_scripts_keep_their_tree() {
    let mut random = Random(11);
    let mut read = 0;
    for _ in 0..1_500 {
        let depth = 1 + random.below(4);
        let (a, b) = (random_expression(&mut random, depth), random_expression(&mut random, 2));
        let text = match random.below(6) {
            0 => format!("print {a},\n {b} # end\n"),
            1 => format!("sink {a}\n  |> f({b}) to zarr(\"o\") {{ a: {b} }}\n"),
            2 => format!("fn f(x) = {{ let m = {a}; {b} }}\n\n# end\n"),
            3 => format!("assert {a} == {b}, \"text\"\n"),
            4 => format!("## doc\nlet x = {a}\n  |> f() # c\n  # d\n  |> g({b})\n"),
            _ => format!("let x = # why\n {a} +\n {b}\n"),
        };
        if codes(&text).is_empty() {
            read += 1;
            checked_layout(&text);
        }
    }
    assert!(read > 1_300, "only {read} scripts could be read");
}

#[test]
fn depth_is_an_error_and_not_an_overflow() {
    let deep = 100_000;
    for (open, close) in
        [("(", ")"), ("[", "]"), ("f(", ")"), ("{a:", "}"), ("x[", "]"), ("\"{", "}\""), ("-", ""), ("not ", "")]
    {
        for middle in ["1", ""] {
            let text = format!("let x = {}{middle}{}\nlet y = 1 +", open.repeat(deep), close.repeat(deep));
            let found = codes(&text);
            assert!(found.iter().any(|c| c == "ff::parse::nesting") || middle.is_empty(), "{open}: {found:?}");
            assert_eq!(found.last().unwrap(), "ff::parse::unexpected", "{open}");
        }
    }
    for chain in ["+ 1", "|> f()", ".a", "[0]", "** 2", "as f32", "@u", "(1)", "where x", "and y"] {
        assert_eq!(
            codes(&format!("let x = y{}", format!(" {chain}").repeat(deep / 5))),
            ["ff::parse::nesting"],
            "{chain}"
        );
    }
    let choices = format!("let x = {}1{}", "if a then ".repeat(deep), " else 2".repeat(deep));
    assert_eq!(codes(&choices), ["ff::parse::nesting"]);
    assert_eq!(codes(&format!("let x = {}1", "if a then 1 else ".repeat(deep))), ["ff::parse::nesting"]);
    assert_eq!(codes(&format!("let x = \"{}1\"", "{\"".repeat(deep))), ["ff::parse::nesting"]);
    assert_eq!(codes(&format!("param x: {}int{}", "[".repeat(deep), "]".repeat(deep))), ["ff::parse::nesting"]);
}

#[test]
fn the_greatest_depth_is_read_and_laid_out() {
    for (open, close) in [("(", ")"), ("[", "]"), ("f(", ")"), ("{a:", "}"), ("if a then ", " else b")] {
        checked_layout(&format!("let x = {}1{}\n", open.repeat(120), close.repeat(120)));
    }
    checked_layout(&format!("let x = y{}\n", " + 1".repeat(250)));
    checked_layout(&format!("let x = y{}\n", " |> f()".repeat(250)));
}

#[test]
fn time_grows_with_the_text() {
    let scripts: [(&str, String); 7] = [
        ("statements", "let x = f(a, b: 1) + [1, 2, 3] # why\n".repeat(10_000)),
        ("one list", format!("let x = [{}]", "1.5, ".repeat(50_000))),
        ("one record", format!("let x = {{{}}}", (0..20_000).map(|i| format!("k{i}: 1,")).collect::<String>())),
        ("comments", format!("let x = a +\n{}b", "# c\n".repeat(150_000))),
        ("blank lines", format!("let x = a\n{}|> f", "\n".repeat(700_000))),
        ("errors", "let = (1\n".repeat(20_000)),
        ("stray brackets", format!("let x = {}", ")".repeat(700_000))),
    ];
    for (name, text) in scripts {
        let start = std::time::Instant::now();
        let fine = codes(&text).is_empty();
        if fine {
            formatted(&text);
        }
        // Far more than it takes, far less than quadratic time would.
        assert!(start.elapsed().as_secs() < 60, "{name}: {:?} for {} bytes", start.elapsed(), text.len());
    }
}

#[test]
fn spans_carry_the_base_of_their_file() {
    let mut sources = SourceMap::single("a.ff", "let a = 1\n");
    let second = sources.add("b.ff", "# é\nlet b = f(\"ü\", (x + 1))\nlet c = = 2\n").clone();
    let (program, problems) = parse(&second);
    let statement = &program.statements[0];
    assert_eq!(sources.text(statement.span), "let b = f(\"ü\", (x + 1))");
    let functionfuse::parser::ast::StatementKind::Let(binding) = &statement.kind else { panic!("{statement:?}") };
    let mut seen = vec![sources.text(binding.name.span), sources.text(binding.value.span)];
    binding.value.for_each_child(&mut |e| seen.push(sources.text(e.span)));
    assert_eq!(seen, ["b", "f(\"ü\", (x + 1))", "f", "\"ü\"", "(x + 1)"]);
    let labels: Vec<_> = problems.iter().flat_map(|p| p.labels().unwrap()).map(|l| l.offset()).collect();
    assert_eq!(labels, [second.base as usize + second.text.find("= 2").unwrap()]);
}

#[cfg(feature = "cli")]
#[test]
fn fffmt_rewrites_checks_and_refuses() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.ff");
    let fffmt = |arguments: &[&str]| {
        let program = env!("CARGO_BIN_EXE_fffmt");
        std::process::Command::new(program).args(arguments).arg(&path).output().unwrap()
    };
    let code = |output: std::process::Output| output.status.code().unwrap();
    assert_eq!(code(fffmt(&[])), 2, "no such file");
    fs::write(&path, "let x=1 # why").unwrap();
    assert_eq!(code(fffmt(&["--check"])), 1);
    assert_eq!(fs::read_to_string(&path).unwrap(), "let x=1 # why");
    assert_eq!(code(fffmt(&[])), 0);
    assert_eq!(fs::read_to_string(&path).unwrap(), "let x = 1  # why\n");
    assert_eq!(code(fffmt(&["--check"])), 0);
    fs::write(&path, "let x = (1").unwrap();
    let refused = fffmt(&[]);
    assert!(String::from_utf8_lossy(&refused.stderr).contains("ff::parse::unclosed_bracket"));
    assert_eq!(code(refused), 1);
    assert_eq!(fs::read_to_string(&path).unwrap(), "let x = (1");
    assert_eq!(code(fffmt(&["--no-such-option"])), 2);
}
