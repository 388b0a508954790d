//! Text cut into words, numbers, symbols, brackets, strings and comments.
//!
//! Three things need this and nothing else does: the [layout](super::layout), which must see brackets
//! and comments to find where a statement ends; the formatter, which keeps comments; and messages,
//! which name what stands at a place. What the tokens mean is the grammar's business.

/// What kind of text a [`Token`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenKind {
    /// A name or keyword.
    Word,
    /// A number with its unit.
    Number,
    /// The quote that opens a string.
    StrOpen,
    /// Text and escapes within a string.
    StrText,
    /// The quote that closes a string.
    StrClose,
    /// The empty place where a string should have been closed.
    StrMissing,
    /// A pattern in a `persist`.
    Regex,
    /// An operator or other punctuation of the language.
    Symbol,
    /// `(`, `[`, `{`, also the brace of an interpolation.
    Open,
    /// `)`, `]`, `}`
    Close,
    /// `# …`
    Comment,
    /// `## …`
    Doc,
    /// The end of a line.
    Newline,
    /// A character, or a few, of which the language knows nothing.
    Unknown,
}

/// A piece of text; offsets are bytes of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token {
    /// What it is.
    pub kind: TokenKind,
    /// Its first byte.
    pub start: u32,
    /// One past its last byte.
    pub end: u32,
}

impl Token {
    /// Its text.
    pub fn text<'a>(&self, source: &'a str) -> &'a str {
        &source[self.start as usize..self.end as usize]
    }

    /// Whether it is neither comment nor newline.
    pub fn is_significant(&self) -> bool {
        !matches!(self.kind, TokenKind::Comment | TokenKind::Doc | TokenKind::Newline)
    }
}

/// Symbols of the language, longer ones first.
const SYMBOLS: [&str; 28] = [
    "..<", "..", "|>", "**", "//", "<<", ">>", "==", "!=", "<=", ">=", "+", "-", "*", "/", "%", "|", "^", "&", "~",
    "<", ">", "=", ":", ",", ";", ".", "@",
];

/// Symbols of other languages, which have a message of their own.
const FOREIGN: [&str; 5] = ["&&", "||", "=>", "->", ":="];

/// All tokens of `text`, blanks left out.
pub(super) fn tokens(text: &str) -> Vec<Token> {
    let at = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let tokens = Vec::with_capacity(text.len() / 4);
    let mut lexer = Lexer { text, at, tokens, strings: vec![], regex: Regex::No };
    while lexer.at < text.len() {
        match lexer.strings.last() {
            Some(Within::Text) => lexer.string_text(),
            Some(Within::Code { .. }) | None => lexer.code(),
        }
    }
    lexer.abandon_strings();
    lexer.tokens
}

/// Where in a string the lexer is.
enum Within {
    /// Between the quotes.
    Text,
    /// In an interpolation, with so many braces open.
    Code { braces: usize },
}

/// Whether a slash would begin a pattern.
#[derive(PartialEq)]
enum Regex {
    /// No `persist` is open.
    No,
    /// After `persist` or a comma of its list.
    Next,
    /// In its list, after an item.
    AfterComma,
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
    tokens: Vec<Token>,
    strings: Vec<Within>,
    regex: Regex,
}

