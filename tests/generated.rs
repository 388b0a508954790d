//! Files written from the tables of the language: editors' grammars, the reference of operators. With `FF_REGENERATE=1` in the environment the
//! tests write them; without, they fail where a file is stale.

use functionfuse::array::DType;
use functionfuse::operators::{REGISTRY, reference};
use functionfuse::parser::keywords::{DURATION_UNITS, KEYWORDS, KeywordKind, SIZE_UNITS};

/// Template, generated file, and what joins the words of a list in it.
const EDITOR_FILES: &[(&str, &str, Syntax)] = &[
    ("functionfuse.tmLanguage.json", "vscode/syntaxes/functionfuse.tmLanguage.json", Syntax::Json),
    ("functionfuse.vim", "vim/syntax/functionfuse.vim", Syntax::Vim),
];

/// How a list of words is written.
#[derive(Clone, Copy)]
enum Syntax {
    /// Alternatives of a regular expression in a JSON string.
    Json,
    /// Alternatives of a Vim pattern; keywords, which have their own command, by blanks.
    Vim,
}

#[test]
fn editor_files_are_fresh() {
    for (template, target, syntax) in EDITOR_FILES {
        let template = read(&format!("editors/templates/{template}"));
        check_or_write(&format!("editors/{target}"), &fill(template, *syntax));
    }
}

#[test]
fn operator_page_is_fresh() {
    check_or_write("docs/operators.md", &reference::page());
}

#[test]
fn grammar_has_the_keywords() {
    let grammar = read("grammar/functionfuse.pest");
    let Some((_, rule)) = grammar.split_once("\nkeyword = ") else { return };
    let rule = rule.split_once("}\n").unwrap().0;
    let in_grammar: Vec<_> = rule.split('"').skip(1).step_by(2).collect();
    let in_table: Vec<_> = KEYWORDS.iter().map(|(word, _)| *word).collect();
    assert_eq!(in_grammar, in_table, "the rule `keyword` and the table KEYWORDS differ");
}

/// Puts the lists in the place of their `@@names@@`.
fn fill(template: String, syntax: Syntax) -> String {
    let keywords = |kind| KEYWORDS.iter().filter(move |(_, k)| *k == kind).map(|(word, _)| *word).collect();
    let lists: Vec<(&str, Vec<&str>)> = vec![
        ("operators", operator_names()),
        ("keywords", KEYWORDS.iter().map(|(word, _)| *word).collect()),
        ("keywords.declaration", keywords(KeywordKind::Declaration)),
        ("keywords.action", keywords(KeywordKind::Action)),
        ("keywords.operator", keywords(KeywordKind::Operator)),
        ("keywords.conditional", keywords(KeywordKind::Conditional)),
        ("keywords.constant", keywords(KeywordKind::Constant)),
        ("dtypes", DType::ALL.iter().map(|dtype| dtype.name()).collect()),
        ("units.size", SIZE_UNITS.iter().map(|(unit, _)| *unit).collect()),
        ("units.duration", DURATION_UNITS.iter().map(|(unit, _)| *unit).collect()),
    ];
    let filled = lists.into_iter().fold(template, |text, (name, mut words)| {
        words.sort_by_key(|word| (std::cmp::Reverse(word.len()), *word));
        text.replace(&format!("@@{name}@@"), &written(&words, name, syntax))
    });
    assert!(!filled.contains("@@"), "a template names a list that is not there");
    filled
}

fn written(words: &[&str], list: &str, syntax: Syntax) -> String {
    match syntax {
        Syntax::Json => words.join("|").replace('.', r"\\."),
        Syntax::Vim if list.starts_with("keywords") || list == "dtypes" => words.join(" "),
        Syntax::Vim => words.join(r"\|").replace('.', r"\."),
    }
}

fn read(path: &str) -> String {
    let path = format!("{}/{path}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_default()
}

/// Compares a generated file with what it should be, or writes it where that is asked for.
fn check_or_write(path: &str, expected: &str) {
    if std::env::var_os("FF_REGENERATE").is_some() {
        std::fs::write(format!("{}/{path}", env!("CARGO_MANIFEST_DIR")), expected).unwrap();
    }
    assert!(read(path) == expected, "{path} is stale: run the tests `generated` with FF_REGENERATE=1");
}

/// What scripts may call by name; `where` is a keyword, which the templates treat on their own.
fn operator_names() -> Vec<&'static str> {
    let names = REGISTRY.iter().flat_map(|(_, rows)| rows.iter()).map(|row| row.name);
    names.filter(|name| KEYWORDS.iter().all(|(word, _)| word != name)).collect()
}