impl<'a> Lexer<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn push(&mut self, kind: TokenKind, len: usize) {
        self.tokens.push(Token { kind, start: self.at as u32, end: (self.at + len) as u32 });
        self.at += len;
    }

    /// Closes all open strings here, where the line ends.
    fn abandon_strings(&mut self) {
        for within in std::mem::take(&mut self.strings) {
            if let Within::Text = within {
                self.push(TokenKind::StrMissing, 0);
            }
        }
    }

    fn code(&mut self) {
        let byte = self.text.as_bytes()[self.at];
        match byte {
            b' ' | b'\t' | b'\r' => self.at += 1,
            b'\n' => {
                self.abandon_strings();
                self.push(TokenKind::Newline, 1);
            }
            b'#' if self.strings.is_empty() => self.comment(),
            b'"' => {
                self.regex = Regex::No;
                self.push(TokenKind::StrOpen, 1);
                self.strings.push(Within::Text);
            }
            b'(' | b'[' | b'{' => self.open(byte),
            b')' | b']' | b'}' => self.close(byte),
            b'0'..=b'9' => self.number(),
            b'/' if self.regex == Regex::Next => self.pattern(),
            _ => self.word_or_symbol(),
        }
    }

    fn comment(&mut self) {
        let len = self.rest().find('\n').unwrap_or(self.rest().len());
        let line = &self.rest()[..len];
        let kind = if line.starts_with("##") && !line.starts_with("###") { TokenKind::Doc } else { TokenKind::Comment };
        let trimmed = line.trim_end().len();
        self.push(kind, trimmed);
        self.at += len - trimmed;
    }

    fn open(&mut self, byte: u8) {
        self.regex = Regex::No;
        if let (b'{', Some(Within::Code { braces })) = (byte, self.strings.last_mut()) {
            *braces += 1;
        }
        self.push(TokenKind::Open, 1);
    }

    fn close(&mut self, byte: u8) {
        if let (b'}', Some(Within::Code { braces })) = (byte, self.strings.last_mut()) {
            *braces -= 1;
            if *braces == 0 {
                self.strings.pop();
            }
        }
        self.push(TokenKind::Close, 1);
    }

    /// Text up to the string's end, an interpolation or the end of the line.
    fn string_text(&mut self) {
        let bytes = self.rest().as_bytes();
        let mut len = 0;
        loop {
            match (bytes.get(len), bytes.get(len + 1)) {
                (None | Some(b'\n' | b'"'), _) => break,
                (Some(b'\\'), Some(b'u')) if bytes.get(len + 2) == Some(&b'{') => len += 3,
                (Some(b'\\'), Some(b'\n') | None) => len += 1,
                (Some(b'\\'), Some(_)) => len += 2,
                (Some(b'{'), Some(b'{')) => len += 2,
                (Some(b'{'), _) => break,
                (Some(_), _) => len += 1,
            }
        }
        let end = bytes.get(len).copied();
        if len > 0 {
            self.push(TokenKind::StrText, len);
        }
        match end {
            Some(b'"') => {
                self.push(TokenKind::StrClose, 1);
                self.strings.pop();
            }
            Some(b'{') => {
                self.push(TokenKind::Open, 1);
                self.strings.push(Within::Code { braces: 1 });
            }
            _ => self.abandon_strings(),
        }
    }

    /// A number with what is written against it: `1.5e-3`, `0xff`, `15min`.
    fn number(&mut self) {
        self.regex = Regex::No;
        let bytes = self.rest().as_bytes();
        let digits = |from: usize| bytes[from..].iter().take_while(|b| b.is_ascii_digit() || **b == b'_').count();
        let digit_at = |i: usize| bytes.get(i).is_some_and(u8::is_ascii_digit);
        let mut len = digits(0);
        if !self.rest().starts_with("0x") {
            if bytes.get(len) == Some(&b'.') && digit_at(len + 1) {
                len += 1 + digits(len + 1);
            }
            if matches!(bytes.get(len), Some(b'e' | b'E')) {
                let sign = usize::from(matches!(bytes.get(len + 1), Some(b'+' | b'-')));
                if digit_at(len + 1 + sign) {
                    len += 1 + sign + digits(len + 1 + sign);
                }
            }
        }
        len += word_length(&self.rest()[len..]);
        self.push(TokenKind::Number, len);
    }

    fn pattern(&mut self) {
        let bytes = self.rest().as_bytes();
        let mut len = 1;
        while len < bytes.len() && !matches!(bytes[len], b'/' | b'\n') {
            len += if bytes[len] == b'\\' && !matches!(bytes.get(len + 1), None | Some(b'\n')) { 2 } else { 1 };
        }
        self.regex = Regex::AfterComma;
        if bytes.get(len) == Some(&b'/') {
            self.push(TokenKind::Regex, len + 1);
        } else {
            self.push(TokenKind::Symbol, 1);
        }
    }

    fn word_or_symbol(&mut self) {
        let word = word_length(self.rest());
        if word > 0 {
            self.regex = match (&self.rest()[..word], &self.regex) {
                ("persist", _) if self.tokens.last().is_none_or(|t| t.kind == TokenKind::Newline) => Regex::Next,
                ("to", _) | (_, Regex::No) => Regex::No,
                (_, Regex::Next | Regex::AfterComma) => Regex::AfterComma,
            };
            return self.push(TokenKind::Word, word);
        }
        let symbol = SYMBOLS.iter().find(|s| self.rest().starts_with(**s)).map_or(0, |s| s.len());
        let foreign = FOREIGN.iter().find(|s| self.rest().starts_with(**s)).map_or(0, |s| s.len());
        self.regex = match (self.rest().as_bytes()[0], &self.regex) {
            (b',', Regex::AfterComma) => Regex::Next,
            _ => Regex::No,
        };
        if foreign > 0 {
            self.push(TokenKind::Unknown, foreign);
        } else if symbol > 0 {
            self.push(TokenKind::Symbol, symbol);
        } else {
            let char = self.rest().chars().next().map_or(1, char::len_utf8);
            self.push(TokenKind::Unknown, char);
        }
    }
}

/// The length of the word at the start of `text`, digits counted.
fn word_length(text: &str) -> usize {
    text.char_indices().find(|(_, c)| !is_word_char(*c)).map_or(text.len(), |(i, _)| i)
}

/// Whether a character may stand in a name.
pub(super) fn is_word_char(c: char) -> bool {
    c == '_' || c.is_ascii_digit() || c.is_alphabetic()
}
